import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type AttributeValue,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { OutboxRow } from '../../core/events.ts';
import type {
  OutboxPage,
  OutboxStore,
  PoisonRow,
  PublishedRow,
  StoredRow,
} from '../../core/publishing/outbox-store.ts';
import { DAY_MS } from '../../core/time.ts';
import {
  eventFromText,
  eventToText,
  outboxItem,
  outboxPartition,
  outboxPuts,
  outboxRowFromItem,
} from './outbox-item.ts';
import { publishedItem, publishedPartition } from './published-item.ts';
import { fromItem, isConditionFailure, run, type Table, toItem } from './table.ts';

/** What DynamoDB takes in one BatchWriteItem; a mark is two of them. */
const WRITE_LIMIT = 25;
const ROWS_PER_MARK = Math.floor(WRITE_LIMIT / 2);
/** How often writes that DynamoDB left unprocessed are sent again. */
const WRITE_TRIES = 8;
/** How long a row that was set aside is kept for a person to look at. */
const POISON_DAYS = 90;

/** The outbox of each shard, in the `state` table. */
export function createOutboxStore(table: Table): OutboxStore {
  return {
    acquire: (shard, owner, now, until) => acquire(table, shard, owner, now, until),
    askedAgain: (shard, owner) => askedAgain(table, shard, owner),
    release: (shard, owner) => release(table, shard, owner),
    read: (shard, limit, after) => read(table, shard, limit, after),
    markPublished: (shard, rows, now) => markPublished(table, shard, rows, now),
    setAside: (shard, row, reason, now) => setAside(table, shard, row, reason, now),
    published: (shard, from, to) => published(table, shard, from, to),
    poison: (shard) => poison(table, shard),
    takeBack: (shard, rows, now) => takeBack(table, shard, rows, now),
    requeue: (shard, rows, now) =>
      writeAll(
        table,
        rows.map((row) => ({ PutRequest: { Item: outboxItem(shard, row, now) } })),
      ),
  };
}

function leaseKey(shard: string): Record<string, AttributeValue> {
  return toItem({ pk: `lease#outbox#${shard}`, sk: 'lease' });
}

/** Runs a conditional write; `false` when its condition did not hold. */
async function holds(what: string, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await run(what, call);
    return true;
  } catch (error) {
    if (isConditionFailure((error as Error).cause)) return false;
    throw error;
  }
}

async function acquire(table: Table, shard: string, owner: string, now: Date, until: Date): Promise<boolean> {
  const key = { TableName: table.tableName, Key: leaseKey(shard), ExpressionAttributeNames: { '#until': 'until' } };
  const taken = await holds(`take outbox ${shard}`, () =>
    table.client.send(
      new UpdateItemCommand({
        ...key,
        UpdateExpression: 'SET #owner = :owner, #until = :until REMOVE #again',
        ConditionExpression: 'attribute_not_exists(#until) OR #until <= :now',
        ExpressionAttributeNames: { '#until': 'until', '#owner': 'owner', '#again': 'again' },
        ExpressionAttributeValues: toItem({ ':owner': owner, ':until': until.getTime(), ':now': now.getTime() }),
      }),
    ),
  );
  if (taken) return true;
  // Whoever holds it may have read past what we were called for.
  await holds(`ask for outbox ${shard}`, () =>
    table.client.send(
      new UpdateItemCommand({
        ...key,
        UpdateExpression: 'SET #again = :yes',
        ConditionExpression: 'attribute_exists(#until)',
        ExpressionAttributeNames: { '#until': 'until', '#again': 'again' },
        ExpressionAttributeValues: toItem({ ':yes': true }),
      }),
    ),
  );
  return false;
}

async function release(table: Table, shard: string, owner: string): Promise<'released' | 'again'> {
  const key = { TableName: table.tableName, Key: leaseKey(shard) };
  const ended = await holds(`release outbox ${shard}`, () =>
    table.client.send(
      new DeleteItemCommand({
        ...key,
        ConditionExpression: '#owner = :owner AND attribute_not_exists(#again)',
        ExpressionAttributeNames: { '#owner': 'owner', '#again': 'again' },
        ExpressionAttributeValues: toItem({ ':owner': owner }),
      }),
    ),
  );
  if (ended) return 'released';
  return (await askedAgain(table, shard, owner)) ? 'again' : 'released';
}

function askedAgain(table: Table, shard: string, owner: string): Promise<boolean> {
  return holds(`go round outbox ${shard}`, () =>
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: leaseKey(shard),
        UpdateExpression: 'REMOVE #again',
        ConditionExpression: '#owner = :owner AND attribute_exists(#again)',
        ExpressionAttributeNames: { '#owner': 'owner', '#again': 'again' },
        ExpressionAttributeValues: toItem({ ':owner': owner }),
      }),
    ),
  );
}

