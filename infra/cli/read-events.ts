import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { allShards, type ServiceEvent } from '../../functions/core/events.ts';
import type { EventView } from './overview.ts';
import type { Services } from './services.ts';

/** Rows come with their writer's clock and a publisher's delay: looking back this far finds what came late. */
const LATE_MS = 60_000;

/**
 * Reads what was published, newest first.
 *
 * What was read is kept, so that each further look reads the last minute and not the whole day.
 */
export function createEventReader(services: Services): (from: Date, to: Date) => Promise<readonly EventView[]> {
  const store = createOutboxStore(services.stateTable);
  const shards = allShards(services.target.shardCount);
  const known = new Map<string, EventView & { readonly publishedAt: Date }>();
  let covered: { readonly from: number; readonly to: number } | undefined;
  return async (from, to) => {
    const begin = covered !== undefined && covered.from <= from.getTime() ? covered.to - LATE_MS : from.getTime();
    for (const shard of shards) {
      const rows = store.published(shard, new Date(Math.max(begin, from.getTime())), new Date(to.getTime() + 1));
      for await (const { event, publishedAt } of rows)
        known.set(`${event.id} ${publishedAt.getTime()}`, { ...viewOf(event), publishedAt });
    }
    covered = { from: from.getTime(), to: to.getTime() };
    for (const [key, { publishedAt }] of known) if (publishedAt < from) known.delete(key);
    return [...known.values()].toSorted((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime());
  };
}

function viewOf({ id, time, type, summary, severity, state, resource, connection }: ServiceEvent): EventView {
  return {
    id,
    time,
    type,
    summary,
    ...(severity === undefined ? {} : { severity }),
    ...(state === undefined ? {} : { state }),
    ...(resource === undefined ? {} : { resource }),
    ...(connection === undefined ? {} : { connection }),
  };
}
