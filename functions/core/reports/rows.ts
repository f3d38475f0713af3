import type { JsonValue } from '../json.ts';
import type { Cells } from './encoding.ts';
import { type Column, type Drift, MORE, typeOf } from './schema.ts';
import type { SourceRow } from './source.ts';

/** Columns as a file has them: the last one takes what has no column of its own. */
export function withMore(columns: readonly Column[]): readonly Column[] {
  return [...columns, { name: MORE, type: 'json' }];
}

/** Turns rows into cells of fixed columns, and says what did not fit. */
export interface RowMapper {
  cells(row: SourceRow): Cells;
  drift(): readonly Drift[];
}

/**
 * Cells of a row: text stays text, objects become JSON text. A value without a column, or of another type than its
 * column, goes to `_more` under its name and is recorded as drift, so that every format has every value.
 */
export function createRowMapper(columns: readonly Column[]): RowMapper {
  const index = new Map(columns.map(({ name }, place) => [name, place]));
  const drift = new Map<string, Drift>();
  return {
    cells(row) {
      const cells: (string | number | boolean | null)[] = Array.from({ length: columns.length + 1 }, () => null);
      let more: Record<string, JsonValue> | undefined;
      for (const name in row) {
        const value = row[name] ?? null;
        if (value === null) continue;
        const place = index.get(name);
        const column = place === undefined ? undefined : columns[place];
        if (place !== undefined && column !== undefined && fits(value, column)) {
          cells[place] = toCell(value, column);
        } else {
          (more ??= {})[name] = value;
          if (!drift.has(name)) drift.set(name, { kind: column === undefined ? 'new' : 'retyped', column: name });
        }
      }
      if (more) cells[columns.length] = JSON.stringify(more);
      return cells;
    },
    drift: () => [...drift.values()],
  };
}

/** Text takes plain values too, `json` takes all: those columns were of several types from the first page on. */
function fits(value: JsonValue, { type }: Column): boolean {
  if (type === 'json') return true;
  const actual = typeOf(value);
  return actual === type || (type === 'string' && actual !== 'json');
}

function toCell(value: JsonValue, { type }: Column): string | number | boolean {
  if (type === 'json' || (value !== null && typeof value === 'object')) return JSON.stringify(value);
  return type === 'string' ? String(value) : (value ?? '');
}
