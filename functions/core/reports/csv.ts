import type { Cell } from './encoding.ts';
import { type GrowingFile, makeRoom, roomFor } from './growing-file.ts';
import type { Column } from './schema.ts';

const SPECIAL = /[",\r\n]/;

/**
 * A spreadsheet runs a cell that begins so; white space or NUL before it does not stop all of them, and some take the
 * full-width forms of these characters for the characters themselves.
 */
const FORMULA = /^[=+\-@\t\r\n\0\uFF1D\uFF0B\uFF0D\uFF20]/;

/** No beginning of a formula is between these: letters and most scripts need no closer look. */
const AT_SIGN = 0x40;
const FULL_WIDTH = 0xff00;

const QUOTE = 0x22;
const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Appends one CSV record with its CRLF. A value that begins like a formula gets an apostrophe in front when `defuse` is
 * on; numbers are never text, so -1 stays -1. No value is an empty cell, an empty text a quoted one, so that the two
 * stay apart.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180#section-2
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function appendRecord(file: GrowingFile, cells: readonly Cell[], defuse: boolean): void {
  const bytes = makeRoom(file, roomForRecord(cells));
  let at = file.size;
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index] ?? null;
    if (index > 0) bytes[at++] = COMMA;
    if (cell === null) continue;
    if (typeof cell !== 'string') at = writeText(bytes, at, String(cell));
    else at = writeText(bytes, at, defuse && isFormula(cell) ? `'${cell}` : cell);
  }
  bytes[at++] = CR;
  bytes[at++] = LF;
  file.size = at;
}

/** More than any number or truth value takes, and more than what comes round a text: comma, quotes, an apostrophe. */
const CELL_BYTES = 32;

/** Twice a text: as if it were nothing but quotes. */
function roomForRecord(cells: readonly Cell[]): number {
  let most = CELL_BYTES;
  for (const cell of cells) most += (typeof cell === 'string' ? 2 * roomFor(cell) : 0) + CELL_BYTES;
  return most;
}

function isFormula(cell: string): boolean {
  const first = cell.charCodeAt(0);
  return (first <= AT_SIGN || first > FULL_WIDTH) && FORMULA.test(cell);
}

/** Texts up to this long are written here: a call into the runtime takes longer than their letters do. */
const SHORT = 256;

const LAST_OF_ASCII = 0x7f;

function writeText(bytes: Buffer, place: number, value: string): number {
  if (value === '') return writeQuoted(bytes, place, value);
  if (value.length > SHORT)
    return SPECIAL.test(value) ? writeQuoted(bytes, place, value) : writePlain(bytes, place, value);
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code <= COMMA && (code === QUOTE || code === COMMA || code === CR || code === LF)) {
      return writeQuoted(bytes, place, value);
    }
    if (code > LAST_OF_ASCII)
      return SPECIAL.test(value) ? writeQuoted(bytes, place, value) : writePlain(bytes, place, value);
    bytes[place + at] = code;
  }
  return place + value.length;
}

function writePlain(bytes: Buffer, place: number, value: string): number {
  return place + bytes.write(value, place);
}

/** In quotes, with each quote doubled. */
function writeQuoted(bytes: Buffer, place: number, value: string): number {
  if (value.length > SHORT) return writeQuotedBytes(bytes, place, value);
  let at = place;
  bytes[at++] = QUOTE;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > LAST_OF_ASCII) return writeQuotedBytes(bytes, place, value);
    bytes[at++] = code;
    if (code === QUOTE) bytes[at++] = QUOTE;
  }
  bytes[at++] = QUOTE;
  return at;
}

/**
 * The same for a text that is long or is not ASCII. It is written behind the place where it goes, far enough for doubling
 * never to reach what is still to be read.
 */
function writeQuotedBytes(bytes: Buffer, place: number, value: string): number {
  let at = place;
  let from = place + roomFor(value) + 1;
  const end = from + bytes.write(value, from);
  bytes[at++] = QUOTE;
  while (from < end) {
    const byte = bytes[from++] as number;
    bytes[at++] = byte;
    if (byte === QUOTE) bytes[at++] = QUOTE;
  }
  bytes[at++] = QUOTE;
  return at;
}

/** The header record. Names are defused like cells: a provider chooses them. */
export function appendHeader(file: GrowingFile, columns: readonly Column[], defuse: boolean): void {
  appendRecord(
    file,
    columns.map(({ name }) => name),
    defuse,
  );
}
