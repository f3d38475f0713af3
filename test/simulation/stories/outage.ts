import { between, chance } from '../random.ts';
import { checkConnections } from '../outcome.ts';
import { fail } from '../promises/promises.ts';
import { schedule } from '../scenario.ts';
import { START } from '../start.ts';
import type { World } from '../worlds.ts';
import { outageOf } from './outage-plan.ts';
import type { Story } from './story.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** An attempt that failed again and again waits six hours; then comes one window after the other. */
const MADE_UP_MS = 9 * HOUR_MS;

/** Within so much after an outage every connection is well again (I7). */
export const RECOVERY_MS = 15 * MINUTE_MS;

/**
 * All providers are away for hours or weeks. Ticks come every minute; those in which nothing could have changed are left
 * out. Then they are back at once.
 */
export const outage: Story = async (world, plan) => {
  const { scheduler, vendors } = world;
  const { seed } = scheduler;
  const { from, until } = outageOf(seed);
  schedule(world, plan, 6);
  vendors.outage = outageOf(seed);
  const tick = async (at: number, key: string) => {
    scheduler.at(at, () => world.refresh(key));
    scheduler.at(at + 1000, () => world.pollAlerts(key));
    scheduler.at(at + 2000, () => world.pollReports(key));
    scheduler.at(at + 25_000, () => world.publish(key));
    await scheduler.run(at + MINUTE_MS);
  };
  for (let at = START.getTime() + 30_000, count = 0; at < from; at += MINUTE_MS, count += 1)
    await tick(at, `before-${count}`);
  // Two ticks in a row now and then: leases and waits of one are met by the next.
  const step = (until - from) / between(seed, 'outage ticks', 24, 48);
  for (let at = from, count = 0; at < until - 3 * MINUTE_MS; at += step, count += 1) {
    await tick(at, `away-${count}`);
    if (chance(seed, `again ${count}`) < 0.3) await tick(at + MINUTE_MS, `away-${count}b`);
  }
  await scheduler.run(until);
  // What is said of the time after it is said of good weather.
  plan.calm = true;
  for (let minute = 0; minute < RECOVERY_MS / MINUTE_MS; minute += 1)
    await tick(until + minute * MINUTE_MS, `back-${minute}`);
  checkConnections(world);
  await makeUp(world, tick);
};

/** The windows that were missed are made up, one after the other: exported, or given up by a record that says so. */
async function makeUp(world: World, tick: (at: number, key: string) => Promise<void>): Promise<void> {
  const { cloud, scheduler, vendors } = world;
  const until = vendors.outage?.until ?? 0;
  // What waits for a person is made up when the person has consented.
  const isConnected = (job: string) => {
    const connection = cloud.jobs.jobs.get(job)?.state.job.connection ?? '';
    return cloud.connections.items.get(connection)?.health === 'connected';
  };
  const isBehind = () =>
    [...cloud.windows.chains].some(([job, { to }]) => isConnected(job) && to.getTime() < until - 2 * HOUR_MS);
  const last = scheduler.now + MADE_UP_MS;
  for (let count = 0; isBehind(); count += 1) {
    if (scheduler.now > last) fail('I19: windows that an outage left are not made up');
    await tick(scheduler.now + (count % 2) * 4 * MINUTE_MS, `makes-up-${count}`);
  }
}
