import type { WebRequest, WebResponse } from './web.ts';

/**
 * The members that we read of Lambda's four HTTP events: HTTP API and function URL (payload 2.0), REST API and HTTP API
 * (payload 1.0), load balancer. Everything else in them, host headers among it, is left alone (S57).
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
export interface WebEvent {
  readonly version?: string;
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly cookies?: readonly string[];
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly httpMethod?: string;
  readonly path?: string;
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly requestContext?: {
    readonly http?: { readonly method?: string };
    readonly elb?: unknown;
  };
}

/** What Lambda wants back; cookies as the event's version has them. */
export interface WebResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
  readonly body: string;
}

/** The request in the event, whichever shape it has. */
export function readWebEvent(event: WebEvent): WebRequest {
  const isPrefetch = headerValues(event, 'sec-purpose').some((value) => value.includes('prefetch'));
  const method = event.requestContext?.http?.method;
  if (method !== undefined) {
    return {
      method,
      path: event.rawPath ?? '',
      rawQuery: event.rawQueryString ?? '',
      cookies: event.cookies ?? [],
      isPrefetch,
    };
  }
  return {
    method: event.httpMethod ?? '',
    path: event.path ?? '',
    rawQuery: rebuiltQuery(event),
    cookies: headerValues(event, 'cookie').flatMap((header) => header.split(';')),
    isPrefetch,
  };
}

/**
 * The query of an event that has lost it. A load balancer leaves values encoded, API Gateway decodes them.
 *
 * Without the multi-value form duplicates are gone for good: nothing can be said about such a query (S61).
 */
function rebuiltQuery(event: WebEvent): string | undefined {
  const many = event.multiValueQueryStringParameters;
  if (many === undefined || many === null) {
    const single = event.queryStringParameters;
    return single === undefined || single === null || Object.keys(single).length === 0 ? '' : undefined;
  }
  const isEncoded = event.requestContext?.elb !== undefined;
  const encode = (text: string) => (isEncoded ? text : encodeURIComponent(text));
  try {
    return Object.entries(many)
      .flatMap(([name, values = []]) => values.map((value) => `${encode(name)}=${encode(value)}`))
      .join('&');
  } catch {
    return undefined; // half a surrogate pair: not something that a query can say
  }
}

function headerValues(event: WebEvent, name: string): readonly string[] {
  const entries: [string, readonly string[]][] = [
    ...Object.entries(event.multiValueHeaders ?? {}).map(([key, values = []]): [string, readonly string[]] => [
      key,
      values,
    ]),
    ...Object.entries(event.multiValueHeaders ? {} : (event.headers ?? {})).map(
      ([key, value]): [string, readonly string[]] => [key, value === undefined ? [] : [value]],
    ),
  ];
  return entries.filter(([key]) => key.toLowerCase() === name).flatMap(([, values]) => values);
}

/** The response in the form that the event's sender understands. */
export function writeWebResult(event: WebEvent, response: WebResponse): WebResult {
  const { status, headers, cookies, body } = response;
  if (event.requestContext?.http?.method !== undefined) return { statusCode: status, headers, cookies, body };
  const all = Object.entries(headers).map(([name, value]): [string, readonly string[]] => [name, [value]]);
  if (cookies.length > 0) all.push(['set-cookie', cookies]);
  return { statusCode: status, headers, multiValueHeaders: Object.fromEntries(all), body };
}
