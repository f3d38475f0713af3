import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSecret } from '../../../functions/core/authorization/secrets.ts';
import { createSealer, DATA_KEY_RECORDS } from '../../../functions/core/sealing/sealer.ts';
import { memoryDataKeys } from '../../support/token-world.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

/** As the functions have it. */
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };

const MILLION = 1_000_000;
/** Six standard deviations around the mean of chi² with 255 degrees of freedom: one in a thousand million. */
const CHI_SQUARED = { least: 120, most: 400 };

/** Chi² of how often each of the 256 bytes came. */
function chiSquared(counts: Uint32Array, total: number): number {
  const expected = total / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('what has to be random', () => {
  it(
    'S17: a million states are 256 bits each, never twice, without structure at any place',
    { timeout: 120_000 },
    () => {
      const seen = new Set<string>();
      const places = Array.from({ length: 32 }, () => new Uint32Array(256));
      const differences = new Uint32Array(256);
      let last = 0;
      for (let count = 0; count < MILLION; count += 1) {
        const secret = newSecret(random);
        seen.add(secret);
        const bytes = Buffer.from(secret, 'base64url');
        if (bytes.byteLength !== 32) throw new Error(`${bytes.byteLength} bytes`);
        for (let place = 0; place < 32; place += 1) (places[place] as Uint32Array)[bytes[place] as number]! += 1;
        differences[((bytes[0] as number) - last) & 255]! += 1;
        last = bytes[0] as number;
      }
      expect(seen.size).toBe(MILLION);
      for (const counts of [...places, differences]) {
        expect(chiSquared(counts, MILLION)).toBeGreaterThan(CHI_SQUARED.least);
        expect(chiSquared(counts, MILLION)).toBeLessThan(CHI_SQUARED.most);
      }
    },
  );

  it('S85: a million sealed values have a million nonces, and a thousand data keys', { timeout: 120_000 }, async () => {
    const keys = memoryDataKeys();
    const sealer = createSealer({ keys: keys.port, clock: createVirtualClock(), random });
    const context = { provider: 'acme', connection: 'c1', purpose: 'access', generation: 1 } as const;
    const nonces = new Set<string>();
    for (let count = 0; count < MILLION; count += 1) {
      const sealed = (await sealer.prepare(['access']))('x', context);
      nonces.add(Buffer.from(sealed.subarray(51, 63)).toString('latin1'));
    }
    expect(nonces.size).toBe(MILLION);
    expect(keys.calls.generate).toBe(MILLION / DATA_KEY_RECORDS);
  });
});
