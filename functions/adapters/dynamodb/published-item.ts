import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { OutboxRow } from '../../core/events.ts';
import { DAY_MS } from '../../core/time.ts';
import { eventToText } from './outbox-item.ts';
import { toItem } from './table.ts';

/** How long a published event can be replayed. */
export const REPLAY_DAYS = 30;

/** One partition per day (UTC) and shard. */
export function publishedPartition(shard: string, day: Date): string {
  return `published#${day.toISOString().slice(0, 10)}#${shard}`;
}

/** A row of the log of published events. */
export function publishedItem(
  shard: string,
  row: OutboxRow,
  now: Date,
  digested: boolean,
): Record<string, AttributeValue> {
  return toItem({
    pk: publishedPartition(shard, now),
    sk: `${now.toISOString()}#${row.event.id}`,
    schema: 1,
    topic: row.topic,
    order: row.order,
    event: eventToText(row.event),
    publishedAt: now.getTime(),
    digested,
    ttl: Math.ceil((now.getTime() + REPLAY_DAYS * DAY_MS) / 1000),
  });
}
