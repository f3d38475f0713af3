/**
 * Action1 writes instants as `YYYY-MM-DD_HH-MM-SS` in UTC, some as ISO 8601 or as a bare day.
 *
 * @see https://www.action1.com/api-documentation/
 */
const STAMP = /^(\d{4})-(\d{2})-(\d{2})_(\d{2})-(\d{2})-(\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** The instant, or `undefined` for an empty field, `None`, `Now` and whatever is no instant. A bare day is its midnight UTC. */
export function parseInstant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  const stamp = STAMP.exec(trimmed);
  const iso = stamp === null ? trimmed : `${stamp[1]}-${stamp[2]}-${stamp[3]}T${stamp[4]}:${stamp[5]}:${stamp[6]}Z`;
  if (!ISO.test(iso) && !DAY.test(iso)) return undefined;
  const instant = new Date(iso);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

/** ISO 8601 in UTC for a row; `null` where the vendor has no instant. */
export function toIso(text: string | undefined): string | null {
  return parseInstant(text)?.toISOString() ?? null;
}

/** When an endpoint was last seen. The literal `Now` stands for a connected one. */
export function parseLastSeen(text: string | undefined, now: Date): Date | undefined {
  return text?.trim().toLowerCase() === 'now' ? now : parseInstant(text);
}

/** The wire's own format, cut to the second. */
export function toWireInstant(instant: Date): string {
  return instant.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
}
