import { describe, expect, it } from 'vitest';
import { createSealedMemory } from '../../../../functions/core/sealing/sealed-memory.ts';

const PIECE_BYTES = 16_384;

describe('the memory of sealed values', () => {
  it('is had in pieces, each used to its last byte, and no byte of it twice', () => {
    const allocate = createSealedMemory();
    const parts = [allocate(100), allocate(PIECE_BYTES - 150), allocate(50), allocate(1)];
    const [first, second, third, fourth] = parts.map(({ buffer, byteOffset, byteLength }) => ({
      buffer,
      from: byteOffset,
      to: byteOffset + byteLength,
    }));
    expect(second?.buffer).toBe(first?.buffer);
    expect(third?.buffer).toBe(first?.buffer);
    expect([first, second, third].map((part) => [part?.from, part?.to])).toEqual([
      [0, 100],
      [100, PIECE_BYTES - 50],
      [PIECE_BYTES - 50, PIECE_BYTES],
    ]);
    expect(fourth?.buffer).not.toBe(first?.buffer);
    expect(fourth?.from).toBe(0);
  });

  it('is as large as a value that is larger than a piece', () => {
    const large = createSealedMemory()(PIECE_BYTES + 1);
    expect([large.byteLength, large.buffer.byteLength]).toEqual([PIECE_BYTES + 1, PIECE_BYTES + 1]);
  });
});
