import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request as a stand-in sees it: the path still percent-encoded, header names in lower case, the body whole. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface AwsReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export type AwsService = (request: AwsRequest) => Promise<AwsReply>;

/** A refusal in AWS's own words; `members` go into the error's body beside type and message. */
export class AwsFault extends Error {
  override readonly name = 'AwsFault';
  readonly type: string;
  readonly status: number;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.status = status;
    this.members = members;
  }
}

/** Larger than anything that this service puts in one request; protects the process from a runaway client. */
const MAX_BODY_BYTES = 512 * 1024 * 1024;

export async function readAwsRequest(message: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new AwsFault('EntityTooLarge', 'The request body is too large.', 413);
    chunks.push(chunk);
  }
  const [path = '/', ...rest] = (message.url ?? '/').split('?');
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  return {
    method: message.method ?? 'GET',
    path,
    query: new URLSearchParams(rest.join('?')),
    headers,
    body: Buffer.concat(chunks),
  };
}

export function sendAwsReply(response: ServerResponse, reply: AwsReply): void {
  const body = reply.body ?? '';
  response.writeHead(reply.status, {
    'x-amzn-requestid': randomUUID(),
    'content-length': String(Buffer.byteLength(body)),
    ...reply.headers,
  });
  response.end(body);
}

/** A JSON answer, as the REST-JSON and JSON-RPC protocols have it. */
export function jsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): AwsReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** A fault in the JSON protocols: REST-JSON reads the type from the header, JSON-RPC from `__type`. */
export function jsonFault(error: unknown): AwsReply {
  const fault = error instanceof AwsFault ? error : new AwsFault('InternalServiceError', String(error), 500);
  return jsonReply(
    fault.status,
    { __type: fault.type, message: fault.message, Message: fault.message, ...fault.members },
    { 'x-amzn-errortype': fault.type },
  );
}

export type JsonOperation = (input: Record<string, unknown>) => unknown;

/** A service of the `x-amz-json` protocols: one URL, the operation in `X-Amz-Target`. */
export function jsonService(operations: Readonly<Record<string, JsonOperation>>): AwsService {
  return async (request) => {
    const name = request.headers['x-amz-target']?.split('.')[1] ?? '';
    try {
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (operation === undefined) throw new AwsFault('UnknownOperationException', `${name} is not served here.`, 501);
      const input = JSON.parse(request.body.toString('utf8') || '{}') as Record<string, unknown>;
      return jsonReply(200, (await operation(input)) ?? {}, { 'content-type': 'application/x-amz-json-1.1' });
    } catch (error) {
      return jsonFault(error);
    }
  };
}
