import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import { createRefresh } from '../../functions/core/tokens/refresh.ts';
import { createTokenWorld, type TokenWorld } from '../support/token-world.ts';

/** A refresher that somebody else overtakes between its read and its lease. */
async function overtaken(world: TokenWorld, between: () => Promise<unknown>) {
  const dependencies = world.dependenciesOf();
  const store: ConnectionStore = {
    ...world.connections,
    async lease(request) {
      await between();
      return world.connections.lease(request);
    },
  };
  return createRefresh({ ...dependencies, store })('c1', world.deadline());
}

describe('a refresher that is overtaken between its read and its lease', () => {
  it('R13: spends nothing when another token stands, even if that one was asked to be replaced already', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    const result = await overtaken(world, async () => {
      await createRefresh(world.dependenciesOf())('c1', world.deadline());
      await world.connections.reject('c1', 2);
    });
    expect(result.outcome).toBe('leased');
    expect(world.endpoint.presented).toHaveLength(1);
    expect(world.connections.items.get('c1')).toMatchObject({ generation: 2, attempts: [] });
  });

  it('P15: spends nothing when it was put off meanwhile', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    const later = new Date(world.clock.now().getTime() + 600_000);
    const result = await overtaken(world, () =>
      world.connections.change('c1', {}, { nextRefreshAt: later }, [], world.clock.now()),
    );
    expect(result.outcome).toBe('leased');
    expect(world.endpoint.presented).toEqual([]);
  });
});
