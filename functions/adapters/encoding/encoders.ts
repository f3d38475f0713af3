import { parquetWriteBuffer } from 'hyparquet-writer';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Cell, Encoders } from '../../core/reports/encoding.ts';
import type { Column, ColumnType } from '../../core/reports/schema.ts';

const PARQUET_TYPES: Readonly<Record<ColumnType, 'STRING' | 'DOUBLE' | 'BOOLEAN'>> = {
  string: 'STRING',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  // Text, not Parquet's JSON type: readers differ about that, and the manifest's schema says which columns are JSON.
  json: 'STRING',
};

/** gzip from Node (no name, no time in its header), Parquet from hyparquet-writer: same rows, same bytes. */
export function createEncoders(): Encoders {
  return {
    gzip: (bytes) => gzipSync(bytes, { level: 6 }),
    gunzip: (bytes) => gunzipSync(bytes),
    parquet: encodeParquet,
  };
}

function encodeParquet(columns: readonly Column[], values: readonly (readonly Cell[])[]): Uint8Array {
  const file = parquetWriteBuffer({
    columnData: columns.map(({ name, type }, place) => ({
      name,
      type: PARQUET_TYPES[type],
      nullable: true,
      data: [...(values[place] ?? [])],
    })),
    createdBy: 'steward',
  });
  return new Uint8Array(file);
}
