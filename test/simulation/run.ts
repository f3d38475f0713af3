import { FaultPlan, type InjectedFault } from './faults.ts';
import { Invariants, Violation } from './invariants.ts';
import { checkOutcome } from './outcome.ts';
import { pick } from './random.ts';
import { schedule, scheduleTicks, settleIn, START } from './scenario.ts';
import { Scheduler } from './scheduler.ts';
import { World } from './worlds.ts';

export interface RunOptions {
  /** Faults and steps of the schedule that are left out. */
  readonly without?: ReadonlySet<string>;
  readonly trace?: (line: string) => void;
  /** Looks into the world when the run is over. */
  readonly inspect?: (world: World) => void;
}

export interface RunResult {
  readonly seed: number;
  /** What did not hold, and when on the virtual clock. */
  readonly failure?: string;
  readonly at?: string;
  readonly faults: readonly InjectedFault[];
  readonly choices: readonly string[];
  readonly effects: number;
  readonly steps: number;
  readonly refreshes: number;
  readonly published: number;
  readonly manifests: number;
  readonly required: number;
  /** Steps that the protocol's model was asked about. */
  readonly modelSteps: number;
  readonly coverage: ReadonlyMap<string, number>;
}

/** A run goes on until so many effects took place, calm not counted. */
const FEWEST_EFFECTS = 190;

/** One seed: a history of some minutes, then calm until everything rests, then the account. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const plan = new FaultPlan(seed, options.without);
  const scheduler = new Scheduler(seed, START, plan);
  scheduler.trace = options.trace;
  const world = new World(scheduler, START);
  const invariants = new Invariants(world);
  let failure: string | undefined;
  scheduler.afterStep = () => invariants.check();
  scheduler.afterVerify = () => (invariants.unverified ? invariants.verify() : undefined);
  try {
    await settleIn(world, plan);
    const minutes = pick(seed, 'minutes', [4, 6, 8]);
    schedule(world, plan, minutes);
    for (let minute = 0; minute < minutes || plan.effects < FEWEST_EFFECTS; minute += 1) {
      scheduleTicks(world, plan, minute);
      await scheduler.run(START.getTime() + (minute + 1) * 60_000);
    }
    await checkOutcome(world, plan, invariants);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    failure = error.message;
  }
  options.inspect?.(world);
  const { cloud, vendors } = world;
  return {
    seed,
    ...(failure === undefined ? {} : { failure, at: new Date(scheduler.now).toISOString() }),
    faults: plan.injected,
    choices: plan.choices,
    effects: plan.effects,
    steps: scheduler.steps,
    refreshes: vendors.presentations.length,
    published: cloud.publisher.taken.length,
    manifests: [...cloud.archive.objects.keys()].filter((key) => key.endsWith('manifest.json')).length,
    required: [...cloud.connections.items.values()].filter(({ health }) => health === 'reauthorization-required')
      .length,
    modelSteps: world.ports.modelSteps,
    coverage: plan.coverage,
  };
}
