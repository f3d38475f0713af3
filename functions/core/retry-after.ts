/** Longest wait that is believed: a clock that is off by a day must not stop a connection for one. */
const MAX_WAIT_MS = 15 * 60_000;

/**
 * The wait of `Retry-After` in milliseconds, in either of its forms; `undefined` where there is none.
 *
 * @param now for the date form; the response's own `Date` where it is not known.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, now?: Date): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^[0-9]{1,9}$/u.test(value)) return Math.min(Number(value) * 1000, MAX_WAIT_MS);
  const until = Date.parse(value);
  const from = now?.getTime() ?? Date.parse(headers.date ?? '');
  if (Number.isNaN(until) || Number.isNaN(from)) return undefined;
  return Math.min(Math.max(until - from, 0), MAX_WAIT_MS);
}
