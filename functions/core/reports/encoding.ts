import type { Column } from './schema.ts';

/** A value as a table has it: text (JSON text for objects and lists), a number, a truth value, or none. */
export type Cell = string | number | boolean | null;

/** Encodings that need a library. All are functions of their input alone: the same rows give the same bytes. */
export interface Encoders {
  gzip(bytes: Uint8Array): Uint8Array;
  gunzip(bytes: Uint8Array): Uint8Array;
  /** One Parquet file; `values` has one list per column, all of one length. */
  parquet(columns: readonly Column[], values: readonly (readonly Cell[])[]): Uint8Array;
}
