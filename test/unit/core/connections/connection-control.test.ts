import { describe, expect, it } from 'vitest';
import { createConnectionControl } from '../../../../functions/core/connections/connection-control.ts';
import { DAY_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { createTokenWorld } from '../../../support/token-world.ts';

async function controlled() {
  const world = createTokenWorld();
  await world.addConnected('c1');
  await createRefresh(world.dependenciesOf())('c1', world.deadline());
  const { store, events, clock } = world.dependenciesOf();
  return { world, control: createConnectionControl({ store, events, clock }) };
}

describe('pausing', () => {
  it('leaves only the keep-alive of an idle connection', async () => {
    const { world, control } = await controlled();
    await control.pause('c1', 'kim');
    const item = world.connections.items.get('c1');
    expect(item?.paused).toBe(true);
    expect(item?.nextRefreshAt?.getTime()).toBeGreaterThan(world.clock.now().getTime() + 6 * DAY_MS);
    expect(world.eventTypes()).toEqual(['paused']);
  });

  it('R15, R21: while a consent is under way leaves it due at the end of its lease', async () => {
    const { world, control } = await controlled();
    const now = world.clock.now();
    const until = new Date(now.getTime() + LEASE_MS);
    const request = { name: 'c1', owner: 'o', attempt: 'a', kind: 'authorization', spends: 's' } as const;
    await world.connections.lease({ ...request, until, now, healths: ['connected'], dueAt: until });
    await control.pause('c1', 'kim');
    expect(world.connections.items.get('c1')).toMatchObject({ paused: true, nextRefreshAt: until });
    expect(world.eventTypes()).toEqual(['paused']);
  });
});
