import type { Log } from '../core/log.ts';
import type { SweepReports } from '../core/schedules/sweep-reports.ts';
import { isStale, type Tick } from '../core/schedules/tick.ts';
import type { Clock, Deadline } from '../core/time.ts';

export interface ReportPollerDependencies {
  readonly sweep: SweepReports;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at the report jobs of one shard that are due. */
export function createHandler({ sweep, clock, log }: ReportPollerDependencies) {
  return async (tick: Tick, invocation: { readonly deadline: Deadline; readonly requestId: string }): Promise<void> => {
    if (isStale(tick, clock.now())) {
      log.warn('tick.skipped', { shard: tick.shard, slot: tick.slot });
      return;
    }
    await sweep(tick.shard, invocation.requestId, invocation.deadline);
  };
}
