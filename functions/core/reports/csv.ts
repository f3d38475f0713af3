import type { Cells } from './encoding.ts';
import type { Column } from './schema.ts';

const SPECIAL = /[",\r\n]/;

/** A spreadsheet runs a cell that begins so; a tab or NUL before it does not stop all of them. */
const FORMULA = /^[=+\-@\t\r\0]/;

/**
 * One CSV record with its CRLF. A value that begins like a formula gets an apostrophe in front when `defuse` is on;
 * numbers are never text, so -1 stays -1.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180#section-2
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvRecord(cells: Cells, defuse: boolean): string {
  let record = '';
  for (let index = 0; index < cells.length; index++) {
    if (index > 0) record += ',';
    record += csvCell(cells[index] ?? null, defuse);
  }
  return `${record}\r\n`;
}

/** No value is an empty cell, an empty text a quoted one, so that the two stay apart. */
function csvCell(cell: Cells[number], defuse: boolean): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  if (cell === '') return '""';
  const value = defuse && FORMULA.test(cell) ? `'${cell}` : cell;
  return SPECIAL.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The header record. Names are defused like cells: a provider chooses them. */
export function csvHeader(columns: readonly Column[], defuse: boolean): string {
  return csvRecord(
    columns.map(({ name }) => name),
    defuse,
  );
}
