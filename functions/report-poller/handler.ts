import type { Log } from '../core/log.ts';
import type { SweepReports } from '../core/schedules/sweep-reports.ts';
import type { Tick } from '../core/schedules/tick.ts';
import { type Clock, type Deadline, MINUTE_MS } from '../core/time.ts';

/** A tick that waited longer is passed over: a later one has been or will be here. */
const STALE_MS = 2 * MINUTE_MS;

export interface ReportPollerDependencies {
  readonly sweep: SweepReports;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at the report jobs of one shard that are due. */
export function createHandler({ sweep, clock, log }: ReportPollerDependencies) {
  return async (tick: Tick, invocation: { readonly deadline: Deadline; readonly requestId: string }): Promise<void> => {
    const slot = tick.slot === undefined ? undefined : Date.parse(tick.slot);
    if (slot !== undefined && clock.now().getTime() - slot > STALE_MS) {
      log.warn('tick.skipped', { shard: tick.shard, slot: tick.slot });
      return;
    }
    await sweep(tick.shard, invocation.requestId, invocation.deadline);
  };
}
