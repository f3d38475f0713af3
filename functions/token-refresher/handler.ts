import type { Announce } from '../core/connections/announcing-store.ts';
import { ConfigInvalidError } from '../core/errors.ts';
import type { Tick } from '../core/schedules/tick.ts';
import type { Deadline } from '../core/time.ts';
import type { RefreshSweep, SweepReport } from '../core/tokens/sweep.ts';

export interface TokenRefresherDependencies {
  readonly sweep: RefreshSweep;
  /** Wakes the publisher, if the sweep wrote events. */
  readonly announce: Announce;
}

/** One tick of one shard. Everything that can be due is in the tables; the tick says only which shard and when. */
export function createHandler({ sweep, announce }: TokenRefresherDependencies) {
  return async (tick: Tick, { deadline }: { readonly deadline: Deadline }): Promise<SweepReport> => {
    if (typeof tick?.shard !== 'string') throw new ConfigInvalidError('A tick has to name its shard');
    try {
      return await sweep(tick, deadline);
    } finally {
      await announce(tick.shard);
    }
  };
}
