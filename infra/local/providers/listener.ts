import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { listen, type Listening } from '../aws/listen.ts';

/** A request as it came over the wire. Header names in lower case; path and query still encoded. */
export interface ProviderRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Something that goes wrong on the way, once per count. */
export interface Fault {
  /** Which requests: path prefix such as `/api/oauth/token` or `/api/rest/filenotes`. */
  readonly path: string;
  readonly method?: string;
  readonly times?: number;
  /**
   * `lost-request`: the socket is closed and the model sees nothing. `lost-reply`: the model acts, the answer is not
   * sent. Otherwise this answer takes the place of the model's.
   */
  readonly with: 'lost-request' | 'lost-reply' | ProviderAnswer;
}

/** What is behind a listener. */
export interface Behind {
  answer(request: ProviderRequest): ProviderAnswer;
  /** Milliseconds before the model sees the request. */
  latencyMs?(request: ProviderRequest): number;
  /** Told when a request has come; what it returns is called when its answer is out, or never will be. */
  begin?(request: ProviderRequest): () => void;
}

export interface ProviderListener {
  readonly url: string;
  readonly port: number;
  /** From now on requests are answered. Those that came before find a closed socket. */
  serve(behind: Behind): void;
  addFault(fault: Fault): void;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * A double's socket, on loopback. It listens before there is a model, because models name their own address.
 *
 * @param port 0 takes the preferred one where it is free, and any other where it is not
 * @throws ConfigInvalidError where a port was asked for and is taken
 */
export async function startListener(port: number, preferredPort = 0): Promise<ProviderListener> {
  const faults: { readonly fault: Fault; left: number }[] = [];
  let behind: Behind | undefined;
  const start = (at: number): Promise<Listening> => {
    const server = createServer((request, response) => {
      reply(behind, faults, request, response).catch(() => response.destroy());
    });
    return listen(server, at);
  };
  const { url, port: bound, close } = await (port === 0 ? startPreferably(start, preferredPort) : start(port));
  return {
    url,
    port: bound,
    serve: (given) => {
      behind = given;
    },
    addFault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    close,
  };
}

async function startPreferably(start: (port: number) => Promise<Listening>, port: number): Promise<Listening> {
  try {
    return await start(port);
  } catch (error) {
    if (!(error instanceof ConfigInvalidError)) throw error;
    return start(0);
  }
}

async function reply(
  behind: Behind | undefined,
  faults: { readonly fault: Fault; left: number }[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const request = await read(incoming);
  if (behind === undefined) return void outgoing.destroy();
  const end = behind.begin?.(request);
  try {
    const fault = takeFault(faults, request);
    if (fault === 'lost-request') return void outgoing.destroy();
    const lateMs = behind.latencyMs?.(request) ?? 0;
    if (lateMs > 0) await sleep(lateMs);
    const answer = fault === undefined || fault === 'lost-reply' ? behind.answer(request) : fault;
    if (fault === 'lost-reply') return void outgoing.destroy();
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  } finally {
    end?.();
  }
}

function takeFault(
  faults: { readonly fault: Fault; left: number }[],
  request: ProviderRequest,
): Fault['with'] | undefined {
  const found = faults.find(
    ({ fault, left }) =>
      left > 0 && request.url.startsWith(fault.path) && (fault.method === undefined || fault.method === request.method),
  );
  if (found === undefined) return undefined;
  found.left -= 1;
  return found.fault.with;
}

async function read(incoming: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('The body of a request is too large');
    chunks.push(chunk);
  }
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join('; ')] as const);
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
