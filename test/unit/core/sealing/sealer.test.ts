import { createDecipheriv } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SealBrokenError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { createSealer, DATA_KEY_LIFE_MS, DATA_KEY_RECORDS } from '../../../../functions/core/sealing/sealer.ts';
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

  it('has a nonce of its own for each value, also of one preparation', async () => {
    const { sealer } = setUp();
    const seal = await sealer.prepare(['refresh']);
    const nonces = [1, 2, 3].map((generation) => {
      const sealed = Buffer.from(seal('canary', { ...context, generation }));
      const at = 3 + sealed.readUInt16BE(1);
      return sealed.subarray(at, at + 12).toString('hex');
    });
    expect(new Set(nonces).size).toBe(3);
  });

  it('shares its memory with other sealed values only, and never twice', async () => {
    const { sealer } = setUp();
    const seal = await sealer.prepare(['refresh']);
    const values = Array.from({ length: 2000 }, (_, index) =>
      seal(`canary-${index}`.repeat(1 + (index % 40)), context),
    );
    expect(seal('canary'.repeat(10_000), context)).toHaveLength(60_000 + 79);
    for (const [index, value] of values.entries())
      expect(await sealer.open(value, context)).toBe(`canary-${index}`.repeat(1 + (index % 40)));
    for (const buffer of new Set(values.map((value) => value.buffer)))
      expect(Buffer.from(buffer).includes('canary')).toBe(false);
    // Node's pool is where short texts go.
    expect(values.map((value) => value.buffer)).not.toContain(Buffer.from('canary').buffer);
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

  it('writes the format that stored values have, whoever reads them', async () => {
    const key = { plaintext: new Uint8Array(32).fill(7), wrapped: new Uint8Array(48).fill(8) };
    const keys = { generate: async () => key, open: async () => key.plaintext };
    const sealer = createSealer({ keys, clock: createVirtualClock(), random: seededRandom('format') });
    const sealed = (await sealer.prepare(['refresh']))('canary-tökén', context);
    expect([...sealed.subarray(0, 3)]).toEqual([1, 0, 48]);
    expect(sealed.subarray(3, 51)).toEqual(key.wrapped);
    const decipher = createDecipheriv('aes-256-gcm', key.plaintext, sealed.subarray(51, 63));
    decipher.setAAD(Buffer.from('1:1|4:acme|2:c1|7:refresh|1:4'));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(decipher.update(sealed.subarray(63, -16), undefined, 'utf8') + decipher.final('utf8')).toBe('canary-tökén');
  });

  it('seals an empty text, and does not ask KMS about a value that is cut short', async () => {
    const { sealer, keys, clock } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('', context);
    expect(await sealer.open(sealed, context)).toBe('');
    expect(keys.calls.open).toBe(1);
    clock.advance(DATA_KEY_LIFE_MS);
    await expect(sealer.open(sealed.slice(0, -1), context)).rejects.toThrow(SealBrokenError);
    expect(keys.calls.open).toBe(1);
  });

  it('says what did not open, and why', async () => {
    const { sealer } = setUp();
    const sealed = (await sealer.prepare(['refresh']))('canary', context);
    const failure = await sealer.open(sealed, { ...context, generation: 5 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: 'The refresh token of c1, generation 5, does not open',
      cause: expect.any(Error),
    });
  });

  it('keeps the keys of many values apart', async () => {
    const { sealer, keys, clock } = setUp();
    const first = (await sealer.prepare(['refresh']))('first', context);
    clock.advance(DATA_KEY_LIFE_MS);
    const second = (await sealer.prepare(['refresh']))('second', context);
    expect(await sealer.open(first, context)).toBe('first');
    expect(await sealer.open(second, context)).toBe('second');
    expect(await sealer.open(first, context)).toBe('first');
    expect(keys.calls.open).toBe(2);
  });

  it('S85: takes a new data key for the 1,001st value', async () => {
    const { sealer, keys } = setUp();
    for (let count = 0; count < DATA_KEY_RECORDS; count += 1) await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(1);
    await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(2);
  });

  it('does not throw away the key that came meanwhile when an older call fails late', async () => {
    const { sealer, keys, clock } = setUp();
    const { generate } = keys.port;
    const late = Promise.withResolvers<never>();
    keys.port.generate = () => late.promise;
    const failing = sealer.prepare(['access']);
    keys.port.generate = generate;
    clock.advance(DATA_KEY_LIFE_MS);
    await sealer.prepare(['access']);
    late.reject(new StoreUnavailableError('KMS'));
    await expect(failing).rejects.toThrow(StoreUnavailableError);
    await sealer.prepare(['access']);
    expect(keys.calls.generate).toBe(1);
  });

  it.each([
    ['has had its time', DATA_KEY_LIFE_MS],
    ['is from a time to come, because the clock was set back', -1],
  ])('holds no key in memory that %s', async (_title, ms) => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const clock = createVirtualClock();
    const issued: WeakRef<Uint8Array>[] = [];
    const generate = async () => {
      const plaintext = new Uint8Array(32);
      issued.push(new WeakRef(plaintext));
      return { plaintext, wrapped: new Uint8Array(48) };
    };
    const keys = { generate, open: async () => new Uint8Array(32) };
    const sealer = createSealer({ keys, clock, random: seededRandom('collected') });
    await sealer.prepare(['access']);
    clock.advance(ms);
    await sealer.prepare(['refresh']);
    // A weak reference holds until the turn of the event loop ends.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(issued.map((key) => key.deref() === undefined)).toEqual([true, false]);
    await sealer.prepare(['refresh']);
  });
});
