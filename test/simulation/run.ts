import { FaultPlan, type InjectedFault } from './faults.ts';
import { checkOutcome } from './outcome.ts';
import { Invariants } from './promises/invariants.ts';
import { Violation } from './promises/promises.ts';
import { settleIn } from './scenario.ts';
import { START } from './start.ts';
import { Scheduler } from './scheduler.ts';
import { clocks } from './stories/clocks.ts';
import { deploy } from './stories/deploy.ts';
import { gaps } from './stories/gaps.ts';
import { outage } from './stories/outage.ts';
import { poison } from './stories/poison.ts';
import { restore } from './stories/restore.ts';
import { type Story, type StoryName, storyOf } from './stories/story.ts';
import { usual } from './stories/usual.ts';
import { World } from './worlds.ts';

export interface RunOptions {
  /** Faults and steps of the schedule that are left out. */
  readonly without?: ReadonlySet<string>;
  readonly trace?: (line: string) => void;
  /** Changes the world before anything happens: for tests of the simulation itself. */
  readonly prepare?: (world: World) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly story: StoryName;
  /** What did not hold, and when on the virtual clock. */
  readonly failure?: string;
  readonly at?: string;
  readonly faults: readonly InjectedFault[];
  readonly choices: readonly string[];
  readonly connections: number;
  /** Most invocations that ran at the same time. */
  readonly workers: number;
  readonly effects: number;
  readonly steps: number;
  readonly refreshes: number;
  readonly published: number;
  readonly manifests: number;
  /** Gap records, and how many of them were filled. */
  readonly gaps: number;
  readonly fills: number;
  readonly required: number;
  /** Steps that the protocols' models were asked about. */
  readonly modelSteps: number;
  readonly coverage: ReadonlyMap<string, number>;
  /** How often each promise was looked at. */
  readonly looks: ReadonlyMap<string, number>;
}

const STORIES: Readonly<Record<StoryName, Story>> = { usual, deploy, clocks, restore, poison, outage, gaps };

/** Where hours and days go by access tokens live as long as they really do. */
const LONG: readonly StoryName[] = ['outage', 'gaps'];
const REAL_LIFE_SECONDS = 3600;

/** One seed: a history of some minutes or days, then calm until everything rests, then the account. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const story = storyOf(seed);
  const plan = new FaultPlan(seed, options.without);
  const scheduler = new Scheduler(seed, START, plan);
  scheduler.trace = options.trace;
  const world = new World(scheduler, START, LONG.includes(story) ? REAL_LIFE_SECONDS : undefined);
  options.prepare?.(world);
  const invariants = new Invariants(world);
  let failure: string | undefined;
  scheduler.afterStep = () => invariants.check();
  scheduler.afterVerify = () => (invariants.archive.unverified ? invariants.archive.verify() : undefined);
  try {
    await settleIn(world, plan);
    await STORIES[story](world, plan);
    await checkOutcome(world, plan, invariants);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    failure = error.message;
  }
  const { cloud, vendors } = world;
  const records = (name: string) => [...cloud.archive.objects.keys()].filter((key) => key.endsWith(name));
  return {
    seed,
    story,
    ...(failure === undefined ? {} : { failure, at: new Date(scheduler.now).toISOString() }),
    faults: plan.injected,
    choices: plan.choices,
    connections: cloud.connections.items.size,
    workers: scheduler.mostAtOnce,
    effects: plan.effects,
    steps: scheduler.steps,
    refreshes: vendors.presentations.length,
    published: cloud.publisher.taken.length,
    manifests: records('manifest.json').length,
    gaps: records('gap.json').length,
    fills: records('gap.json').filter((key) => cloud.archive.objects.has(key.replace('gap.json', 'manifest.json')))
      .length,
    required: [...cloud.connections.items.values()].filter(({ health }) => health === 'reauthorization-required')
      .length,
    modelSteps: world.ports.trace.steps,
    coverage: plan.coverage,
    looks: world.looks.counts,
  };
}
