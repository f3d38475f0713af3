import { describe, expect, it } from 'vitest';
import type { ConnectionStore } from '../../../../functions/core/connections/store.ts';
import { createRefresh, type TokenGate } from '../../../../functions/core/tokens/refresh.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const DAY_MS = 86_400_000;

/** A second refresher does all of its work between the first one's read and its write. */
async function overlapping(world: TokenWorld, gate?: TokenGate): Promise<void> {
  const dependencies = world.dependenciesOf();
  const second = async () => {
    world.clock.advance(5);
    await createRefresh(world.dependenciesOf())('c1', world.deadline(), gate);
    world.clock.advance(5);
  };
  let isOvertaken = false;
  const store: ConnectionStore = {
    ...world.connections,
    async highWater(name) {
      if (!isOvertaken) await second();
      isOvertaken = true;
      return world.connections.highWater(name);
    },
    async change(...change) {
      if (!isOvertaken) await second();
      isOvertaken = true;
      return world.connections.change(...change);
    },
  };
  await createRefresh({ ...dependencies, store })('c1', world.deadline(), gate);
}

describe('two sweeps that overlap', () => {
  it('I13: tell once that a connection came out of a backup', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    const backup = world.connections.items.get('c1');
    await createRefresh(world.dependenciesOf())('c1', world.deadline());
    if (backup !== undefined) world.connections.items.set('c1', backup);
    const before = world.connections.outbox.length;
    world.clock.advance(1);
    await overlapping(world);
    const told = world.connections.outbox.slice(before).filter(({ event }) => event.type.endsWith('.suspect'));
    expect(told).toHaveLength(1);
  });

  it('I10: warn once of an end that comes while nothing is sent to the endpoint', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1');
    world.clock.advance(15 * DAY_MS);
    const until = new Date(world.clock.now().getTime() + 60_000);
    const admit = async () => ({ open: false, until }) as const;
    await overlapping(world, { admit, release: () => undefined, usedUpUntil: new Map() });
    const warned = world.connections.outbox.filter(({ event }) => event.type.endsWith('.expiring'));
    expect(warned).toHaveLength(1);
  });
});
