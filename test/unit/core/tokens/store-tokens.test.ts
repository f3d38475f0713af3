import { describe, expect, it } from 'vitest';
import type { CommitOutcome, TokenCommit } from '../../../../functions/core/connections/store.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { storeTokens, type StoreTokensDependencies } from '../../../../functions/core/tokens/store-tokens.ts';
import { STORE_CALL_MS } from '../../../../functions/core/tokens/timing.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const sealed = { sealed: new Uint8Array([1]), issuedAt: NOW, expiresAt: NOW };
const commit = {
  name: 'c1',
  provider: 'acme',
  attempt: 'mine',
  spent: 'f1',
  generation: 2,
  access: sealed,
  refresh: sealed,
} as unknown as TokenCommit;

/** A store that commits after so many failures, with so much time left. */
function scene(failures: number, remainingMs: number) {
  const world = createTokenWorld();
  const waits: number[] = [];
  const raised: [string, number][] = [];
  let tries = 0;
  const store = {
    ...world.connections,
    commit: async (): Promise<CommitOutcome> => {
      tries += 1;
      if (tries <= failures) throw new StoreUnavailableError('down');
      return { kind: 'committed' };
    },
    raiseHighWater: async (name: string, generation: number) => void raised.push([name, generation]),
  };
  const wait = async (ms: number) => void waits.push(ms);
  const run = (overrides: Partial<StoreTokensDependencies['store']> = {}, given = commit) =>
    storeTokens({ ...world.dependenciesOf(), store: { ...store, ...overrides }, wait }, given, [], {
      remainingMs: () => remainingMs,
    });
  return { world, waits, raised, run };
}

describe('storeTokens()', () => {
  it.each([
    [100 + 2 * STORE_CALL_MS - 1, []],
    [100 + 2 * STORE_CALL_MS, [100]],
    [300 + 2 * STORE_CALL_MS, [100, 300]],
    [60_000, [100, 300, 900, 2000]],
  ])('R19, R21: tries again while %i ms cover it and the spill, then spills', async (left, waited) => {
    const { world, waits, run } = scene(9, left);
    expect(await run()).toEqual({ kind: 'spilled' });
    expect(waits).toEqual(waited);
    expect(world.rescued.size).toBe(1);
    expect(world.metered).toEqual([{ name: 'TokenSpilled', value: 1, provider: 'acme' }]);
  });

  it('I4: raises the high water of what was committed, with the time for it, and of nothing else', async () => {
    const enough = scene(0, STORE_CALL_MS);
    expect(await enough.run()).toEqual({ kind: 'committed' });
    expect(enough.raised).toEqual([['c1', 2]]);
    const { refresh: _, ...secret } = commit;
    await enough.run({}, secret);
    await enough.run({ commit: async () => ({ kind: 'superseded', current: undefined }) });
    expect(enough.raised).toHaveLength(1);
    const late = scene(0, STORE_CALL_MS - 1);
    await late.run();
    expect(late.raised).toEqual([]);
  });

  it('I4: hides no bug behind a high water that stays behind', async () => {
    const raiseHighWater = async () => {
      throw new TypeError('a bug');
    };
    await expect(scene(0, 60_000).run({ raiseHighWater })).rejects.toThrow(TypeError);
  });
});
