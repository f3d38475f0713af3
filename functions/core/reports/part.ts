import type { ExportFormat } from '../jobs.ts';
import { appendHeader, appendRecord } from './csv.ts';
import type { Cell, Encoders } from './encoding.ts';
import { countGroups, type GroupCounts } from './groups.ts';
import { appendText, emptyFile, type GrowingFile, writtenBytes } from './growing-file.ts';
import { type DigestKeys, KEY_BYTES, KEYS_SUFFIX } from './key-digest.ts';
import { createRowMapper, type RowMapper, withMore } from './rows.ts';
import { type Column, type Drift, inferColumns } from './schema.ts';
import type { SourceDescription, SourcePage, SourceRow } from './source.ts';

export type PartFormat = ExportFormat | 'vendor' | 'keys';

/** One object of a part, encoded and ready to be written. */
export interface PartFile {
  readonly format: PartFormat;
  /** What follows the number in the object's name: `.csv.gz`, `-report.csv`. */
  readonly suffix: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
}

export interface PartOptions {
  readonly formats: readonly ExportFormat[];
  readonly gzip: boolean;
  readonly defuseFormulas: boolean;
  readonly description: Pick<SourceDescription, 'columns' | 'keyColumns' | 'groupColumn'>;
  /** As the first part found them; absent in the first part. */
  readonly columns: readonly Column[] | undefined;
  /** What an export without rows has: those of the last one, so that its files have the same head. */
  readonly emptyColumns: readonly Column[] | undefined;
  /** Absent where keys are no longer digested at this many rows. */
  readonly digestKeys: DigestKeys | undefined;
}

/** Takes pages in, gives files out. Holds one part's bytes per format and nothing else. */
export interface PartBuilder {
  add(page: SourcePage): void;
  /** Size so far, before compression: what ends a part. */
  bytes(): number;
  rows(): number;
  pages(): number;
  columns(): readonly Column[] | undefined;
  drift(): readonly Drift[];
  groups(): GroupCounts;
  /** Empty when nothing came in and `even` is not set: an export has at least one part of each format. */
  finish(even: boolean): readonly PartFile[];
}

interface Content {
  columns: readonly Column[] | undefined;
  mapper: RowMapper | undefined;
  readonly csv: GrowingFile;
  readonly jsonl: GrowingFile;
  /** One list per column. */
  parquet: Cell[][];
  readonly keys: Uint8Array[];
  readonly vendor: Map<string, { readonly contentType: string; readonly chunks: Uint8Array[] }>;
  groups: GroupCounts;
  rows: number;
  pages: number;
  bytes: number;
}

export function createPartBuilder(options: PartOptions, encoders: Encoders): PartBuilder {
  const content: Content = {
    columns: options.columns,
    mapper: undefined,
    csv: emptyFile(),
    jsonl: emptyFile(),
    parquet: [],
    keys: [],
    vendor: new Map(),
    groups: {},
    rows: 0,
    pages: 0,
    bytes: 0,
  };
  return {
    add(page) {
      content.pages += 1;
      if (page.file) addFile(content, page.file);
      if (page.rows.length > 0) addRows(content, options, page.rows);
    },
    bytes: () => content.bytes,
    rows: () => content.rows,
    pages: () => content.pages,
    columns: () => content.columns,
    drift: () => content.mapper?.drift() ?? [],
    groups: () => content.groups,
    finish: (even) => [...tables(content, options, encoders, even), ...sideFiles(content)],
  };
}

function addFile(content: Content, file: NonNullable<SourcePage['file']>): void {
  const held = content.vendor.get(file.name) ?? { contentType: file.contentType, chunks: [] };
  held.chunks.push(file.bytes);
  content.bytes += file.bytes.byteLength;
  content.vendor.set(file.name, held);
}

