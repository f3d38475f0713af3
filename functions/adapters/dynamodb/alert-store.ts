import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type AttributeValue,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import type { AlertChange, AlertHead } from '../../core/alerts/head.ts';
import { type AlertDestination, type AlertStore, COMMIT_LIMIT } from '../../core/alerts/store.ts';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { OutboxRow } from '../../core/events.ts';
import { checkpointFromItem, checkpointItem, checkpointKey, headFromItem, headKey, headPut } from './alert-item.ts';
import { outboxPuts } from './outbox-item.ts';
import { publishedItem } from './published-item.ts';
import { fromItem, run, type Table, toItem } from './table.ts';

/** What DynamoDB takes in one BatchGetItem. */
const GET_LIMIT = 100;
/** What DynamoDB takes in one transaction. */
const TRANSACTION_LIMIT = 100;
/** How often keys that DynamoDB left unprocessed are asked for again. */
const GET_TRIES = 5;

/** Heads, open set and checkpoints in the `state` table. */
export function createAlertStore(table: Table): AlertStore {
  return {
    heads: (job, ids) => heads(table, job, ids),
    open: (job) => open(table, job),
    commit: (destination, changes, now) => commit(table, destination, changes, now),
    async checkpoint(job) {
      const { Item } = await run(`read the checkpoint of ${job}`, () =>
        table.client.send(
          new GetItemCommand({ TableName: table.tableName, Key: checkpointKey(job), ConsistentRead: true }),
        ),
      );
      return Item && checkpointFromItem(fromItem(Item));
    },
    async saveCheckpoint({ job, shard }, checkpoint, expected, rows, now) {
      const what = `move the checkpoint of ${job}`;
      const Item = checkpointItem(job, checkpoint);
      const Put = { TableName: table.tableName, Item, ...(expected === 0 ? NO_CHECKPOINT : atRevision(expected)) };
      // Most passes have nothing to say, and a transaction costs twice as much.
      if (rows.length === 0) await run(what, () => table.client.send(new PutItemCommand(Put)));
      else await transact(table, what, [{ Put }, ...outboxPuts(table.tableName, shard, rows, now)]);
    },
    async announce(shard, rows, now) {
      const puts = outboxPuts(table.tableName, shard, rows, now);
      for (let start = 0; start < puts.length; start += TRANSACTION_LIMIT) {
        await transact(table, 'announce events', puts.slice(start, start + TRANSACTION_LIMIT));
      }
    },
  };
}

/** An item that cannot be read as a checkpoint was not read either (A27): it has no revision to hold on to. */
const NO_CHECKPOINT = {
  ConditionExpression: ['#revision', '#bornAt', '#position', '#succeededAt']
    .map((name) => `NOT attribute_type(${name}, :number)`)
    .join(' OR '),
  ExpressionAttributeNames: {
    '#revision': 'revision',
    '#bornAt': 'bornAt',
    '#position': 'position',
    '#succeededAt': 'succeededAt',
  },
  ExpressionAttributeValues: toItem({ ':number': 'N' }),
};

function atRevision(revision: number) {
  return {
    ConditionExpression: '#revision = :expected',
    ExpressionAttributeNames: { '#revision': 'revision' },
    ExpressionAttributeValues: toItem({ ':expected': revision }),
  };
}

async function transact(table: Table, what: string, TransactItems: TransactWriteItem[]): Promise<void> {
  await run(what, () => table.client.send(new TransactWriteItemsCommand({ TransactItems })));
}

async function heads(table: Table, job: string, ids: readonly string[]): Promise<ReadonlyMap<string, AlertHead>> {
  const found = new Map<string, AlertHead>();
  const unique = [...new Set(ids)];
  for (let start = 0; start < unique.length; start += GET_LIMIT) {
    let keys = unique.slice(start, start + GET_LIMIT).map((id) => headKey(job, id));
    for (let attempt = 1; keys.length > 0; attempt += 1) {
      if (attempt > GET_TRIES) throw new StoreUnavailableError(`read the heads of ${job}: keys stay unprocessed`);
      const answer = await run(`read the heads of ${job}`, () =>
        table.client.send(
          new BatchGetItemCommand({ RequestItems: { [table.tableName]: { Keys: keys, ConsistentRead: true } } }),
        ),
      );
      for (const item of answer.Responses?.[table.tableName] ?? []) {
        const head = headFromItem(item);
        found.set(head.id, head);
      }
      keys = answer.UnprocessedKeys?.[table.tableName]?.Keys ?? [];
    }
  }
  return found;
}

async function open(table: Table, job: string): Promise<readonly AlertHead[]> {
  const found: AlertHead[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await run(`list the open alerts of ${job}`, () =>
      table.client.send(
        new QueryCommand({
          TableName: table.tableName,
          IndexName: 'open',
          KeyConditionExpression: 'openJob = :job',
          ExpressionAttributeValues: toItem({ ':job': job }),
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      ),
    );
    found.push(...(page.Items ?? []).map(headFromItem));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

async function commit(
  table: Table,
  destination: AlertDestination,
  changes: readonly AlertChange[],
  now: Date,
): Promise<void> {
  if (changes.length > COMMIT_LIMIT) throw new RangeError(`At most ${COMMIT_LIMIT} changes in one commit`);
  const items = changes.flatMap((change) => [
    headPut(table.tableName, destination, change, now),
    ...(change.row === undefined ? [] : [eventPut(table, destination.shard, change.row, change.digested, now)]),
  ]);
  await transact(table, `record alerts of ${destination.job}`, items);
}

function eventPut(table: Table, shard: string, row: OutboxRow, digested: boolean, now: Date): TransactWriteItem {
  if (digested) return { Put: { TableName: table.tableName, Item: publishedItem(shard, row, now, true) } };
  const [put] = outboxPuts(table.tableName, shard, [row], now);
  if (put === undefined) throw new RangeError('A row makes one put');
  return put;
}
