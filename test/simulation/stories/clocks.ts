import { between, chance, pick } from '../random.ts';
import type { Story } from './story.ts';
import { live } from './usual.ts';

/** How far a clock may be off, to either side, for everything to hold (RELIABILITY 2.2, rule 11). */
const WITHIN_MS = 2500;
const MINUTE_MS = 60_000;

/** Whether a seed's clocks leave what the leases allow for. */
export function isBeyondSkew(seed: number): boolean {
  return chance(seed, 'beyond skew') < 0.4;
}

/**
 * Clocks that jump while invocations run (R26, P16): within what the leases allow for, or one of them by minutes, which
 * is put right some minutes later. Beyond the allowance two may hold a lease at once; then the compare-and-swap alone
 * keeps grants, with every provider that does not revoke.
 */
export const clocks: Story = (world, plan) => {
  const { scheduler, skews } = world;
  const { seed } = scheduler;
  const jump = (key: string, place: number, ms: number) => {
    if (!plan.allows(key)) return;
    const before = skews[place] ?? 0;
    scheduler.after(between(seed, key, 0, 59_000), () => {
      skews[place] = ms;
      world.beyondSkew ||= Math.abs(ms) > WITHIN_MS;
    });
    if (isBeyondSkew(seed)) {
      scheduler.after(MINUTE_MS + between(seed, `${key} back`, 0, 90_000), () => (skews[place] = before));
    }
  };
  return live(world, plan, (minute) => {
    const key = `clock jumps ${minute}`;
    const place = between(seed, `${key} place`, 0, skews.length - 1);
    if (!isBeyondSkew(seed)) jump(key, place, between(seed, `${key} to`, -WITHIN_MS, WITHIN_MS));
    else if (minute === 1) jump(key, place, pick(seed, `${key} to`, [-5 * MINUTE_MS, 5 * MINUTE_MS]));
  });
};
