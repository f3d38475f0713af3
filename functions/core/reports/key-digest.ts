import { hash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../json.ts';
import type { SourceRow } from './source.ts';

/**
 * Which rows an export had, in 8 bytes each: the first bytes of SHA-256 over the row's key. Enough to count what
 * appeared, disappeared and came twice (at this many rows two keys collide once in a billion exports), without naming
 * anything.
 */
export const KEYS_LIMIT = 200_000;

const KEY_BYTES = 8;

export function digestKeys(rows: readonly SourceRow[], keyColumns: readonly string[]): Uint8Array {
  const digest = Buffer.alloc(rows.length * KEY_BYTES);
  for (const [index, row] of rows.entries()) {
    hash('sha256', keyText(row, keyColumns), 'buffer').copy(digest, index * KEY_BYTES, 0, KEY_BYTES);
  }
  return digest;
}

/** The canonical JSON of the key's values. */
function keyText(row: SourceRow, keyColumns: readonly string[]): string {
  let text = '';
  for (const column of keyColumns) text += `,${plainText(row[column] ?? null)}`;
  return `[${text.slice(1)}]`;
}

function plainText(value: JsonValue): string {
  return typeof value === 'object' ? canonicalJson(value) : JSON.stringify(value);
}

export interface KeyComparison {
  /** Rows whose key came before in the same export: a page moved while it was read, or the key is none. */
  readonly duplicates: number;
  /** Absent where there is nothing to compare with. */
  readonly appeared?: number;
  readonly disappeared?: number;
}

/** Compares the keys of two exports, each given as the digests of its parts. */
export function compareKeys(
  current: readonly Uint8Array[],
  previous: readonly Uint8Array[] | undefined,
): KeyComparison {
  const now = distinct(current);
  const duplicates = now.total - now.keys.length;
  if (previous === undefined) return { duplicates };
  const before = distinct(previous);
  const kept = common(now.keys, before.keys);
  return { duplicates, appeared: now.keys.length - kept, disappeared: before.keys.length - kept };
}

function distinct(digests: readonly Uint8Array[]): { readonly keys: BigUint64Array; readonly total: number } {
  const bytes = new Uint8Array(Buffer.concat(digests));
  const keys = new BigUint64Array(bytes.buffer, 0, Math.floor(bytes.byteLength / KEY_BYTES)).toSorted();
  return { keys: keys.filter((key, index) => index === 0 || key !== keys[index - 1]), total: keys.length };
}

function common(a: BigUint64Array, b: BigUint64Array): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const left = a[i] as bigint;
    const right = b[j] as bigint;
    if (left === right) shared += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return shared;
}
