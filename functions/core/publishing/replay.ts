import type { OutboxRow } from '../events.ts';
import type { Clock } from '../time.ts';
import type { OutboxStore } from './outbox-store.ts';

const BATCH_ROWS = 100;

export interface ReplayOptions {
  readonly from: Date;
  readonly to: Date;
  readonly shards: readonly string[];
  /** Which events; all when absent. */
  readonly wanted?: (row: OutboxRow) => boolean;
}

/**
 * Publishes again what was published (or spoken for by a digest, or set aside as refused) from `from` to before `to`, with
 * the same ids, so that whoever has an event already knows it again. Returns how many were put into the outbox.
 */
export async function replayEvents(
  { outbox, clock }: { readonly outbox: OutboxStore; readonly clock: Clock },
  { from, to, shards, wanted = () => true }: ReplayOptions,
): Promise<number> {
  let count = 0;
  for (const shard of shards) {
    let batch: OutboxRow[] = [];
    const refused = (await outbox.poison(shard)).filter((row) => row.at >= from && row.at < to && wanted(row));
    if (refused.length > 0) await outbox.takeBack(shard, refused, clock.now());
    count += refused.length;
    const ids = new Set(refused.map(({ event }) => event.id));
    const flush = async () => {
      if (batch.length > 0) await outbox.requeue(shard, batch, clock.now());
      count += batch.length;
      batch = [];
    };
    for await (const { event, topic, order } of outbox.published(shard, from, to)) {
      const row = { event, topic, order };
      if (!wanted(row) || ids.has(event.id)) continue;
      ids.add(event.id);
      batch.push(row);
      if (batch.length === BATCH_ROWS) await flush();
    }
    await flush();
  }
  return count;
}
