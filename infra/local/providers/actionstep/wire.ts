import { createHash } from 'node:crypto';

/** A request as the listener or a simulation hands it over. Header names in lower case. */
export interface ModelRequest {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ModelResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** JSON as PHP writes it: slashes escaped. */
export function phpJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('/', String.raw`\/`);
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): ModelResponse {
  return { status, headers: { 'content-type': 'application/vnd.api+json', ...headers }, body: phpJson(value) };
}

export function html(status: number, body: string, headers: Readonly<Record<string, string>> = {}): ModelResponse {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body };
}

export function redirect(location: string): ModelResponse {
  return { status: 302, headers: { location }, body: '' };
}

/** Bytes that look random and are a function of their name. */
export function derived(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join('|')).digest('hex');
}

/** A number below `limit` that is a function of its name. */
export function pick(limit: number, ...parts: readonly (string | number)[]): number {
  return Number.parseInt(derived(...parts).slice(0, 8), 16) % limit;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** An instant as Actionstep writes it: ISO 8601 in the organisation's zone, with that day's offset. */
export function stampText(at: Date, timeZone: string): string {
  const { date, time, offset } = zoned(at, timeZone);
  return `${date}T${time}${offset}`;
}

/** Offset of a zone at an instant, `+11:00`. */
export function zoned(at: Date, timeZone: string): { date: string; time: string; offset: string } {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = part.timeZoneName?.replace('GMT', '') ?? '';
  return {
    date: `${part.year}-${part.month}-${part.day}`,
    time: `${part.hour}:${part.minute}:${part.second}`,
    offset: offset === '' ? '+00:00' : offset,
  };
}
