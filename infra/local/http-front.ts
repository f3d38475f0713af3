import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { LambdaBackend } from './aws/lambda.ts';
import { listen } from './aws/listen.ts';
import { httpEvent } from './http-event.ts';
import { type HttpAnswer, toHttpAnswer } from './http-answer.ts';
import { matchRoute, type Route } from './http-routes.ts';

export interface HttpFrontOptions {
  /** Each function with its routes, as `infra/functions.ts` has them. */
  readonly functions: readonly { readonly name: string; readonly routes?: readonly string[] }[];
  readonly host: Pick<LambdaBackend, 'invoke'>;
  /** 0, or nothing, takes any free one. */
  readonly port?: number;
  /** How long a function may take before the front gives up; API Gateway's 30 seconds where it is not given. */
  readonly timeoutMs?: number;
  /** Answers what no route matches: the console. 404 as API Gateway says it where it is not given. */
  readonly otherwise?: (message: IncomingMessage, response: ServerResponse) => void;
}

export interface HttpFront {
  /** Where the routes are, without a slash at the end: `PUBLIC_BASE_URL`. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const GATEWAY_TIMEOUT_MS = 30_000;
/** What an HTTP API takes as a body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * An HTTP API in front of the functions: payload format 2.0 in, both response formats out.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export async function startHttpFront(options: HttpFrontOptions): Promise<HttpFront> {
  const routes = options.functions.flatMap(({ name, routes: paths = [] }) =>
    paths.map((path): Route => ({ path, functionName: name })),
  );
  const server: Server = createServer((message, response) => {
    answer(message, response, routes, options).catch(() => {
      if (!response.headersSent) send(response, message, plain(500, 'Internal Server Error'));
    });
  });
  const listening = await listen(server, options.port ?? 0);
  return { url: listening.url, port: listening.port, stop: () => listening.close() };
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  options: HttpFrontOptions,
): Promise<void> {
  const [rawPath = '/'] = (message.url ?? '/').split('?');
  const matched = matchRoute(routes, rawPath);
  if (!matched && options.otherwise) {
    options.otherwise(message, response);
    return;
  }
  if (!matched) {
    send(response, message, plain(404, 'Not Found'));
    return;
  }
  const body = await readBody(message);
  if (body === undefined) {
    send(response, message, plain(413, 'Request Entity Too Large'));
    return;
  }
  const event = httpEvent({ message, body, matched, requestId: randomUUID(), now: new Date() });
  const payload = JSON.stringify(event);
  send(response, message, await run(matched.route.functionName, payload, options));
}

async function run(functionName: string, payload: string, options: HttpFrontOptions): Promise<HttpAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), options.timeoutMs ?? GATEWAY_TIMEOUT_MS);
  });
  try {
    const result = await Promise.race([options.host.invoke(functionName, payload), late]);
    if (result === 'late') return plain(503, 'Service Unavailable');
    if (result.functionError !== undefined) return plain(500, 'Internal Server Error');
    return toHttpAnswer(result.payload) ?? plain(500, 'Internal Server Error');
  } finally {
    clearTimeout(timer);
  }
}

/** The whole body, or undefined where it is too large; then the rest of it is not kept. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function plain(status: number, message: string): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body: JSON.stringify({ message }) };
}

function send(response: ServerResponse, message: IncomingMessage, answered: HttpAnswer): void {
  const length = String(Buffer.byteLength(answered.body));
  response.writeHead(answered.status, {
    ...answered.headers,
    'content-length': length,
    'apigw-requestid': randomUUID(),
    ...(answered.cookies.length > 0 ? { 'set-cookie': [...answered.cookies] } : {}),
  });
  response.end(message.method === 'HEAD' ? '' : answered.body);
}
