/** What goes back to the browser. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string | Buffer;
}

interface StructuredAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/**
 * A function's answer as HTTP: with a `statusCode` it is taken member by member; anything else is the body of a 200
 * in JSON. Undefined where it is neither, which API Gateway calls an internal error.
 */
export function toHttpAnswer(payload: string): HttpAnswer | undefined {
  const value = parsed(payload);
  if (value === undefined) return undefined;
  if (!isStructured(value)) {
    const body = typeof value === 'string' ? value : payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body };
  }
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded = false } = value;
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599 || typeof body !== 'string') {
    return undefined;
  }
  const named = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), String(text)]);
  const lower = Object.fromEntries(named) as Record<string, string>;
  return {
    status: statusCode,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...lower },
    cookies,
    body: isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}

function isStructured(value: unknown): value is StructuredAnswer {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload) as unknown;
  } catch {
    return undefined;
  }
}
