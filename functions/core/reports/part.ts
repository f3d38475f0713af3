import type { ExportFormat } from '../jobs.ts';
import { csvHeader, csvRecord } from './csv.ts';
import type { Cell, Encoders } from './encoding.ts';
import { countGroups, type GroupCounts } from './groups.ts';
import { digestKeys } from './key-digest.ts';
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
  /** Whether keys are still digested at this many rows. */
  readonly digestKeys: boolean;
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
  readonly csv: Buffer[];
  readonly jsonl: Buffer[];
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
    csv: [],
    jsonl: [],
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
  const { description, formats } = options;
  content.columns ??= inferColumns(description.columns, rows);
  content.mapper ??= createRowMapper(content.columns);
  if (formats.includes('jsonl')) {
    let text = '';
    for (const row of rows) text += `${JSON.stringify(row)}\n`;
    content.jsonl.push(Buffer.from(text));
  }
  const csv = formats.includes('csv') ? csvText(content.mapper, rows, options.defuseFormulas) : undefined;
  if (csv) content.csv.push(csv);
  if (formats.includes('parquet')) addToColumns(content, content.mapper, rows);
  const largest = Math.max(content.jsonl.at(-1)?.byteLength ?? 0, csv?.byteLength ?? 0);
  content.bytes += largest > 0 ? largest : Buffer.byteLength(JSON.stringify(rows));
  content.rows += rows.length;
  if (description.keyColumns && options.digestKeys) content.keys.push(digestKeys(rows, description.keyColumns));
  if (description.groupColumn) content.groups = countGroups(content.groups, rows, description.groupColumn);
}

function csvText(mapper: RowMapper, rows: readonly SourceRow[], defuse: boolean): Buffer {
  let text = '';
  for (const row of rows) text += csvRecord(mapper.cells(row), defuse);
  return Buffer.from(text);
}

function addToColumns(content: Content, mapper: RowMapper, rows: readonly SourceRow[]): void {
  const width = (content.columns?.length ?? 0) + 1;
  if (content.parquet.length === 0) content.parquet = Array.from({ length: width }, () => []);
  for (const row of rows) {
    const cells = mapper.cells(row);
    for (let place = 0; place < width; place++) content.parquet[place]?.push(cells[place] ?? null);
  }
}

function tables(content: Content, options: PartOptions, encoders: Encoders, even: boolean): readonly PartFile[] {
  if (content.rows === 0 && !even) return [];
  const columns = withMore(content.columns ?? inferColumns(options.description.columns, []));
  const { rows } = content;
  return options.formats.map((format): PartFile => {
    if (format === 'parquet') {
      const bytes = encoders.parquet(columns, content.parquet);
      return { format, suffix: '.parquet', contentType: 'application/vnd.apache.parquet', bytes, rows };
    }
    const head = format === 'csv' ? [Buffer.from(csvHeader(columns, options.defuseFormulas))] : [];
    const plain = Buffer.concat([...head, ...content[format]]);
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
    { format: 'keys', suffix: '.bin', contentType: 'application/octet-stream', bytes, rows: bytes.byteLength / 8 },
  ];
}
