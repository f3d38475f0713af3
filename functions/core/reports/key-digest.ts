import { hash } from 'node:crypto';
import { canonicalJson } from '../json.ts';
import { emptyFile, appendText, type GrowingFile, makeRoom } from './growing-file.ts';
import { createHalfSipHash } from './half-sip-hash.ts';
import type { SourceRow } from './source.ts';

/** Keys are digested and compared up to this many rows. */
export const KEYS_LIMIT = 200_000;

export const KEY_BYTES = 8;

/** Names how keys are digested: those of an export that did it otherwise (before, by SHA-256: `.bin`) say nothing. */
export const KEYS_SUFFIX = '.hsip64';

/** Digests of the rows' keys, one after the other. */
export type DigestKeys = (rows: readonly SourceRow[], keyColumns: readonly string[]) => Uint8Array;

/**
 * Which rows an export had, in 8 bytes each. Enough to count what appeared, disappeared and came twice (at this many
 * rows two keys collide once in a billion exports), without naming anything.
 *
 * @param chain what the exports that are compared have in common, and no others
 */
export function createKeyDigest(chain: string): DigestKeys {
  const halfSipHash = createHalfSipHash(hash('sha256', chain, 'buffer').subarray(0, 8));
  const keys = emptyFile();
  return (rows, keyColumns) => {
    const ends: number[] = [];
    keys.size = 0;
    for (const row of rows) {
      for (const column of keyColumns) appendValue(keys, row[column] ?? null);
      ends.push(keys.size);
    }
    const digests = new Uint8Array(rows.length * KEY_BYTES);
    const [from, into] = [viewOf(keys.bytes), viewOf(digests)];
    for (let index = 0, start = 0; index < ends.length; index++) {
      const end = ends[index] as number;
      halfSipHash(from, start, end, into, index * KEY_BYTES);
      start = end;
    }
    return digests;
  };
}

const TEXT = 0x73;
const OTHER = 0x6a;
/** Never in UTF-8: no two keys are written alike. */
const END = 0xff;

function appendValue(keys: GrowingFile, value: SourceRow[string]): void {
  makeRoom(keys, 1)[keys.size++] = typeof value === 'string' ? TEXT : OTHER;
  appendText(keys, typeof value === 'string' ? value : canonicalJson(value));
  makeRoom(keys, 1)[keys.size++] = END;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

export interface KeyComparison {
  /** Rows whose key came before in the same export: a page moved while it was read, or the key is none. */
  readonly duplicates: number;
  /** Absent where there is nothing to compare with. */
  readonly appeared?: number;
  readonly disappeared?: number;
  /** Places, in their own exports, of the first rows that came and went. */
  readonly sample?: { readonly appeared: readonly number[]; readonly disappeared: readonly number[] };
}

/** Rows that are shown to people. */
const SAMPLE_LIMIT = 20;

/** Compares the keys of two exports, each given as the digests of its parts. */
export function compareKeys(
  current: readonly Uint8Array[],
  previous: readonly Uint8Array[] | undefined,
): KeyComparison {
  const now = distinct(current);
  const duplicates = now.total - now.keys.length;
  if (previous === undefined) return { duplicates };
  const before = distinct(previous);
  const kept = now.keys.filter((key) => holds(before.keys, key)).length;
  const appeared = now.keys.length - kept;
  const disappeared = before.keys.length - kept;
  const sample = { appeared: placesOf(now, before, appeared), disappeared: placesOf(before, now, disappeared) };
  return { duplicates, appeared, disappeared, sample };
}

interface Keys {
  /** As the rows are. */
  readonly rows: BigUint64Array;
  /** Sorted, each once. */
  readonly keys: BigUint64Array;
  readonly total: number;
}

function distinct(digests: readonly Uint8Array[]): Keys {
  const bytes = new Uint8Array(Buffer.concat(digests));
  const rows = new BigUint64Array(bytes.buffer, 0, Math.floor(bytes.byteLength / KEY_BYTES));
  const keys = rows.toSorted();
  return { rows, keys: keys.filter((key, index) => key !== keys[index - 1]), total: keys.length };
}

/** Places of the first of `count` keys that are not among the others. */
function placesOf({ rows }: Keys, others: Keys, count: number): readonly number[] {
  const places: number[] = [];
  const seen = new Set<bigint>();
  for (const [place, key] of rows.entries()) {
    if (places.length === Math.min(count, SAMPLE_LIMIT)) break;
    if (seen.has(key) || holds(others.keys, key)) continue;
    seen.add(key);
    places.push(place);
  }
  return places;
}

function holds(sorted: BigUint64Array, key: bigint): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as bigint) < key) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === key;
}
