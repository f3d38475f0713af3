import { describe, expect, it } from 'vitest';
import { SealBrokenError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { createSealer, DATA_KEY_LIFE_MS } from '../../../../functions/core/sealing/sealer.ts';
import type { SealContext } from '../../../../functions/core/sealing/sealed-format.ts';
import { memoryDataKeys, seededRandom } from '../../../support/token-world.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const context: SealContext = { provider: 'acme', connection: 'c1', purpose: 'refresh', generation: 4 };

function setUp() {
  const keys = memoryDataKeys();
  const clock = createVirtualClock();
  return { keys, clock, sealer: createSealer({ keys: keys.port, clock, random: seededRandom('seals') }) };
}

describe('sealing', () => {
  it('opens what it sealed, and shows nothing of it', async () => {
    const { sealer } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('canary-tökén', context);
    expect(Buffer.from(sealed).includes('canary')).toBe(false);
    expect(sealed[0]).toBe(1);
    expect(await sealer.open(sealed, context)).toBe('canary-tökén');
  });

  it('S83: refuses it with any byte flipped, and cut at any length', async () => {
    const { sealer } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('canary', context);
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = sealed.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await expect(sealer.open(flipped, context)).rejects.toThrow(SealBrokenError);
      await expect(sealer.open(sealed.slice(0, at), context)).rejects.toThrow(SealBrokenError);
    }
  });

  it.each<[string, Partial<SealContext>]>([
    ['S80 of another connection', { connection: 'c2' }],
    ['S81 of another provider', { provider: 'other' }],
    ['S82 of another generation', { generation: 3 }],
    ['for another purpose', { purpose: 'access' }],
    ['with the parts run together', { provider: 'acmec', connection: '1' }],
  ])('refuses it %s', async (_title, other) => {
    const { sealer } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('canary', context);
    await expect(sealer.open(sealed, { ...context, ...other })).rejects.toThrow(SealBrokenError);
  });

  it('S85: never uses a nonce twice, nor a data key for more than 1,000 values or 5 minutes', async () => {
    const { sealer, keys, clock } = setUp();
    const nonces = new Set<string>();
    for (let count = 0; count < 2500; count += 1) {
      const sealed = (await sealer.prepare(['access']))('x', { ...context, purpose: 'access' });
      nonces.add(Buffer.from(sealed.subarray(51, 63)).toString('hex'));
    }
    expect(nonces.size).toBe(2500);
    expect(keys.calls.generate).toBe(3);
    clock.advance(DATA_KEY_LIFE_MS - 1);
    await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(3);
    clock.advance(1);
    await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(4);
    clock.advance(-60_000);
    await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(5);
  });

  it('asks KMS once for many at the same time, and again after a failure', async () => {
    const { sealer, keys } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => sealer.prepare(['access', 'refresh'])));
    expect(keys.calls.generate).toBe(2);
    const other = setUp();
    const generate = other.keys.port.generate;
    other.keys.port.generate = async () => {
      throw new StoreUnavailableError('KMS');
    };
    await expect(other.sealer.prepare(['access'])).rejects.toThrow(StoreUnavailableError);
    other.keys.port.generate = generate;
    await other.sealer.prepare(['access']);
  });

  it('S84: fails closed when KMS does not answer', async () => {
    const { sealer, keys, clock } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('canary', context);
    clock.advance(DATA_KEY_LIFE_MS);
    keys.port.open = async () => {
      throw new StoreUnavailableError('KMS Decrypt: DisabledException');
    };
    await expect(sealer.open(sealed, context)).rejects.toThrow(StoreUnavailableError);
  });

  it('seals for prepared purposes only', async () => {
    const { sealer } = setUp();
    const seal = await sealer.prepare(['access']);
    expect(() => seal('x', context)).toThrow(RangeError);
  });
});
