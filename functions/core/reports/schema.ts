import { createHash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../json.ts';
import { cutText } from '../publishing/fit-event.ts';
import type { SourceRow } from './source.ts';

/** `json`: objects and lists, as their JSON text. Numbers are doubles, because that is what JSON numbers are. */
export type ColumnType = 'string' | 'number' | 'boolean' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

const COLUMNS_LIMIT = 1000;
const COLUMNS_BYTES = 64 * 1024;
/** What a column takes in JSON beside its name. */
const COLUMN_BYTES = 30;
const DRIFT_LIMIT = 200;
const NAME_BYTES = 256;

/** Columns that came too late for the header, as one JSON object. Always the last column. */
export const MORE = '_more';

/** A row's values that have no column, or do not fit its type. */
export type Drift = { readonly kind: 'new' | 'retyped'; readonly column: string };

/** What changed from one schema to the next. */
export type SchemaChange = { readonly kind: 'new' | 'missing' | 'retyped'; readonly column: string };

function typeOf(value: JsonValue): ColumnType | undefined {
  if (value === null) return undefined;
  if (typeof value === 'object') return 'json';
  return typeof value as 'string' | 'number' | 'boolean';
}

/**
 * Columns of an export: those declared first, then those of the first rows in the order that they appear. A column
 * whose first rows say nothing of its type, or differ, is text.
 */
export function inferColumns(declared: readonly string[] | undefined, rows: readonly SourceRow[]): readonly Column[] {
  const types = new Map<string, ColumnType | undefined>((declared ?? []).map((name) => [name, undefined]));
  for (const row of rows) {
    for (const name in row) {
      const type = typeOf(row[name] ?? null);
      const known = types.get(name);
      if (known === undefined) types.set(name, type);
      else if (type !== undefined && type !== known)
        types.set(name, known === 'json' || type === 'json' ? 'json' : 'string');
    }
  }
  types.delete(MORE);
  return bounded([...types].map(([name, type]) => ({ name, type: type ?? 'string' })));
}

/** As many as every step's result has room for. Rows whose keys are data have no end of columns; `_more` takes the rest. */
function bounded(columns: readonly Column[]): readonly Column[] {
  let bytes = 0;
  const end = columns.findIndex(({ name }, place) => {
    bytes += Buffer.byteLength(name) + COLUMN_BYTES;
    return place >= COLUMNS_LIMIT || bytes > COLUMNS_BYTES;
  });
  return end < 0 ? columns : columns.slice(0, end);
}

/** What came up while reading, as far as there is room to say it. */
export function boundedDrift(drift: readonly Drift[]): readonly Drift[] {
  return drift.slice(0, DRIFT_LIMIT).map(({ kind, column }) => ({ kind, column: cutText(column, NAME_BYTES) }));
}

/** SHA-256 of a schema, hex: names and types in order. */
export function schemaHash(columns: readonly Column[]): string {
  const text = canonicalJson(columns.map(({ name, type }) => [name, type]));
  return createHash('sha256').update(text).digest('hex');
}

/** New, missing and retyped columns, sorted by name. */
export function compareSchemas(before: readonly Column[], after: readonly Column[]): readonly SchemaChange[] {
  const old = new Map(before.map(({ name, type }) => [name, type]));
  const current = new Map(after.map(({ name, type }) => [name, type]));
  const changes: SchemaChange[] = [];
  for (const [column, type] of current) {
    if (!old.has(column)) changes.push({ kind: 'new', column });
    else if (old.get(column) !== type) changes.push({ kind: 'retyped', column });
  }
  for (const column of old.keys()) if (!current.has(column)) changes.push({ kind: 'missing', column });
  return changes.toSorted((a, b) => (a.column < b.column ? -1 : 1));
}
