import { hash } from 'node:crypto';

/** A file's bytes are hashed in blocks too, so that a change can be found and not only noticed. */
export interface Blocks {
  readonly bytes: number;
  /** First half of SHA-256, hex, of each block in order. The file's own SHA-256 is what counts; these say where. */
  readonly hashes: readonly string[];
}

/** Small files are told apart to the kibibyte; large ones have no more hashes than this, so that manifests stay small. */
const SMALLEST_BLOCK_BYTES = 1024;
const BLOCKS_LIMIT = 32;

/** What a manifest means that does not say how long its blocks are. */
export const DEFAULT_BLOCK_BYTES = 256 * 1024;

export function hashBlocks(bytes: Uint8Array): Blocks {
  let length = SMALLEST_BLOCK_BYTES;
  while (length * BLOCKS_LIMIT < bytes.byteLength) length *= 2;
  return { bytes: length, hashes: hashEach(bytes, length) };
}

function hashEach(bytes: Uint8Array, length: number): readonly string[] {
  const hashes: string[] = [];
  for (let start = 0; start < bytes.byteLength; start += length) {
    hashes.push(hash('sha256', bytes.subarray(start, start + length), 'hex').slice(0, 32));
  }
  return hashes;
}

/**
 * Where bytes differ from those that were hashed: `[first, last]` of each run of blocks, inclusive. What is there beyond
 * the size that was signed, or is lacking below it, is part of a run.
 */
export function changedRanges(
  bytes: Uint8Array,
  expected: Blocks,
  expectedBytes: number,
): readonly (readonly [number, number])[] {
  const actual = hashEach(bytes, expected.bytes);
  const size = Math.max(bytes.byteLength, expectedBytes);
  const ranges: [number, number][] = [];
  for (let index = 0; index < Math.max(actual.length, expected.hashes.length); index++) {
    if (actual[index] === expected.hashes[index]) continue;
    const start = index * expected.bytes;
    const end = Math.max(start, Math.min(start + expected.bytes, size) - 1);
    const last = ranges.at(-1);
    if (last && last[1] === start - 1) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}
