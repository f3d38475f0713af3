import type { Log } from '../core/log.ts';
import { publishShard, type PublishShardDependencies } from '../core/publishing/publish-shard.ts';
import type { Tick } from '../core/schedules/tick.ts';
import type { Deadline } from '../core/time.ts';

export interface PublisherDependencies extends PublishShardDependencies {
  readonly log: Log;
}

export interface PublisherInvocation {
  readonly deadline: Deadline;
  readonly requestId: string;
}

/**
 * Publishes one shard's events: on every tick, and whenever a writer of events nudges. A late tick is as good as any: the outbox is
 * what it is.
 */
export function createHandler(dependencies: PublisherDependencies) {
  return async ({ shard }: Tick, { deadline, requestId }: PublisherInvocation): Promise<void> => {
    const totals = await publishShard(dependencies, shard, requestId, deadline);
    if (totals === undefined) dependencies.log.info('outbox.taken', { shard });
    else dependencies.log.info('outbox.drained', { shard, ...totals });
  };
}
