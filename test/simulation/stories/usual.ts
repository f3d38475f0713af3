import { pick } from '../random.ts';
import { schedule, scheduleTicks } from '../scenario.ts';
import { START } from '../start.ts';
import type { FaultPlan } from '../faults.ts';
import type { World } from '../worlds.ts';
import type { Story } from './story.ts';

/** A run goes on until so many effects took place, calm not counted. */
export const FEWEST_EFFECTS = 190;

/** Some minutes of people, providers and ticks. */
export const usual: Story = (world, plan) => live(world, plan, () => undefined);

/** The same, with something besides at the begin of each minute. */
export async function live(
  world: World,
  plan: FaultPlan,
  each: (minute: number, minutes: number) => void,
): Promise<void> {
  const { scheduler } = world;
  const minutes = pick(scheduler.seed, 'minutes', [4, 6, 8]);
  schedule(world, plan, minutes);
  for (let minute = 0; minute < minutes || plan.effects < FEWEST_EFFECTS; minute += 1) {
    each(minute, minutes);
    scheduleTicks(world, plan, minute);
    await scheduler.run(START.getTime() + (minute + 1) * 60_000);
  }
}
