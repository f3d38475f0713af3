import type { Agent, Dispatcher } from 'undici';
import { ProviderUnavailableError, ResponseTooLargeError } from '../core/errors.ts';
import type { HttpRequest } from '../core/http.ts';
import { ACCEPT_ENCODING } from './decode-body.ts';

/** What came over the wire, the body as it was sent. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ExchangeLimits {
  /** From here to the last byte. */
  readonly timeoutMs: number;
  /** Of the body as it is sent. */
  readonly maxBytes: number;
}

/**
 * One exchange, as its dispatcher tells of it. `undici.request` would make a stream of the body, a promise of each of its
 * chunks and an event target of the deadline, which together take longer than the exchange.
 *
 * It ends at its deadline whatever the dispatcher does; a request that still waited for a socket then is never sent.
 *
 * @throws ProviderUnavailableError at the deadline, where `sent` says whether the request had a socket by then; and on what
 * is not HTTP, without undici's error, whose `data` is the answer with the tokens in it.
 * @throws ResponseTooLargeError when the body is larger: an endless one is cut off where the limit is met.
 */
export function exchange(agent: Agent, request: HttpRequest, limits: ExchangeLimits): Promise<RawResponse> {
  const { url, method, headers, body = null } = request;
  return new Promise((resolve, reject) => {
    const handler = createHandler(url.host, limits, resolve, reject);
    const path = `${url.pathname}${url.search}`;
    // It tells the handler of everything that goes wrong, an argument that it does not take included.
    const sent = { 'user-agent': 'steward', 'accept-encoding': ACCEPT_ENCODING, ...headers };
    agent.dispatch({ origin: url.origin, path, method, headers: sent, body }, handler);
  });
}

function createHandler(
  host: string,
  { timeoutMs, maxBytes }: ExchangeLimits,
  resolve: (response: RawResponse) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined;
  let failure: Error | undefined;
  let status = 0;
  let headers: RawResponse['headers'] = {};
  let size = 0;
  const chunks: Buffer[] = [];
  const fail = (error: Error) => {
    failure = error;
    clearTimeout(timer);
    reject(error);
    controller?.abort(error);
  };
  const timer = setTimeout(() => {
    const sent = controller !== undefined;
    const what = sent ? 'did not answer' : 'could not be reached';
    fail(new ProviderUnavailableError(`${host} ${what} within ${timeoutMs} ms`, { sent }));
  }, timeoutMs);
  return {
    onRequestStart(started) {
      controller = started;
      if (failure !== undefined) started.abort(failure);
    },
    /** Comes once for each interim answer (1xx), too, and last for the one that counts. */
    onResponseStart(_, statusCode, received) {
      status = statusCode;
      headers = flatten(received);
    },
    onResponseData(_, chunk) {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else fail(new ResponseTooLargeError(`${host} answered more than ${maxBytes} bytes`));
    },
    onResponseEnd() {
      clearTimeout(timer);
      resolve({ status, headers, body: Buffer.concat(chunks, size) });
    },
    onResponseError(_, error) {
      const isGarbled = error.name === 'HTTPParserError';
      fail(isGarbled ? new ProviderUnavailableError(`${host} answered what is not HTTP`, { sent: true }) : error);
    },
  };
}

/** Undici gives names in lower case, whatever the provider sent. */
function flatten(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name in received) {
    const value = received[name];
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
