import type { WindowRecord } from '../../../functions/core/schedules/window-store.ts';
import { createRequestExport } from '../../../functions/core/schedules/request-export.ts';
import type { FaultPlan } from '../faults.ts';
import { consent } from '../people.ts';
import { fail } from '../promises/promises.ts';
import { between, pick } from '../random.ts';
import { schedule } from '../scenario.ts';
import { describeSource } from '../vendors.ts';
import type { World } from '../worlds.ts';
import type { Story } from './story.ts';
import { FEWEST_EFFECTS } from './usual.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const JOB = 'notes';

/** The next one after it fails as the others did is the gap record’s. */
const LAST_ATTEMPT = 8;
/** So many from there on are made in faults, which may break the row of those that fail alike. */
const STORMY_ATTEMPTS = 3;
/** What is waited between those and another eight that fail alike: half a day, or six hours each after other failures. */
const GIVEN_UP_MS = 120 * HOUR_MS;
/** What is asked for and goes well is there in minutes; what fails is asked for again. */
const FILLED_MS = 30 * HOUR_MS;
/** So long after it is to be read again, faults may still hinder it. */
const STORMY_MS = 45 * MINUTE_MS;

/**
 * The file notes may not be read, or never come to their total: their window is given up and a signed gap record says so.
 * Then they can be read again; somebody asks, and the gap is filled by a record of its own.
 */
export const gaps: Story = async (world, plan) => {
  const { scheduler, vendors } = world;
  const { seed } = scheduler;
  schedule(world, plan, 6);
  vendors.notes = pick(seed, 'notes are', ['denied', 'denied', 'short'] as const);
  const begun = scheduler.now;
  for (let count = 0; gapsOf(world).length === 0; count += 1) {
    if (scheduler.now > begun + GIVEN_UP_MS) fail('I19: a window that nobody can read is not given up');
    // Faults at the begin, and when the last attempt and the gap record are near.
    const since = attempts(world) - LAST_ATTEMPT;
    plan.calm = scheduler.now > begun + STORMY_MS && (since < 0 || since >= STORMY_ATTEMPTS);
    await tick(world, `given-up-${count}`, between(seed, `step ${count}`, 5, plan.calm ? 60 : 14));
  }
  vendors.notes = undefined;
  plan.calm = false;
  await fill(world, plan);
  for (let count = 0; plan.effects < FEWEST_EFFECTS; count += 1) await tick(world, `after-${count}`, 1);
};

/** Asked for until every gap has its export; a request that dies is made again, and so is one whose attempt failed. */
async function fill(world: World, plan: FaultPlan): Promise<void> {
  const { cloud, scheduler } = world;
  const begun = scheduler.now;
  const isAsked = () => (cloud.windows.chains.get(JOB)?.asked ?? []).length > 0;
  const runs = () =>
    [...cloud.windows.windows.values()].some(({ action, state }) => action === 'fill' && state === 'running');
  for (let count = 0; gapsOf(world).length > 0 || runs(); count += 1) {
    if (scheduler.now > begun + FILLED_MS) fail('I19: a gap that somebody asks to be filled stays one');
    if (scheduler.now > begun + STORMY_MS) plan.calm = true;
    if (!isAsked() && !runs()) ask(world, `fill-${count}`);
    await tick(world, `fills-${count}`, plan.calm ? 5 : 1);
  }
}

function ask(world: World, key: string): void {
  const { cloud } = world;
  world.invoke(`operator@${key}`, 29, (_, composition) => {
    const request = createRequestExport({
      jobs: composition.port('jobs', cloud.jobs),
      windows: composition.port('windows', cloud.windows),
      describe: describeSource,
      clock: composition.base().clock,
    });
    const [first] = gapsOf(world);
    return request(JOB, first === undefined ? {} : { from: first.from });
  });
}

async function tick(world: World, key: string, minutes: number): Promise<void> {
  const { scheduler, cloud } = world;
  const at = scheduler.now + 1000;
  // What a person has to mend is mended: this is about what nobody can.
  if (
    ['reauthorization-required', 'disconnected', 'pending'].includes(cloud.connections.items.get('firm')?.health ?? '')
  )
    consent(world, 'firm', `mends-${key}`);
  scheduler.at(at, () => world.refresh(key));
  scheduler.at(at + 8000, () => world.pollReports(key));
  scheduler.at(at + 30_000, () => world.publish(key));
  await scheduler.run(scheduler.now + minutes * MINUTE_MS);
}

/** How often the window that is next was tried. */
function attempts({ cloud }: World): number {
  const open = [...cloud.windows.windows.values()].filter(({ job, state }) => job === JOB && state !== 'exported');
  return Math.max(0, ...open.map(({ attempt }) => attempt));
}

function gapsOf({ cloud }: World): readonly WindowRecord[] {
  return [...cloud.windows.windows.values()].filter(({ job, state }) => job === JOB && state === 'gap');
}
