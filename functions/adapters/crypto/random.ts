import type { Random } from '../../core/time.ts';

/** Drawn at once: for a few bytes the way to the generator takes longer than the generator. */
const BLOCK_BYTES = 2048;

/**
 * Random bytes for keys of every kind. They are drawn in blocks, each byte is handed out once and not kept.
 *
 * The first block is drawn at the first use: what is in memory before an environment serves may be copied (SnapStart).
 *
 * @param fill fills bytes from the system's generator
 */
export function createRandom(fill: (bytes: Uint8Array) => void): Random {
  const block = new Uint8Array(BLOCK_BYTES);
  let used = BLOCK_BYTES;
  return {
    bytes(length) {
      if (length > BLOCK_BYTES) {
        const bytes = new Uint8Array(length);
        fill(bytes);
        return bytes;
      }
      if (used + length > BLOCK_BYTES) {
        fill(block);
        used = 0;
      }
      const bytes = block.slice(used, used + length);
      block.fill(0, used, used + length);
      used += length;
      return bytes;
    },
  };
}
