import type { JsonValue } from '../json.ts';
import type { Cell } from './encoding.ts';
import { type Column, type ColumnType, type Drift, MORE } from './schema.ts';
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
 * This runs for every cell of every export: a row whose members come in the order of the columns is walked once,
 * without a look-up.
 */
export function createRowMapper(columns: readonly Column[]): RowMapper {
  const places = new Map(columns.map(({ name }, place) => [name, place]));
  const drift = new Map<string, Drift>();
  const cells: Cell[] = Array.from<Cell>({ length: columns.length + 1 });
  return {
    cells(row) {
      cells.fill(null);
      let left: Record<string, JsonValue> | undefined;
      let next = 0;
      for (const name in row) {
        const value = row[name] ?? null;
        const place = columns[next]?.name === name ? next : places.get(name);
        next = place === undefined ? next : place + 1;
        if (value === null) continue;
        const cell = place === undefined ? undefined : toCell(value, columns[place]?.type);
        if (place !== undefined && cell !== undefined) {
          cells[place] = cell;
          continue;
        }
        left ??= Object.create(null) as Record<string, JsonValue>;
        left[name] = value;
        drift.set(name, { kind: place === undefined ? 'new' : 'retyped', column: name });
      }
      if (left !== undefined) cells[columns.length] = JSON.stringify(left);
      return cells;
    },
    drift: () => [...drift.values()],
  };
}

/** `undefined` when it does not fit. Text takes plain values too, `json` takes all: such columns were mixed from the start. */
function toCell(value: Exclude<JsonValue, null>, type: ColumnType | undefined): Cell | undefined {
  if (typeof value === 'object') return type === 'json' ? JSON.stringify(value) : undefined;
  if (typeof value === type) return value;
  if (type === 'json') return JSON.stringify(value);
  return type === 'string' ? String(value) : undefined;
}
