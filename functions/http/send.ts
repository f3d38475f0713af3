import type { LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { EgressRefusedError, ProviderUnavailableError, ServiceError } from '../core/errors.ts';
import type { EgressPolicy, HttpRequest, HttpResponse, SendHttp } from '../core/http.ts';
import { isLoopbackHost, isPublicAddress } from './addresses.ts';
import { decodeBody } from './decode-body.ts';
import { exchange } from './exchange.ts';
import { isNetworkError, mayHaveArrived, reason } from './network-error.ts';

/** Whole exchange unless the request says otherwise. */
const DEFAULT_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 5000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
/** Below the 5 s after which the shortest-lived peers we know close an idle socket, so that we close it first (P07). */
const KEEP_ALIVE_MS = 4000;

export interface SendOptions {
  /** Whether plain http and https to 127.0.0.0/8 and ::1 may be used: providers' doubles and proxies on one machine. */
  readonly allowLoopback: boolean;
  /** Sockets per origin. */
  readonly maxSockets?: number;
}

/**
 * The only thing in Steward that opens a socket to a provider.
 *
 * https only, no redirects, allow-listed URLs, public addresses checked at connect, a deadline over the whole
 * exchange and a limit on the body. It sends once: who may send again is decided where the request is understood.
 */
export function createSend(options: SendOptions): SendHttp {
  let loading: Promise<Agent> | undefined;
  const load = async () => {
    const { Agent } = await import('./undici.ts');
    return new Agent({
      connections: options.maxSockets ?? 32,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: publicLookup },
    });
  };

  return async (request, allowed) => {
    refuseUnlessAllowed(request.url, allowed, options.allowLoopback);
    loading ??= load();
    return answer(await loading, request);
  };
}

function refuseUnlessAllowed(url: URL, allowed: EgressPolicy, allowLoopback: boolean): void {
  const loopback = isLoopbackHost(url.hostname);
  const literal = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
  const schemeFits = url.protocol === 'https:' || (loopback && url.protocol === 'http:');
  const addressFits = loopback ? allowLoopback : !literal;
  const plain = url.username === '' && url.password === '';
  if (!schemeFits || !addressFits || !plain || !allowed(url)) {
    throw new EgressRefusedError(`Not an allowed address for this connection: ${url.protocol}//${url.host}`);
  }
}

async function answer(agent: Agent, request: HttpRequest): Promise<HttpResponse> {
  const {
    url: { host },
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxBytes = DEFAULT_MAX_BYTES,
  } = request;
  try {
    const { status, headers, body } = await exchange(agent, request, { timeoutMs, maxBytes });
    const encoding = headers['content-encoding'];
    return { status, headers, body: encoding === undefined ? body : await decodeBody(body, encoding, maxBytes, host) };
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    if (!isNetworkError(error)) throw error;
    throw new ProviderUnavailableError(`${host} did not answer (${reason(error)})`, {
      cause: error,
      sent: mayHaveArrived(error),
    });
  }
}

/** `dns.lookup` that answers public addresses only, so that an allowed name cannot lead inside (S77). */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...options, all: true };
  lookup(hostname, all, (error, addresses) => {
    if (error) return callback(error, '', 0);
    const usable = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = usable;
    if (first === undefined) {
      const refusal = Object.assign(new Error(`${hostname} resolves to no public address`), { code: 'EADDRNOTPUBLIC' });
      return callback(refusal, '', 0);
    }
    return options.all === true ? callback(null, usable) : callback(null, first.address, first.family);
  });
};
