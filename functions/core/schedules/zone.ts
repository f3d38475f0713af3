import { nearest } from '../nearest.ts';

const OFFSET = /^[+-]/;
const NAMED = 3;

/**
 * Why a text is no IANA zone, with the nearest that are; `undefined` when it is one. An offset is none, although it can
 * be computed with: it says when clocks show what, and not where they are changed.
 */
export function zoneProblem(zone: string, now: Date): string | undefined {
  if (!isComputable(zone)) return `names the unknown time zone ${zone}: it must be an IANA name.${suggest(zone)}`;
  if (!OFFSET.test(zone)) return undefined;
  const alike = Intl.supportedValuesOf('timeZone').filter((name) => offsetOf(name, now) === offsetOf(zone, now));
  const names = [...alike.slice(0, NAMED), ...fixed(zone)].join(', ');
  return `is the offset ${zone}: it must be an IANA name, because an offset knows no summer time. At ${zone} now: ${names}`;
}

function isComputable(timeZone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

function suggest(zone: string): string {
  const names = nearest(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')], NAMED);
  return names.length === 0 ? ' For example: Europe/Berlin' : ` Did you mean ${names.join(' or ')}?`;
}

function offsetOf(timeZone: string, now: Date): string | undefined {
  const parts = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).formatToParts(now);
  return parts.find(({ type }) => type === 'timeZoneName')?.value;
}

/** The zone that is always so, where hours are whole. Its sign is the other way round. */
function fixed(offset: string): readonly string[] {
  const [, sign, hours] = /^([+-])0?(\d{1,2})(?::?00)?$/.exec(offset) ?? [];
  if (hours === undefined) return [];
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${hours}`;
  return isComputable(name) ? [`always: ${name}`] : [];
}
