const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A span for people, in its two largest units: `20 d 23 h`, `59 min 12 s`, `0 s`. */
export function span(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  const parts: string[] = [];
  for (const [length, unit] of STEPS) {
    const whole = Math.floor(rest / length);
    rest -= whole * length;
    if (whole > 0) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || '0 s';
}

/** `in 3 min`, `2 h ago`, `never`. */
export function relative(date: Date | undefined, now: Date): string {
  if (date === undefined) return 'never';
  const ahead = date.getTime() - now.getTime();
  return ahead >= 0 ? `in ${span(ahead)}` : `${span(ahead)} ago`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size for people, in powers of a thousand. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A count with thin separators: `1 234 567`. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

/** `1 change`, `2 000 changes`. */
export function counted(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** ISO 8601 without milliseconds, in UTC: `2026-01-31 02:00:00Z`. */
export function instant(date: Date): string {
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d{3}Z$/, 'Z');
}

/** A short span with its fractions: `140 ms`, `1.2 s`; longer ones as `span` says them. */
export function latency(milliseconds: number): string {
  const value = Math.max(0, milliseconds);
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 10_000 ? `${(value / 1000).toFixed(1)} s` : span(value);
}

/** The two ends of a span in UTC, the date once where it is one day: `2026-01-31 02:00 – 09:30 UTC`. */
export function period(from: Date, to: Date): string {
  const [begin, end] = [minute(from), minute(to)];
  return `${begin} – ${begin.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end} UTC`;
}

function minute(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}
