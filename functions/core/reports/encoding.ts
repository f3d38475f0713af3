import type { Column } from './schema.ts';

/** A row as a table has it: one value per column, in the columns' order; `undefined` and `null` are no value. */
export type Cells = readonly (string | number | boolean | null)[];

/** Encodings that need a library. Both are functions of their input alone: the same rows give the same bytes. */
export interface Encoders {
  gzip(bytes: Uint8Array): Uint8Array;
  /** One Parquet file. */
  parquet(columns: readonly Column[], rows: readonly Cells[]): Uint8Array;
}
