import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRandom } from '../../../../functions/adapters/crypto/random.ts';

/** What the generator gave, two bytes a number, so that each is told from the other. */
const drawn = vi.hoisted((): { numbers: number; block?: Uint8Array } => ({ numbers: 0 }));

vi.mock('node:crypto', () => ({
  randomFillSync(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer);
    drawn.block = bytes;
    for (let at = 0; at + 2 <= bytes.byteLength; at += 2) view.setUint16(at, (drawn.numbers += 1));
    return bytes;
  },
}));

afterEach(() => {
  drawn.numbers = 0;
});

function numbersIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 2 }, (_, index) => view.getUint16(2 * index));
}

describe('createRandom()', () => {
  it('hands no byte out twice, and none that the generator did not give', () => {
    const random = createRandom();
    const lengths = Array.from({ length: 2000 }, (_, index) => [12, 16, 32, 6, 2][index % 5] ?? 12);
    const given = lengths.flatMap((length) => {
      const bytes = random.bytes(length);
      expect(bytes).toHaveLength(length);
      return numbersIn(bytes);
    });
    expect(new Set(given).size).toBe(given.length);
    expect(given).not.toContain(0);
  });

  it('leaves what was handed out alone', () => {
    const random = createRandom();
    const first = random.bytes(12);
    const before = numbersIn(first);
    for (let draws = 0; draws < 1000; draws += 1) random.bytes(12).fill(0);
    expect(numbersIn(first)).toEqual(before);
  });

  it('keeps nothing of what was handed out', () => {
    const random = createRandom();
    for (let draws = 1; draws <= 60; draws += 1) {
      random.bytes(32);
      const block = drawn.block ?? new Uint8Array();
      expect(block.subarray(0, 32 * draws)).toEqual(new Uint8Array(32 * draws));
      expect(new Set(numbersIn(block.subarray(32 * draws)))).not.toContain(0);
    }
  });

  it('draws nothing before it is asked, and as much as it is asked for', () => {
    const random = createRandom();
    expect(drawn.numbers).toBe(0);
    const bytes = random.bytes(10_000);
    expect(numbersIn(bytes)).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
  });
});
