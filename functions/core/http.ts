/** One HTTP request to a provider. Built by a provider's folder, sent by `functions/http`. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whole exchange, connect to last byte. Default 20 s. */
  readonly timeoutMs?: number;
  /** The body is cut off and refused above this. Default 16 MiB. */
  readonly maxBytes?: number;
}

/** What came back: any status, never followed as a redirect. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Which URLs a request may go to. Decided before anything is resolved or connected. */
export type EgressPolicy = (url: URL) => boolean;

/**
 * Sends one request, once.
 *
 * @throws EgressRefusedError when the policy does not have the URL; nothing was sent.
 * @throws ProviderUnavailableError on time-outs and network failures; `sent` says whether bytes may have arrived.
 * @throws ResponseTooLargeError when the body is larger than `maxBytes`.
 */
export type SendHttp = (request: HttpRequest, allowed: EgressPolicy) => Promise<HttpResponse>;

const decoder = new TextDecoder();

/** The body as text. Bytes that are not UTF-8 become U+FFFD. */
export function bodyText(response: HttpResponse): string {
  return decoder.decode(response.body);
}

/** The body as JSON, or `undefined` where it is empty or not JSON: providers answer HTML, nothing, or half. */
export function bodyJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(bodyText(response)) as unknown;
  } catch {
    return undefined;
  }
}
