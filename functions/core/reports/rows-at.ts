import type { JsonValue } from '../json.ts';
import type { Archive } from './archive.ts';
import type { Encoders } from './encoding.ts';
import type { ManifestPart } from './manifest.ts';
import type { SourceRow } from './source.ts';

/** Cells of one row, as text. */
export type RowText = readonly string[];

const CELL_LENGTH = 80;

/**
 * Some rows of an export by their place in it, and of them the columns that are named. Reads the parts that hold them one
 * at a time, JSON Lines or else CSV; Parquet alone is not read.
 */
export async function rowsAt(
  { archive, encoders }: { readonly archive: Pick<Archive, 'read'>; readonly encoders: Encoders },
  parts: readonly ManifestPart[],
  places: readonly number[],
  columns: readonly string[],
): Promise<readonly RowText[]> {
  const format = ['jsonl', 'csv'].find((one) => parts.some((part) => part.format === one));
  const found: RowText[] = [];
  let first = 0;
  for (const part of parts.filter((one) => one.format === format)) {
    const wanted = new Set(
      places.filter((place) => place >= first && place < first + part.rows).map((at) => at - first),
    );
    first += part.rows;
    if (wanted.size === 0) continue;
    const bytes = await archive.read(part.key, part.versionId);
    if (bytes === undefined) continue;
    const text = Buffer.from(part.gzip ? encoders.gunzip(bytes) : bytes).toString('utf8');
    const rows = format === 'csv' ? csvRows(text, wanted, columns) : jsonRows(text, wanted, columns);
    found.push(...[...rows].map((row) => row.map(shorten)));
  }
  return found;
}

function* jsonRows(text: string, wanted: ReadonlySet<number>, columns: readonly string[]): Generator<RowText> {
  let place = 0;
  for (const [line] of text.matchAll(/[^\n]+/g)) {
    if (!wanted.has(place++)) continue;
    const row = JSON.parse(line) as SourceRow;
    yield columns.map((name) => plain(row[name] ?? ''));
  }
}

function plain(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function* csvRows(text: string, wanted: ReadonlySet<number>, columns: readonly string[]): Generator<RowText> {
  let at: readonly number[] | undefined;
  let place = 0;
  for (const record of csvRecords(text)) {
    if (at === undefined) at = columns.map((name) => record.indexOf(name));
    else if (wanted.has(place++)) yield at.map((index) => record[index] ?? '');
  }
}

/** Records of a CSV file of ours: RFC 4180, each with its line break. */
function* csvRecords(text: string): Generator<readonly string[]> {
  let cells: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfCell(text, at);
    const raw = text.slice(at, end);
    cells.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    at = end + 1;
    if (text[end] === ',') continue;
    at = end + 2;
    yield cells;
    cells = [];
  }
}

function endOfCell(text: string, start: number): number {
  let at = start;
  while (text[at] === '"') at = text.indexOf('"', at + 1) + 1 || text.length;
  while (at < text.length && text[at] !== ',' && text[at] !== '\r') at += 1;
  return at;
}

function shorten(text: string): string {
  const letters = Array.from(text);
  return letters.length > CELL_LENGTH ? `${letters.slice(0, CELL_LENGTH - 1).join('')}…` : text;
}
