import { UsageError } from '../../functions/core/errors.ts';

/** RFC 3339, or a date alone, which begins in UTC. A time without its offset is many instants, and so is none. */
const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/i;

/** Nothing that is asked for is older; a year that is was mistyped, and its windows would have no end. */
const EARLIEST_YEAR = 2000;

export const MOMENT_FORM = '2026-01-31, or 2026-01-31T02:00:00Z with its offset, from 2000 on';

/**
 * The instant that a text names; `undefined` where it names none. `Date` by itself takes `1` for 2001 and the 31st of
 * February for the 3rd of March.
 */
export function parseMoment(text: string): Date | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  if (year < EARLIEST_YEAR || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  const date = new Date(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** @throws UsageError */
export function momentOf(text: string): Date {
  const moment = parseMoment(text);
  if (moment === undefined) throw new UsageError(`${text} is not a date: say ${MOMENT_FORM}`);
  return moment;
}
