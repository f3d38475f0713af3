import type { JsonValue } from '../../core/json.ts';
import { SECOND_MS } from '../../core/time.ts';

/** How an API writes instants: in its rows and in its queries. Texts of ISO 8601 are read whatever it says. */
export const STAMP_FORMATS = ['iso', 'seconds', 'milliseconds'] as const;
export type StampFormat = (typeof STAMP_FORMATS)[number];

/** Date, or date and time; without an offset it is taken to be UTC. */
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?:Z|([+-]\d{2}):?(\d{2}))?)?$/u;

/** `undefined` where it is no instant. */
export function readStamp(value: JsonValue | undefined, format: StampFormat): Date | undefined {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{9,14}(?:\.\d{1,9})?$/u.test(value));
  if (isNumber) return format === 'iso' ? undefined : valid(Number(value) * (format === 'seconds' ? SECOND_MS : 1));
  if (typeof value !== 'string') return undefined;
  const parts = ISO.exec(value);
  if (parts === null) return undefined;
  const [, time = '00:00', hours = '+00', minutes = '00'] = parts;
  return valid(Date.parse(`${value.slice(0, 10)}T${time}${hours}:${minutes}`));
}

export function writeStamp(instant: Date, format: StampFormat): string {
  if (format === 'iso') return `${instant.toISOString().slice(0, 19)}Z`;
  return String(Math.floor(instant.getTime() / (format === 'seconds' ? SECOND_MS : 1)));
}

function valid(ms: number): Date | undefined {
  const date = new Date(Math.round(ms));
  return Number.isNaN(date.getTime()) ? undefined : date;
}
