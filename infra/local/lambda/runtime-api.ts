import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../aws/listen.ts';

/** One event on its way into an environment. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  /** Epoch milliseconds; the handler's remaining time is counted from it. */
  readonly deadlineMs: number;
}

/** What came back. `error` is the body that the runtime, or the host in its place, describes a failure with. */
export type Outcome = { readonly payload: string } | { readonly error: FunctionErrorBody };

export interface FunctionErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface RuntimeApiEvents {
  /** The runtime is initialised and asks for work: answer by calling `hand` once. */
  readonly onNext: (hand: (invocation: Invocation) => void) => void;
  readonly onOutcome: (requestId: string, outcome: Outcome) => void;
  readonly onInitError: (error: FunctionErrorBody) => void;
}

export interface RuntimeApi {
  /** `host:port`, for `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  close(): Promise<void>;
}

const PREFIX = '/2018-06-01/runtime/';

/**
 * The HTTP API that a Lambda runtime polls, for one environment: an address names an environment, as on AWS.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startRuntimeApi(events: RuntimeApiEvents): Promise<RuntimeApi> {
  const server = createServer((message, response) => {
    answer(message, response, events).catch(() => response.destroy());
  });
  // `invocation/next` is a long poll: an idle environment waits for as long as it lives.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  const listening = await listen(server, 0);
  return { address: `127.0.0.1:${listening.port}`, close: () => listening.close() };
}

async function answer(message: IncomingMessage, response: ServerResponse, events: RuntimeApiEvents): Promise<void> {
  const path = (message.url ?? '').replace(PREFIX, '');
  if (path === 'invocation/next') {
    events.onNext((invocation) => hand(response, invocation));
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const [, requestId, kind] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  const known = path === 'init/error' || requestId !== undefined;
  response.writeHead(known ? 202 : 404, { 'content-type': 'application/json' }).end('{}');
  if (path === 'init/error') events.onInitError(JSON.parse(body) as FunctionErrorBody);
  if (requestId === undefined) return;
  const outcome = kind === 'error' ? { error: JSON.parse(body) as FunctionErrorBody } : { payload: body };
  events.onOutcome(decodeURIComponent(requestId), outcome);
}

function hand(response: ServerResponse, invocation: Invocation): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'lambda-runtime-aws-request-id': invocation.requestId,
    'lambda-runtime-deadline-ms': String(invocation.deadlineMs),
    'lambda-runtime-invoked-function-arn': invocation.functionArn,
    'lambda-runtime-trace-id': `Root=1-${invocation.requestId.slice(0, 8)}-${'0'.repeat(24)};Sampled=0`,
  });
  response.end(invocation.payload);
}
