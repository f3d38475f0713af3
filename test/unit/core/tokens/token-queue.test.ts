import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefreshSweep } from '../../../../functions/core/tokens/sweep.ts';
import { SPEND_BUDGET_MS } from '../../../../functions/core/tokens/timing.ts';
import { memoryBudgets } from '../../../support/memory-budgets.ts';
import { tokenProvider } from '../../../support/token-provider.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

/** Connections of one account whose provider takes so many token calls a minute. */
async function worldOf(count: number, perMinute: number) {
  const counted = tokenProvider('acme', { tokenBudget: 'default', budgets: { default: { perMinute } } });
  const world = createTokenWorld({ providers: [counted] });
  for (let index = 0; index < count; index += 1) await world.addConnected(`c${index}`);
  const dependencies = { ...world.dependenciesOf(), budgets: memoryBudgets({ clock: world.clock }) };
  const sweep = (ms?: number) => createRefreshSweep(dependencies)({ shard: '0' }, world.deadline(ms));
  return { world, dependencies, sweep };
}

describe('a queue for an account’s budget of token calls', () => {
  it('is served in the same sweep, in the order in which its connections came due', async () => {
    const { world, sweep } = await worldOf(12, 25);
    for (const [name, item] of world.connections.items) {
      const at = world.clock.now().getTime() - 1000 * Number(name.slice(1));
      world.connections.items.set(name, { ...item, nextRefreshAt: new Date(at) });
    }
    expect(await sweep()).toEqual({ stale: false, counts: { refreshed: 12 } });
    const order = world.endpoint.presented.map((token) => Number(/-c(\d+)-/.exec(token)?.[1]));
    expect(order).toEqual(Array.from({ length: 12 }, (_, index) => 11 - index));
  });

  it('ends with the time, and puts the rest off, each to a time of its own', async () => {
    const { world, sweep } = await worldOf(40, 25);
    expect(await sweep(SPEND_BUDGET_MS + 9000)).toEqual({ stale: false, counts: { refreshed: 8, postponed: 32 } });
    const now = world.clock.now().getTime();
    const waiting = [...world.connections.items.values()]
      .filter(({ generation }) => generation === 1)
      .map(({ nextRefreshAt }) => (nextRefreshAt?.getTime() ?? 0) - now)
      .sort((a, b) => a - b);
    expect(waiting[0]).toBeGreaterThan(0);
    expect(waiting.at(-1)).toBeGreaterThanOrEqual((31 * MINUTE_MS) / 25);
    expect(waiting.at(-1)).toBeLessThan(2 * MINUTE_MS);
    expect(new Set(waiting).size).toBe(32);
    for (let tick = 0; tick < 4; tick += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep();
    }
    expect(new Set(world.endpoint.presented).size).toBe(40);
  });

  it('costs one draw for all that the sweep knows of', async () => {
    const { world, dependencies } = await worldOf(100, 25);
    world.budget.grants = false;
    world.budget.retryAfterMs = 10 * MINUTE_MS;
    const { budgets } = world.dependenciesOf();
    const sweep = createRefreshSweep({ ...dependencies, budgets });
    expect(await sweep({ shard: '0' }, world.deadline())).toMatchObject({ counts: { postponed: 100 } });
    // Those that were in flight together, at most.
    expect(world.draws.length).toBeLessThanOrEqual(20);
    expect(world.endpoint.presented).toEqual([]);
  });
});
