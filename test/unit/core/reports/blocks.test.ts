import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changedRanges, DEFAULT_BLOCK_BYTES, hashBlocks } from '../../../../functions/core/reports/blocks.ts';

const KIB = 1024;

describe('hashBlocks()', () => {
  it.each([
    [0, 1, 0],
    [1, 1, 1],
    [1024, 1, 1],
    [1025, 1, 2],
    [32 * KIB, 1, 32],
    [32 * KIB + 1, 2, 17],
    [64 * KIB, 2, 32],
    [64 * KIB + 1, 4, 17],
  ])('divides %i bytes into blocks of %i KiB: %i of them', (bytes, kib, count) => {
    const blocks = hashBlocks(new Uint8Array(bytes));
    expect([blocks.bytes, blocks.hashes.length]).toEqual([kib * KIB, count]);
  });

  it('has the first 32 hex digits of the SHA-256 of each block', () => {
    const bytes = Uint8Array.from({ length: 1500 }, (_, index) => index % 251);
    const digits = (part: Uint8Array) => hash('sha256', part, 'hex').slice(0, 32);
    expect(hashBlocks(bytes).hashes).toEqual([digits(bytes.subarray(0, 1024)), digits(bytes.subarray(1024))]);
  });

  it('takes 256 KiB for the length that old manifests mean', () => {
    expect(DEFAULT_BLOCK_BYTES).toBe(262_144);
  });
});

describe('changedRanges()', () => {
  const signed = Uint8Array.from({ length: 3500 }, () => 1);
  const blocks = hashBlocks(signed);
  const changed = (...places: readonly number[]) => signed.map((byte, place) => (places.includes(place) ? 2 : byte));
  const grown = (bytes: number) => Uint8Array.from({ length: bytes }, () => 1);

  it.each([
    ['nothing', signed, []],
    ['one block', changed(0), [[0, 1023]]],
    ['two that touch', changed(1023, 1024), [[0, 2047]]],
    [
      'two that do not',
      changed(5, 2048),
      [
        [0, 1023],
        [2048, 3071],
      ],
    ],
    ['the last one', changed(3499), [[3072, 3499]]],
    ['bytes that are lacking', signed.subarray(0, 3000), [[2048, 3499]]],
    ['whole blocks that are lacking', signed.subarray(0, 1024), [[1024, 3499]]],
    ['bytes that were added', grown(5000), [[3072, 4999]]],
    ['everything', new Uint8Array(0), [[0, 3499]]],
  ])('says where %s changed', (_, bytes, ranges) => {
    expect(changedRanges(bytes, blocks, signed.length)).toEqual(ranges);
  });

  it('names a place even where hashes say more than there are bytes', () => {
    expect(changedRanges(new Uint8Array(0), { bytes: KIB, hashes: ['a', 'b'] }, 0)).toEqual([
      [0, 0],
      [1024, 1024],
    ]);
  });
});
