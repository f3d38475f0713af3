import { between, chance } from '../random.ts';
import type { Story } from './story.ts';
import { live } from './usual.ts';

/**
 * A deploy in the middle: the release before and this one are at the same items for a while, the environments of either
 * taking turns; exports that were begun run on in theirs. Now and then it is rolled back, and comes again (P13).
 */
export const deploy: Story = (world, plan) => {
  const { scheduler } = world;
  const { seed } = scheduler;
  world.release = 'before';
  const turn = (at: string, release: 'before' | 'now') => {
    if (plan.allows(at)) scheduler.after(between(seed, at, 2000, 50_000), () => (world.release = release));
  };
  return live(world, plan, (minute, minutes) => {
    const middle = Math.floor(minutes / 2);
    if (minute === middle - 1) turn('deploy', 'now');
    if (minute === middle && chance(seed, 'rolled back') < 0.4) {
      turn('roll back', 'before');
      scheduler.after(55_000, () => (world.release = 'now'));
    }
  });
};
