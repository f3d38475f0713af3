/** Epoch milliseconds, whole seconds: `from` inclusive, `to` exclusive. */
export type Span = readonly [from: number, to: number];

/**
 * Results past which a list is not read by page numbers but by shorter spans of time.
 *
 * OpsRamp states no limit; search engines of this kind commonly stop at ten thousand, and deep pages are slow.
 */
export const MAX_DEPTH = 10_000;

const SECOND_MS = 1000;

/** Stamps have whole seconds: a span begins and ends on one. */
export function spanOf(from: Date, to: Date): Span {
  const whole = (date: Date) => Math.floor(date.getTime() / SECOND_MS) * SECOND_MS;
  return [whole(from), Math.max(whole(to), whole(from) + SECOND_MS)];
}

/** Two halves, or `undefined` for a single second. */
export function halves([from, to]: Span): readonly [Span, Span] | undefined {
  const seconds = (to - from) / SECOND_MS;
  if (seconds < 2) return undefined;
  const middle = from + Math.floor(seconds / 2) * SECOND_MS;
  return [
    [from, middle],
    [middle, to],
  ];
}

/** Whether a stamp belongs to the span. */
export function isWithin(stamp: number, [from, to]: Span): boolean {
  return stamp >= from && stamp < to;
}

/**
 * What to ask for: a second more on both sides, since it is not documented which of the two bounds are inclusive.
 */
export function askedSpan([from, to]: Span): { readonly from: Date; readonly to: Date } {
  return { from: new Date(from - SECOND_MS), to: new Date(to + SECOND_MS) };
}

/**
 * How far from its span a stamp may lie before we believe that the dates were ignored altogether: what a wrong
 * filter does is not documented, and a list of everything must not pass for a window.
 */
const IGNORED_MS = 120_000;

export function isFarOutside(stamp: number, [from, to]: Span): boolean {
  return stamp < from - IGNORED_MS || stamp > to + IGNORED_MS;
}
