import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { OutboxRow, ServiceEvent } from '../../core/events.ts';
import { fromItem, toItem } from './table.ts';

/** Partition of a shard's unpublished events in the `state` table. */
export function outboxPartition(shard: string): string {
  return `outbox#${shard}`;
}

/** Sort key: rows of one subject lie in their order, whatever the writers' clocks said. */
export function outboxSortKey(row: OutboxRow): string {
  return `${row.event.subject}#${String(row.order).padStart(16, '0')}#${row.event.id.slice(0, 16)}`;
}

interface StoredEvent extends Omit<ServiceEvent, 'time'> {
  readonly time: string;
}

/** The event as text: what stands in the outbox and, after publication, in the replay log. */
export function eventToText(event: ServiceEvent): string {
  return JSON.stringify({ ...event, time: event.time.toISOString() });
}

export function eventFromText(text: string): ServiceEvent {
  const stored = JSON.parse(text) as StoredEvent;
  return { ...stored, time: new Date(stored.time), type: stored.type, data: stored.data };
}

/** An outbox row as an item of the `state` table. Idempotent: the same event has the same key. */
export function outboxItem(shard: string, row: OutboxRow, now: Date): Record<string, AttributeValue> {
  return toItem({
    pk: outboxPartition(shard),
    sk: outboxSortKey(row),
    schema: 1,
    topic: row.topic,
    order: row.order,
    subject: row.event.subject,
    event: eventToText(row.event),
    createdAt: now.getTime(),
    timing: row.timing && { job: row.timing.job, changedAt: row.timing.changedAt.getTime() },
  });
}

interface StoredItem {
  readonly sk: string;
  readonly topic: string;
  readonly order: number;
  readonly event: string;
  readonly createdAt: number;
  readonly timing?: { readonly job: string; readonly changedAt: number };
}

export function outboxRowFromItem(
  item: Record<string, AttributeValue>,
): OutboxRow & { readonly createdAt: Date; readonly sk: string } {
  const stored = fromItem(item) as unknown as StoredItem;
  const { timing } = stored;
  return {
    sk: stored.sk,
    topic: stored.topic,
    order: stored.order,
    event: eventFromText(stored.event),
    createdAt: new Date(stored.createdAt),
    ...(timing === undefined ? {} : { timing: { ...timing, changedAt: new Date(timing.changedAt) } }),
  };
}

/** The rows as members of the transaction that makes them true. */
export function outboxPuts(
  tableName: string,
  shard: string,
  rows: readonly OutboxRow[],
  now: Date,
): TransactWriteItem[] {
  return rows.map((row) => ({ Put: { TableName: tableName, Item: outboxItem(shard, row, now) } }));
}
