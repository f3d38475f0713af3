import { allEnded } from '../all-ended.ts';
import type { SealPurpose } from '../connections/connection.ts';
import type { Clock, Random } from '../time.ts';
import { MINUTE_MS } from '../time.ts';
import type { DataKey, DataKeys } from './data-keys.ts';
import { createSealedMemory } from './sealed-memory.ts';
import { NONCE_BYTES, readSealed, type SealContext, splitSealed, writeSealed } from './sealed-format.ts';

/** A data key is used for at most so long and so many values; what one stolen from memory opens is bounded by that. */
export const DATA_KEY_LIFE_MS = 5 * MINUTE_MS;
export const DATA_KEY_RECORDS = 1000;

/**
 * Seals without another call to KMS: after a token was spent nothing may stand between us and its successor.
 *
 * What it returns is a part of a larger piece of memory: its `buffer` has other sealed values in it.
 */
export type SealInHand = (text: string, context: SealContext) => Uint8Array;

export interface Sealer {
  /** Gets the data keys for one value of each purpose. @throws StoreUnavailableError when KMS does not answer. */
  prepare(purposes: readonly SealPurpose[]): Promise<SealInHand>;
  /** @throws SealBrokenError when it does not open; it is never repaired. */
  open(sealed: Uint8Array, context: SealContext): Promise<string>;
}

interface CachedKey<T> {
  readonly key: Promise<T>;
  readonly since: number;
  uses: number;
}

/** Envelope encryption of single values (DESIGN 5.3). The caches live as long as the function's environment. */
export function createSealer({
  keys,
  clock,
  random,
}: {
  readonly keys: DataKeys;
  readonly clock: Clock;
  readonly random: Random;
}): Sealer {
  const sealing = new Map<string, CachedKey<DataKey>>();
  const allocate = createSealedMemory();
  const opening = new Map<string, CachedKey<Uint8Array>>();

  return {
    async prepare(purposes) {
      const held = new Map<SealPurpose, DataKey>();
      await allEnded(
        [...new Set(purposes)].map(async (purpose) => {
          held.set(purpose, await take(sealing, purpose, clock, () => keys.generate(purpose)));
        }),
      );
      return (text, context) => {
        const key = held.get(context.purpose);
        if (key === undefined) throw new RangeError(`No data key was prepared for ${context.purpose}`);
        return writeSealed(text, { key, nonce: random.bytes(NONCE_BYTES), allocate }, context);
      };
    },
    async open(sealed, context) {
      const parts = splitSealed(sealed);
      const id = `${context.purpose}:${Buffer.from(parts.wrapped).toString('base64')}`;
      const key = await take(opening, id, clock, () => keys.open(parts.wrapped, context.purpose));
      return readSealed(parts, key, context);
    },
  };
}

/** The cached key if it may still be used, else a new one. Concurrent callers share one call. */
function take<T>(cache: Map<string, CachedKey<T>>, id: string, clock: Clock, load: () => Promise<T>): Promise<T> {
  const now = clock.now().getTime();
  const cached = cache.get(id);
  if (cached !== undefined && isFresh(cached, now) && cached.uses < DATA_KEY_RECORDS) {
    cached.uses += 1;
    return cached.key;
  }
  for (const [name, entry] of cache) if (!isFresh(entry, now)) cache.delete(name);
  const entry: CachedKey<T> = { key: load(), since: now, uses: 1 };
  cache.set(id, entry);
  entry.key.catch(() => {
    if (cache.get(id) === entry) cache.delete(id);
  });
  return entry.key;
}

/** A clock that was set back does not make a key live longer. */
function isFresh({ since }: { readonly since: number }, now: number): boolean {
  return now >= since && now - since < DATA_KEY_LIFE_MS;
}
