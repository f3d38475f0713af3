import { type SweepDependencies, sweepJobs } from '../core/alerts/sweep-jobs.ts';
import { isStale, type Tick } from '../core/schedules/tick.ts';
import { type Deadline, SECOND_MS } from '../core/time.ts';
import { sweepWork, type WorkDependencies } from '../core/work/sweep-work.ts';

/** What the polls of a sweep are left at least. */
const POLLS_MS = 27 * SECOND_MS;

export interface AlertPollerDependencies extends SweepDependencies, WorkDependencies {
  readonly nudge: (shard: string) => Promise<void>;
}

export interface AlertPollerInvocation {
  readonly deadline: Deadline;
  readonly requestId: string;
}

/** Gives every alert job of a shard that is due its pass, and does the work that was asked for. */
export function createHandler(dependencies: AlertPollerDependencies) {
  const { clock, log, nudge } = dependencies;
  return async (tick: Tick, { deadline, requestId }: AlertPollerInvocation): Promise<void> => {
    const { shard, slot } = tick;
    if (isStale(tick, clock.now())) {
      log.info('tick.stale', { shard, slot });
      return;
    }
    // Hints first: they are few, and a person waits for what they tell. They leave the polls half of the time.
    const early = { remainingMs: () => deadline.remainingMs() - POLLS_MS };
    const work = await sweepWork(dependencies, shard, early);
    const sweep = await sweepJobs(dependencies, shard, requestId, deadline);
    if (work.announced || sweep.announced) await nudge(shard);
    log.info('sweep.completed', { shard, passes: sweep.passes, work: work.done });
    const unexpected = [...work.unexpected, ...sweep.unexpected];
    if (unexpected.length > 0) throw new AggregateError(unexpected, 'Some jobs met an unforeseen error');
  };
}
