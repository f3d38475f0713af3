import { randomBytes, randomFillSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../functions/adapters/crypto/random.ts';
import { newSecret } from '../../../functions/core/authorization/secrets.ts';
import { createSealer, DATA_KEY_RECORDS } from '../../../functions/core/sealing/sealer.ts';
import { memoryDataKeys } from '../../support/token-world.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

/** As the functions have it. */
const random = createRandom(randomFillSync);

const MILLION = 1_000_000;
const SECRET_BYTES = 32;
const NONCE = { start: 51, end: 63 };
/** Six standard deviations around the mean of chi² with 255 degrees of freedom: one in a thousand million. */
const CHI_SQUARED = { least: 120, most: 400 };

/** Chi² of how often each of the 256 bytes came. */
function chiSquared(counts: Uint32Array, total: number): number {
  const expected = total / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Of each place in records of `size` bytes, and of the steps from one record's first byte to the next one's. */
function chiSquaredByPlace(bytes: Uint8Array, size: number): number[] {
  const places = Array.from({ length: size + 1 }, () => new Uint32Array(256));
  const count = bytes.byteLength / size;
  for (let place = 0; place < size; place += 1) {
    const counts = places[place] as Uint32Array;
    for (let at = place; at < bytes.byteLength; at += size) counts[bytes[at] as number]! += 1;
  }
  const steps = places[size] as Uint32Array;
  for (let at = 0; at < bytes.byteLength; at += size)
    steps[((bytes[at] as number) - (bytes[at - size] ?? 0)) & 255]! += 1;
  return places.map((counts) => chiSquared(counts, count));
}

/** How many records share their first eight bytes with another: by chance none of a million does. */
function repeated(bytes: Uint8Array, size: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const heads = new BigUint64Array(bytes.byteLength / size);
  for (let index = 0; index < heads.length; index += 1) heads[index] = view.getBigUint64(index * size);
  heads.sort();
  let twice = 0;
  for (let index = 1; index < heads.length; index += 1) if (heads[index] === heads[index - 1]) twice += 1;
  return twice;
}

describe('what has to be random', () => {
  it('S17: a million states are 256 bits each, never twice, without structure at any place', () => {
    const states = Buffer.alloc(MILLION * SECRET_BYTES);
    for (let at = 0; at < states.byteLength; at += SECRET_BYTES) {
      const secret = newSecret(random);
      if (secret.length !== 43 || states.write(secret, at, 'base64url') !== SECRET_BYTES)
        throw new Error(`${secret.length} characters`);
    }
    expect(repeated(states, SECRET_BYTES)).toBe(0);
    for (const chi of chiSquaredByPlace(states, SECRET_BYTES)) {
      expect(chi).toBeGreaterThan(CHI_SQUARED.least);
      expect(chi).toBeLessThan(CHI_SQUARED.most);
    }
  });

  it('the checks above see a repetition and a structure', () => {
    const bytes = new Uint8Array(randomBytes(10_000 * SECRET_BYTES));
    bytes.copyWithin(640, 3200, 3200 + SECRET_BYTES);
    expect(repeated(bytes, SECRET_BYTES)).toBe(1);
    for (let at = 5; at < bytes.byteLength; at += SECRET_BYTES) bytes[at]! &= 0x7f;
    const faults = chiSquaredByPlace(bytes, SECRET_BYTES).flatMap((chi, place) =>
      chi > CHI_SQUARED.most ? place : [],
    );
    expect(faults).toEqual([5]);
  });

  it('S85: every sealed value has a nonce of its own, and a data key seals a thousand', async () => {
    const count = 50 * DATA_KEY_RECORDS;
    const keys = memoryDataKeys();
    const sealer = createSealer({ keys: keys.port, clock: createVirtualClock(), random });
    const context = { provider: 'acme', connection: 'c1', purpose: 'access', generation: 1 } as const;
    const size = NONCE.end - NONCE.start;
    const nonces = Buffer.alloc(count * size);
    for (let at = 0; at < nonces.byteLength; at += size) {
      const sealed = (await sealer.prepare(['access']))('x', context);
      nonces.set(sealed.subarray(NONCE.start, NONCE.end), at);
    }
    expect(repeated(nonces, size)).toBe(0);
    expect(keys.calls.generate).toBe(count / DATA_KEY_RECORDS);
  });

  it('S85: a million nonces as they are drawn for sealing are a million', () => {
    const size = NONCE.end - NONCE.start;
    const nonces = Buffer.alloc(MILLION * size);
    for (let at = 0; at < nonces.byteLength; at += size) nonces.set(random.bytes(size), at);
    expect(repeated(nonces, size)).toBe(0);
    for (const chi of chiSquaredByPlace(nonces, size)) expect(chi).toBeLessThan(CHI_SQUARED.most);
  });
});
