import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../functions/adapters/crypto/random.ts';

/** A generator whose bytes are numbers, two bytes each, so that each is told from the other. */
function setUp() {
  const drawn: { numbers: number; block: Uint8Array } = { numbers: 0, block: new Uint8Array() };
  const random = createRandom((bytes) => {
    const view = new DataView(bytes.buffer);
    drawn.block = bytes;
    for (let at = 0; at + 2 <= bytes.byteLength; at += 2) view.setUint16(at, (drawn.numbers += 1));
  });
  return { drawn, random };
}

function numbersIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 2 }, (_, index) => view.getUint16(2 * index));
}

describe('createRandom()', () => {
  it('hands no byte out twice, and none that the generator did not give', () => {
    const { random } = setUp();
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
    const { random } = setUp();
    const first = random.bytes(12);
    const before = numbersIn(first);
    for (let draws = 0; draws < 1000; draws += 1) random.bytes(12).fill(0);
    expect(numbersIn(first)).toEqual(before);
  });

  it('keeps nothing of what was handed out', () => {
    const { drawn, random } = setUp();
    for (let draws = 1; draws <= 60; draws += 1) {
      random.bytes(32);
      const { block } = drawn;
      expect(block.subarray(0, 32 * draws)).toEqual(new Uint8Array(32 * draws));
      expect(new Set(numbersIn(block.subarray(32 * draws)))).not.toContain(0);
    }
  });

  it('draws nothing before it is asked, and as much as it is asked for', () => {
    const { drawn, random } = setUp();
    expect(drawn.numbers).toBe(0);
    const bytes = random.bytes(10_000);
    expect(numbersIn(bytes)).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
  });
});
