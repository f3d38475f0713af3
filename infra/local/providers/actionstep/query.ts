import type { SimulatedRecord } from './records.ts';
import { zoned } from './wire.ts';

const OPERATORS = [
  'eq',
  'nteq',
  'lt',
  'lteq',
  'gt',
  'gteq',
  'like',
  'ntlike',
  'ilike',
  'ntilike',
  'in',
  'ntin',
] as const;
type Operator = (typeof OPERATORS)[number];

interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly value: string;
}

/** Parameters that are no filters. */
const RESERVED = new Set(['page', 'pageSize', 'sort', 'fields', 'include']);

/** Rows that meet every condition of a query, sorted as it says; by id where it says nothing. */
export function select(
  rows: readonly SimulatedRecord[],
  parameters: URLSearchParams,
  zone: string,
): readonly SimulatedRecord[] {
  const conditions = [...parameters]
    .filter(([name]) => !RESERVED.has(name) && !name.startsWith('fields[') && !name.startsWith('sort['))
    .map(([name, value]) => parseCondition(name, value));
  const found = rows.filter((row) => conditions.every((condition) => meets(row, condition, zone)));
  return found.toSorted(comparator(parameters.get('sort') ?? 'id'));
}

function parseCondition(name: string, value: string): Condition {
  const match = /^(.+)_([a-z]+)$/u.exec(name);
  const operator = OPERATORS.find((known) => known === match?.[2]);
  return operator === undefined || match === null
    ? { field: name, operator: value.includes(',') ? 'in' : 'eq', value }
    : { field: match[1] ?? name, operator, value };
}

function valueOf(row: SimulatedRecord, field: string): unknown {
  return row[field] ?? row.links[field] ?? null;
}

function meets(row: SimulatedRecord, { field, operator, value }: Condition, zone: string): boolean {
  const actual = valueOf(row, field);
  if (value === ':NULL') return (actual === null) === (operator !== 'nteq');
  return TESTS[operator](actual, value, zone);
}

type Test = (actual: unknown, value: string, zone: string) => boolean;

const equal: Test = (actual, value, zone) => compare(actual, value, zone) === 0;
const among: Test = (actual, value, zone) => value.split(',').some((each) => equal(actual, each, zone));
const inOrder =
  (holds: (order: number) => boolean): Test =>
  (actual, value, zone) =>
    actual !== null && holds(compare(actual, value, zone));

const TESTS: Readonly<Record<Operator, Test>> = {
  eq: equal,
  nteq: (...both) => !equal(...both),
  in: among,
  ntin: (...both) => !among(...both),
  like: (actual, value) => like(actual, value, false),
  ntlike: (actual, value) => !like(actual, value, false),
  ilike: (actual, value) => like(actual, value, true),
  ntilike: (actual, value) => !like(actual, value, true),
  lt: inOrder((order) => order < 0),
  lteq: inOrder((order) => order <= 0),
  gt: inOrder((order) => order > 0),
  gteq: inOrder((order) => order >= 0),
};

function like(actual: unknown, pattern: string, anyCase: boolean): boolean {
  if (typeof actual !== 'string') return false;
  const fold = (text: string) => (anyCase ? text.toLowerCase() : text);
  const pieces = fold(pattern).split('*');
  const text = fold(actual);
  const first = pieces[0] ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return pattern.endsWith('*') || at === text.length;
}

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T|$)/u;

function compare(actual: unknown, wanted: string, zone: string): number {
  if (typeof actual === 'number') return actual - Number(wanted);
  const text = typeof actual === 'string' ? actual : JSON.stringify(actual ?? '');
  if (DATE.test(text) && DATE.test(wanted)) return instant(text, zone) - instant(wanted, zone);
  if (/^[0-9]+$/u.test(text) && /^[0-9]+$/u.test(wanted)) return Number(text) - Number(wanted);
  return text < wanted ? -1 : text > wanted ? 1 : 0;
}

/** A time without an offset is taken in the given zone. */
function instant(text: string, zone: string): number {
  if (/(?:Z|[+-][0-9]{2}:[0-9]{2})$/u.test(text)) return Date.parse(text);
  const plain = text.length === 10 ? `${text}T00:00:00` : text;
  const { offset } = zoned(new Date(`${plain}Z`), zone);
  return Date.parse(`${plain}${offset}`);
}

function comparator(sort: string): (a: SimulatedRecord, b: SimulatedRecord) => number {
  const keys = sort.split(',').map((key) => ({ field: key.replace(/^-/u, ''), sign: key.startsWith('-') ? -1 : 1 }));
  return (a, b) => {
    for (const { field, sign } of keys) {
      const order = natural(valueOf(a, field), valueOf(b, field));
      if (order !== 0) return order * sign;
    }
    return 0;
  };
}

function natural(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  if (DATE.test(left) && DATE.test(right)) return Date.parse(left) - Date.parse(right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `fields=id,name`: only these, the id always, links among them by name. */
export function project(row: SimulatedRecord, fields: string | null): SimulatedRecord {
  if (fields === null || fields.split(',').includes(':default')) return row;
  const wanted = new Set(['id', ...fields.split(',')]);
  const links = Object.fromEntries(Object.entries(row.links).filter(([name]) => wanted.has(name)));
  return {
    ...Object.fromEntries(Object.entries(row).filter(([name]) => wanted.has(name))),
    ...(row.id === undefined ? {} : { id: row.id }),
    links,
  };
}
