import { randomFillSync } from 'node:crypto';
import type { Random } from '../../core/time.ts';

/** Drawn at once: for a few bytes the way to the generator takes longer than the generator. */
const BLOCK_BYTES = 2048;

/**
 * Random bytes for keys of every kind. They are drawn in blocks, each byte is handed out once and not kept.
 *
 * The first block is drawn at the first use: what is in memory before an environment serves may be copied (SnapStart).
 */
export function createRandom(): Random {
  const block = new Uint8Array(BLOCK_BYTES);
  let used = BLOCK_BYTES;
  return {
    bytes(length) {
      if (length > BLOCK_BYTES) return randomFillSync(new Uint8Array(length));
      if (used + length > BLOCK_BYTES) {
        randomFillSync(block);
        used = 0;
      }
      const bytes = block.slice(used, used + length);
      block.fill(0, used, used + length);
      used += length;
      return bytes;
    },
  };
}
