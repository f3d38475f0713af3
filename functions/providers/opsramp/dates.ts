const STAMP = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+\- ])(\d{2}):?(\d{2}))?$/u;

/** Epoch milliseconds after 2001: smaller numbers are counters, or 0 for "never". */
const EARLIEST_EPOCH_MS = 1e12;

const MINUTE_MS = 60_000;

/**
 * An instant as OpsRamp writes it, or `undefined` for its ways of saying "none" (`""`, 0, absent) and for nonsense.
 *
 * Seen: `2016-02-24T01:10:00+0000`, other offsets, the offset with a space for the plus as in queries, `Z`, the text
 * `2018-11-02 10:52:55` without a zone (UTC, as the API's documentation has it), and epoch milliseconds.
 * `Date.parse` is not asked: an offset without a colon is no format of ECMAScript's.
 */
export function parseInstant(value: unknown): Date | undefined {
  if (typeof value === 'number') return value >= EARLIEST_EPOCH_MS ? validDate(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d{13,}$/u.test(text)) return validDate(Number(text));
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millisecond = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3) || 0);
  const local = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  if (new Date(local).getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  return validDate(local - offsetMs(match.slice(8)));
}

function offsetMs([sign, hours, minutes]: readonly (string | undefined)[]): number {
  if (sign === undefined) return 0;
  const ahead = Number(hours) * 60 + Number(minutes);
  return (sign === '-' ? -ahead : ahead) * MINUTE_MS;
}

function validDate(epochMs: number): Date | undefined {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * An instant inside a `queryString`: UTC, whole seconds, the plus of the offset written as a space, because a plus
 * separates fields there.
 *
 * @see https://docs.opsramp.com/api/alerts/alerts-search-alerts-get/
 */
export function queryInstant(date: Date): string {
  return `${date.toISOString().slice(0, 19)} 0000`;
}
