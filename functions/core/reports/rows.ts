import type { JsonValue } from '../json.ts';
import type { Cell } from './encoding.ts';
import { type Column, type ColumnType, type Drift, MORE, typeOf } from './schema.ts';
import type { SourceRow } from './source.ts';

/** Columns as a file has them: the last one takes what has no column of its own. */
export function withMore(columns: readonly Column[]): readonly Column[] {
  return [...columns, { name: MORE, type: 'json' }];
}

/** Turns rows into cells of fixed columns, and says what did not fit. */
export interface RowMapper {
  /** Cells of a row, one more than there are columns. The same array each time: take what you need before the next row. */
  cells(row: SourceRow): readonly Cell[];
  drift(): readonly Drift[];
}

/**
 * Cells of a row: text stays text, objects become JSON text. A value without a column, or of another type than its
 * column, goes to `_more` under its name and is recorded as drift, so that every format has every value.
 *
 * This runs for every cell of every export: the common case touches each value once and allocates nothing.
 */
export function createRowMapper(columns: readonly Column[]): RowMapper {
  const names = columns.map(({ name }) => name);
  const types = columns.map(({ type }) => type);
  const known = new Set(names);
  const drift = new Map<string, Drift>();
  const cells: Cell[] = Array.from({ length: columns.length + 1 }, () => null);
  const more = (row: SourceRow, retyped: readonly string[]) => {
    const left: Record<string, JsonValue> = {};
    for (const name in row) {
      const value = row[name] ?? null;
      if (value === null || (known.has(name) && !retyped.includes(name))) continue;
      left[name] = value;
      if (!drift.has(name)) drift.set(name, { kind: known.has(name) ? 'retyped' : 'new', column: name });
    }
    return Object.keys(left).length === 0 ? null : JSON.stringify(left);
  };
  return {
    cells(row) {
      let found = 0;
      let retyped: string[] | undefined;
      for (let place = 0; place < names.length; place++) {
        const value = row[names[place] as string];
        cells[place] = null;
        if (value === undefined) continue;
        found += 1;
        if (value === null) continue;
        const cell = toCell(value, types[place] as ColumnType);
        if (cell === undefined) (retyped ??= []).push(names[place] as string);
        else cells[place] = cell;
      }
      let members = 0;
      for (const _ in row) members += 1;
      cells[names.length] = members > found || retyped !== undefined ? more(row, retyped ?? []) : null;
      return cells;
    },
    drift: () => [...drift.values()],
  };
}

/** `undefined` when it does not fit. Text takes plain values too, `json` takes all: such columns were mixed from the start. */
function toCell(value: Exclude<JsonValue, null>, type: ColumnType): Cell | undefined {
  if (typeof value === 'object') return type === 'json' ? JSON.stringify(value) : undefined;
  if (typeof value === type) return value;
  if (type === 'json') return JSON.stringify(value);
  return type === 'string' && typeOf(value) !== undefined ? String(value) : undefined;
}
