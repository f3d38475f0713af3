import { hash } from 'node:crypto';

/** A part's bytes are hashed in blocks too, so that a change can be found and not only noticed. */
export const BLOCK_BYTES = 256 * 1024;

/** First half of SHA-256, hex, of each block in order. The part's own SHA-256 is what counts; these say where. */
export function hashBlocks(bytes: Uint8Array): readonly string[] {
  const hashes: string[] = [];
  for (let start = 0; start < bytes.byteLength; start += BLOCK_BYTES) {
    const block = bytes.subarray(start, start + BLOCK_BYTES);
    hashes.push(hash('sha256', block, 'hex').slice(0, 32));
  }
  return hashes;
}

/** Where bytes differ from those that were hashed: `[first, last]` of each run of blocks, inclusive. */
export function changedRanges(bytes: Uint8Array, expected: readonly string[]): readonly (readonly [number, number])[] {
  const actual = hashBlocks(bytes);
  const ranges: [number, number][] = [];
  for (let index = 0; index < Math.max(actual.length, expected.length); index++) {
    if (actual[index] === expected[index]) continue;
    const start = index * BLOCK_BYTES;
    const end = Math.max(start, Math.min(start + BLOCK_BYTES, Math.max(bytes.byteLength, start + 1)) - 1);
    const last = ranges.at(-1);
    if (last && last[1] === start - 1) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}