async function read(table: Table, shard: string, limit: number, after: string | undefined): Promise<OutboxPage> {
  const pk = outboxPartition(shard);
  const page = await run(`read outbox ${shard}`, () =>
    table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: toItem({ ':pk': pk }),
        ConsistentRead: true,
        Limit: limit,
        ...(after === undefined ? {} : { ExclusiveStartKey: toItem({ pk, sk: after }) }),
      }),
    ),
  );
  const rows = (page.Items ?? []).map((item) => {
    const { sk, ...row } = outboxRowFromItem(item);
    return { key: sk, ...row };
  });
  const next = page.LastEvaluatedKey && (fromItem(page.LastEvaluatedKey)['sk'] as string);
  return next === undefined ? { rows } : { rows, next };
}

async function markPublished(table: Table, shard: string, rows: readonly StoredRow[], now: Date): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_MARK) {
    const writes = rows
      .slice(start, start + ROWS_PER_MARK)
      .flatMap((row): WriteRequest[] => [
        { PutRequest: { Item: publishedItem(shard, row, now, false) } },
        { DeleteRequest: { Key: toItem({ pk: outboxPartition(shard), sk: row.key }) } },
      ]);
    await writeAll(table, writes);
  }
}

async function writeAll(table: Table, writes: readonly WriteRequest[]): Promise<void> {
  for (let start = 0; start < writes.length; start += WRITE_LIMIT) {
    let left = writes.slice(start, start + WRITE_LIMIT);
    for (let attempt = 1; left.length > 0; attempt += 1) {
      if (attempt > WRITE_TRIES) throw new StoreUnavailableError('write a batch: items stay unprocessed');
      const answer = await run('write a batch', () =>
        table.client.send(new BatchWriteItemCommand({ RequestItems: { [table.tableName]: left } })),
      );
      left = answer.UnprocessedItems?.[table.tableName] ?? [];
    }
  }
}

async function setAside(table: Table, shard: string, row: StoredRow, reason: string, now: Date): Promise<void> {
  await run(`set aside a row of outbox ${shard}`, () =>
    table.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Put: {
              TableName: table.tableName,
              Item: toItem({
                ...poisonKey(shard, row),
                schema: 1,
                topic: row.topic,
                order: row.order,
                event: eventToText(row.event),
                reason,
                at: now.getTime(),
                ttl: Math.ceil((now.getTime() + POISON_DAYS * DAY_MS) / 1000),
              }),
            },
          },
          { Delete: { TableName: table.tableName, Key: toItem({ pk: outboxPartition(shard), sk: row.key }) } },
        ],
      }),
    ),
  );
}

function poisonKey(shard: string, { event }: OutboxRow) {
  return { pk: `poison#${shard}`, sk: event.id };
}

/** One after the other: where it ends in the middle, the rest still stands aside. */
async function takeBack(table: Table, shard: string, rows: readonly PoisonRow[], now: Date): Promise<void> {
  for (const row of rows) {
    await run(`take back a row of outbox ${shard}`, () =>
      table.client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            ...outboxPuts(table.tableName, shard, [row], now),
            { Delete: { TableName: table.tableName, Key: toItem(poisonKey(shard, row)) } },
          ],
        }),
      ),
    );
  }
}

async function* queryAll(table: Table, what: string, pk: string, between?: readonly [string, string]) {
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await run(what, () =>
      table.client.send(
        new QueryCommand({
          TableName: table.tableName,
          KeyConditionExpression: between ? 'pk = :pk AND sk BETWEEN :from AND :to' : 'pk = :pk',
          ExpressionAttributeValues: toItem({
            ':pk': pk,
            ...(between ? { ':from': between[0], ':to': between[1] } : {}),
          }),
          ConsistentRead: true,
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      ),
    );
    for (const item of page.Items ?? []) yield fromItem(item);
    start = page.LastEvaluatedKey;
  } while (start);
}

/** Day by day; a sort key begins with the time, so a span is a range of keys. */
async function* published(table: Table, shard: string, from: Date, to: Date): AsyncGenerator<PublishedRow> {
  const span = [from.toISOString(), to.toISOString()] as const;
  for (let day = Math.floor(from.getTime() / DAY_MS) * DAY_MS; day < to.getTime(); day += DAY_MS) {
    for await (const item of queryAll(
      table,
      'read the log of events',
      publishedPartition(shard, new Date(day)),
      span,
    )) {
      yield {
        ...storedRow(item),
        publishedAt: new Date(item['publishedAt'] as number),
        digested: item['digested'] as boolean,
      };
    }
  }
}

async function poison(table: Table, shard: string): Promise<readonly PoisonRow[]> {
  const rows: PoisonRow[] = [];
  for await (const item of queryAll(table, 'read what was set aside', `poison#${shard}`)) {
    rows.push({ ...storedRow(item), reason: item['reason'] as string, at: new Date(item['at'] as number) });
  }
  return rows;
}

function storedRow(item: Readonly<Record<string, unknown>>): OutboxRow {
  return {
    event: eventFromText(item['event'] as string),
    topic: item['topic'] as string,
    order: item['order'] as number,
  };
}
