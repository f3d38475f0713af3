import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { eventProblems } from '../../../support/event-problems.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

describe('a refresh after the access token had run out', () => {
  it.each([
    ['by hours: says so, and since when it was out', 5 * HOUR_MS, ['refreshed-late']],
    ['in good time: says nothing', 0, []],
  ])('%s', async (_when, lateMs, told) => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    const { access, nextRefreshAt } = world.connections.items.get('c1') ?? {};
    world.clock.advance((nextRefreshAt?.getTime() ?? 0) - world.clock.now().getTime() + lateMs);
    expect((await createRefresh(world.dependenciesOf())('c1', world.deadline())).outcome).toBe('refreshed');
    expect(world.eventTypes()).toEqual(told);
    for (const { event } of world.connections.outbox) {
      expect(event.data['ranOutAt']).toBe(access?.expiresAt.toISOString());
      expect(eventProblems(event)).toEqual([]);
    }
  });
});
