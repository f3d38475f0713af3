import type { IncomingMessage, ServerResponse } from 'node:http';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Overview } from '../overview.ts';
import type { Services } from '../services.ts';
import { CONSOLE_CSP, consoleBody, consolePage } from './page.ts';

export interface ConsoleOptions {
  readonly services: Services;
  readonly readOverview: () => Promise<Overview>;
  /** Milliseconds between two looks that the live page is sent. */
  readonly everyMs?: number;
}

const DEFAULT_EVERY_MS = 1500;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': CONSOLE_CSP,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** A summary page has inline style and images, and no scripts. */
const SUMMARY_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'";

/**
 * Answers the console's few addresses: the page, its stream, and the summaries in the archive.
 *
 * For loopback only: it shows what the one who started it may see, to whoever asks on this machine.
 */
export function createConsole(options: ConsoleOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    route(options, request, response).catch((error: unknown) => {
      const reason = error instanceof Error ? error.name : 'unknown';
      if (response.headersSent) response.destroy();
      else
        respond(
          response,
          502,
          'text/plain; charset=utf-8',
          `Steward's state could not be read (${reason}). Reload to try again.`,
        );
    });
  };
}

async function route(options: ConsoleOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://console.invalid').pathname;
  if (!isOurHost(request.headers.host))
    return respond(response, 403, 'text/plain; charset=utf-8', 'Open the console by its address on this machine.');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return respond(response, 405, 'text/plain; charset=utf-8', 'Only GET.');
  if (path === '/')
    return respond(response, 200, 'text/html; charset=utf-8', consolePage(await options.readOverview()));
  if (path === '/console/stream') return stream(options, response);
  if (path === '/console/overview.json')
    return respond(response, 200, 'application/json', JSON.stringify(await options.readOverview()));
  if (path.startsWith('/archive/'))
    return archived(options.services, decodeURIComponent(path.slice('/archive/'.length)), response);
  return respond(response, 404, 'text/plain; charset=utf-8', 'Not here. The console is at /.');
}

/** A page elsewhere that resolves its own name to this machine must not read the console (DNS rebinding). */
function isOurHost(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}

function respond(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function stream({ readOverview, everyMs = DEFAULT_EVERY_MS }: ConsoleOptions, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      response.write(`data: ${JSON.stringify(consoleBody(await readOverview()))}\n\n`);
    } catch {
      // What could not be read now is read at the next look; the page keeps what it has.
      response.write(': not readable now\n\n');
    }
    if (!response.destroyed) timer = setTimeout(() => void look(), everyMs);
  };
  response.once('close', () => clearTimeout(timer));
  void look();
}

async function archived({ s3, target }: Services, key: string, response: ServerResponse): Promise<void> {
  if (!key.endsWith('/summary.html'))
    return respond(response, 404, 'text/plain; charset=utf-8', 'Only summaries are shown here.');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: target.archiveBucketName, Key: key }));
  const bytes = await Body?.transformToByteArray();
  response
    .writeHead(200, { ...HEADERS, 'content-security-policy': SUMMARY_CSP, 'content-type': 'text/html; charset=utf-8' })
    .end(bytes);
}
