import type { FaultPlan } from '../faults.ts';
import { chance } from '../random.ts';
import type { World } from '../worlds.ts';

/** What befalls a world between its first consents and the calm at the end. */
export type Story = (world: World, plan: FaultPlan) => Promise<void>;

export const STORIES = ['usual', 'deploy', 'clocks', 'restore', 'poison', 'outage', 'gaps'] as const;
export type StoryName = (typeof STORIES)[number];

/** Shares of all seeds; the rest is as usual. */
const SHARES: readonly (readonly [StoryName, number])[] = [
  ['deploy', 0.07],
  ['clocks', 0.05],
  ['restore', 0.05],
  ['poison', 0.03],
  ['outage', 0.02],
  ['gaps', 0.02],
];

/** Which story a seed tells. */
export function storyOf(seed: number): StoryName {
  let place = chance(seed, 'story');
  for (const [name, share] of SHARES) {
    if (place < share) return name;
    place -= share;
  }
  return 'usual';
}
