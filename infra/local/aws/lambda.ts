import { AwsFault, type AwsReply, type AwsRequest, type AwsService, jsonFault, jsonReply } from './wire.ts';

export type InvocationType = 'RequestResponse' | 'Event';

/** What a function answered, or how it failed: `functionError` is `Unhandled` and the payload describes the error. */
export interface InvokeResult {
  readonly payload: string;
  readonly functionError?: 'Unhandled';
  readonly executedVersion: string;
  readonly durableExecutionArn?: string;
}

/** What stands behind the Lambda API: the host of the functions. */
export interface LambdaBackend {
  invoke(
    name: string,
    payload: string,
    options?: { readonly type?: InvocationType; readonly durableExecutionName?: string | undefined },
  ): Promise<InvokeResult>;
  checkpoint(arn: string, input: Record<string, unknown>): unknown;
  state(arn: string, page: { marker?: string | undefined; maxItems?: number | undefined }): unknown;
  execution(arn: string): unknown;
}

/** The service's limits on a payload: six megabytes for an answer that is waited for, one for an event. */
const MAX_SYNC_BYTES = 6_291_556;
const MAX_EVENT_BYTES = 1_048_576;

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const EXECUTION = /^\/2025-12-01\/durable-executions\/([^/]+)(?:\/(checkpoint|state))?$/;

/** The part of the Lambda API that this service uses: invoking, and the endpoints of a durable execution. */
export function createLambdaService(backend: () => LambdaBackend | undefined): AwsService {
  return async (request) => {
    try {
      const host = backend();
      if (host === undefined) throw new AwsFault('ServiceException', 'No function is running yet.', 503);
      return await answer(request, host);
    } catch (error) {
      return jsonFault(error);
    }
  };
}

async function answer(request: AwsRequest, host: LambdaBackend): Promise<AwsReply> {
  const invoked = INVOKE.exec(request.path)?.[1];
  if (invoked !== undefined && request.method === 'POST') return invoke(request, host, decodeURIComponent(invoked));
  const [, encodedArn, part] = EXECUTION.exec(request.path) ?? [];
  if (encodedArn === undefined) {
    throw new AwsFault('NotImplemented', `${request.method} ${request.path} is not served here.`, 501);
  }
  const arn = decodeURIComponent(encodedArn);
  if (part === 'checkpoint') {
    return jsonReply(200, host.checkpoint(arn, JSON.parse(request.body.toString('utf8')) as Record<string, unknown>));
  }
  if (part === undefined) return jsonReply(200, host.execution(arn));
  const maxItems = request.query.get('MaxItems');
  const page = { marker: request.query.get('Marker') || undefined, maxItems: maxItems ? Number(maxItems) : undefined };
  return jsonReply(200, host.state(arn, page));
}

async function invoke(request: AwsRequest, host: LambdaBackend, identifier: string): Promise<AwsReply> {
  const type = (request.headers['x-amz-invocation-type'] ?? 'RequestResponse') as InvocationType;
  const limit = type === 'Event' ? MAX_EVENT_BYTES : MAX_SYNC_BYTES;
  if (request.body.length > limit) {
    const message = `${request.body.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`;
    throw new AwsFault('RequestTooLargeException', message, 413);
  }
  const payload = request.body.length === 0 ? '{}' : request.body.toString('utf8');
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new AwsFault('InvalidRequestContentException', `Could not parse request body into json: ${String(error)}`);
  }
  const durableExecutionName = request.headers['x-amz-durable-execution-name'];
  const result = await host.invoke(functionNameOf(identifier), payload, { type, durableExecutionName });
  return {
    status: type === 'Event' ? 202 : 200,
    headers: {
      'content-type': 'application/json',
      'x-amz-executed-version': result.executedVersion,
      ...(result.functionError ? { 'x-amz-function-error': result.functionError } : {}),
      ...(result.durableExecutionArn ? { 'x-amz-durable-execution-arn': result.durableExecutionArn } : {}),
    },
    body: type === 'Event' ? '' : result.payload,
  };
}

/** A function's name from its name, its ARN, either with or without a version or alias. */
export function functionNameOf(identifier: string): string {
  const arn = /^(?:arn:[^:]+:lambda:[^:]+:)?\d{12}:function:([^:]+)/.exec(identifier);
  return arn?.[1] ?? identifier.split(':')[0] ?? identifier;
}
