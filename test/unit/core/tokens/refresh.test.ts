import { describe, expect, it } from 'vitest';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

const HOUR_MS = 3_600_000;

describe('refresh', () => {
  it('spends the stored token once and commits its successor', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    const refresh = createRefresh(world.dependenciesOf());

    const result = await refresh('c1', world.deadline());

    expect(result.outcome).toBe('refreshed');
    const item = world.connections.items.get('c1');
    expect(item).toMatchObject({ generation: 2, health: 'connected', attempts: [], failures: 0 });
    expect(item?.lease).toBeUndefined();
    expect(world.endpoint.presented).toHaveLength(1);
    expect(item?.nextRefreshAt?.getTime()).toBeLessThan(world.clock.now().getTime() + HOUR_MS);
    expect(await refresh('c1', world.deadline())).toMatchObject({ outcome: 'not-due' });
  });
});