function addRows(content: Content, options: PartOptions, rows: readonly SourceRow[]): void {
  const { description, formats, digestKeys } = options;
  const columns = (content.columns ??= inferColumns(description.columns, rows));
  const mapper = (content.mapper ??= createRowMapper(columns));
  const lines = formats.includes('jsonl') ? addLines(content.jsonl, rows) : 0;
  const records = formats.includes('csv') ? addRecords(content.csv, withMore(columns), mapper, rows, options) : 0;
  const cells = formats.includes('parquet') ? addToColumns(content, columns.length + 1, mapper, rows) : 0;
  content.bytes += Math.max(lines, records) || cells;
  content.rows += rows.length;
  if (description.keyColumns && digestKeys) content.keys.push(digestKeys(rows, description.keyColumns));
  if (description.groupColumn) content.groups = countGroups(content.groups, rows, description.groupColumn);
}

/** Gives the bytes that were added. */
function addLines(file: GrowingFile, rows: readonly SourceRow[]): number {
  const before = file.size;
  for (const row of rows) appendText(file, `${JSON.stringify(row)}\n`);
  return file.size - before;
}

/** Gives the bytes that were added, the header not among them. */
function addRecords(
  csv: GrowingFile,
  columns: readonly Column[],
  mapper: RowMapper,
  rows: readonly SourceRow[],
  { defuseFormulas }: PartOptions,
): number {
  if (csv.size === 0) appendHeader(csv, columns, defuseFormulas);
  const before = csv.size;
  for (const row of rows) appendRecord(csv, mapper.cells(row), defuseFormulas);
  return csv.size - before;
}

/** What a cell takes beside its text, as JSON has it: name, quotes, comma. */
const CELL_BYTES = 16;

/** Gives about as many bytes as the rows have as JSON: what a column takes in the file is known only at its end. */
function addToColumns(content: Content, width: number, mapper: RowMapper, rows: readonly SourceRow[]): number {
  if (content.parquet.length === 0) content.parquet = Array.from({ length: width }, () => []);
  let bytes = rows.length * width * CELL_BYTES;
  for (const row of rows) {
    const cells = mapper.cells(row);
    for (const [place, values] of content.parquet.entries()) {
      const cell = cells[place] ?? null;
      values.push(cell);
      if (typeof cell === 'string') bytes += cell.length;
    }
  }
  return bytes;
}

function tables(content: Content, options: PartOptions, encoders: Encoders, even: boolean): readonly PartFile[] {
  if (content.rows === 0 && !even) return [];
  const empty = options.emptyColumns?.length ? options.emptyColumns : inferColumns(options.description.columns, []);
  const columns = withMore(content.columns ?? empty);
  const { rows } = content;
  if (content.csv.size === 0) appendHeader(content.csv, columns, options.defuseFormulas);
  return options.formats.map((format): PartFile => {
    if (format === 'parquet') {
      const bytes = encoders.parquet(columns, content.parquet);
      return { format, suffix: '.parquet', contentType: 'application/vnd.apache.parquet', bytes, rows };
    }
    const plain = writtenBytes(content[format]);
    if (options.gzip) {
      return { format, suffix: `.${format}.gz`, contentType: 'application/gzip', bytes: encoders.gzip(plain), rows };
    }
    const contentType =
      format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8';
    return { format, suffix: `.${format}`, contentType, bytes: plain, rows };
  });
}

function sideFiles({ keys, vendor }: Content): readonly PartFile[] {
  const files = [...vendor].map(([name, { contentType, chunks }]): PartFile => {
    return { format: 'vendor', suffix: `-${name}`, contentType, bytes: Buffer.concat(chunks), rows: 0 };
  });
  if (keys.length === 0) return files;
  const bytes = Buffer.concat(keys);
  return [
    ...files,
    {
      format: 'keys',
      suffix: KEYS_SUFFIX,
      contentType: 'application/octet-stream',
      bytes,
      rows: bytes.byteLength / KEY_BYTES,
    },
  ];
}
