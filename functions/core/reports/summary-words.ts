import type { JsonObject, JsonValue } from '../json.ts';
import { moment, number } from './summary-html.ts';

/** What providers call severities, worst first. */
const SEVERITIES = [
  'critical',
  'important',
  'high',
  'major',
  'warning',
  'medium',
  'moderate',
  'minor',
  'low',
  'info',
  'informational',
  'ok',
  'none',
  'unspecified',
  '(none)',
];

const rank = (label: string) => SEVERITIES.indexOf(label.toLowerCase());

/** Groups by severity where all of them are severities, else the largest first. */
export function bySeverity(groups: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  const severities = groups.every(([label]) => rank(label) >= 0);
  return groups.toSorted(([a, x], [b, y]) => (severities ? rank(a) - rank(b) : y - x) || (a < b ? -1 : 1));
}

export function toneOf(label: string): 'bad' | 'warn' | 'plain' {
  const at = rank(label);
  if (at < 0 || at >= SEVERITIES.indexOf('medium')) return 'plain';
  return at === 0 ? 'bad' : 'warn';
}

const NAMES_SHOWN = 12;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** What a source or a job's options say, as names and values for people; what is off, empty or a table is left out. */
export function wordsOf(said: JsonObject, before = ''): readonly (readonly [string, string])[] {
  return Object.entries(said).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    const label = `${before}${before === '' ? '' : ': '}${wordOf(name)}`;
    if (Array.isArray(value)) return listed(label, value);
    if (typeof value === 'object' && value !== null) return wordsOf(value as JsonObject, label);
    if (value === null || value === false || value === '') return [];
    return [[label, textOf(value)]];
  });
}

function listed(label: string, values: readonly JsonValue[]): readonly (readonly [string, string])[] {
  const names = values.flatMap((value) => {
    if (typeof value !== 'object') return [textOf(value)];
    const name = value === null || Array.isArray(value) ? undefined : (value as JsonObject)['name'];
    return typeof name === 'string' ? [name] : [];
  });
  if (names.length === 0) return [];
  const rest = names.length - NAMES_SHOWN;
  return [[label, `${names.slice(0, NAMES_SHOWN).join(', ')}${rest > 0 ? ` and ${number(rest)} more` : ''}`]];
}

function textOf(value: string | number | boolean): string {
  if (typeof value === 'number') return number(value);
  if (value === true) return 'yes';
  const text = String(value);
  return INSTANT.test(text) ? moment(text) : text;
}

/** `liveResponses` → `Live responses`. */
function wordOf(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
