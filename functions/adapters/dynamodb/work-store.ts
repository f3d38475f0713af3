import {
  type AttributeValue,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { JsonObject } from '../../core/json.ts';
import { DAY_MS } from '../../core/time.ts';
import type { WorkRow, WorkStore } from '../../core/work/work.ts';
import { fromEpoch, fromItem, isConditionFailure, type Item, run, type Table, toEpoch, toItem } from './table.ts';

/** Work that nobody could do in this time is forgotten: a hint is stale long before, a note is reported as not written. */
const WORK_DAYS = 14;

function workKey(shard: string, row: WorkRow) {
  return { pk: `work#${shard}`, sk: `${row.connection}#${row.kind}#${row.id}` };
}

/** Rows of work in the `state` table. */
export function createWorkStore(table: Table): WorkStore {
  return {
    async add(shard, row) {
      await run('add work', () =>
        table.client.send(
          new PutItemCommand({
            TableName: table.tableName,
            Item: toItem({
              ...workKey(shard, row),
              schema: 1,
              connection: row.connection,
              kind: row.kind,
              id: row.id,
              payload: JSON.stringify(row.payload),
              createdAt: row.createdAt.getTime(),
              revision: row.revision,
              attempts: row.attempts,
              notBefore: toEpoch(row.notBefore),
              ttl: Math.ceil((row.createdAt.getTime() + WORK_DAYS * DAY_MS) / 1000),
            }),
          }),
        ),
      );
    },
    list: (shard, now, limit) => list(table, shard, now, limit),
    done: (shard, row) =>
      unlessAskedAgain('end work', () =>
        table.client.send(
          new DeleteItemCommand({
            TableName: table.tableName,
            Key: toItem(workKey(shard, row)),
            ConditionExpression: '#revision = :revision',
            ExpressionAttributeNames: { '#revision': 'revision' },
            ExpressionAttributeValues: toItem({ ':revision': row.revision }),
          }),
        ),
      ),
    postpone: (shard, row, notBefore, reason) =>
      unlessAskedAgain('put work off', () =>
        table.client.send(
          new UpdateItemCommand({
            TableName: table.tableName,
            Key: toItem(workKey(shard, row)),
            UpdateExpression: 'SET #attempts = :attempts, #notBefore = :notBefore, #reason = :reason',
            ConditionExpression: '#revision = :revision',
            ExpressionAttributeNames: {
              '#attempts': 'attempts',
              '#notBefore': 'notBefore',
              '#reason': 'reason',
              '#revision': 'revision',
            },
            ExpressionAttributeValues: toItem({
              ':attempts': row.attempts + 1,
              ':notBefore': notBefore.getTime(),
              ':reason': reason,
              ':revision': row.revision,
            }),
          }),
        ),
      ),
  };
}

async function list(table: Table, shard: string, now: Date, limit: number): Promise<readonly WorkRow[]> {
  const rows: WorkRow[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await run('list work', () =>
      table.client.send(
        new QueryCommand({
          TableName: table.tableName,
          KeyConditionExpression: 'pk = :pk',
          FilterExpression: 'attribute_not_exists(notBefore) OR notBefore <= :now',
          ExpressionAttributeValues: toItem({ ':pk': `work#${shard}`, ':now': now.getTime() }),
          ConsistentRead: true,
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      ),
    );
    rows.push(...(page.Items ?? []).map((item) => workRow(fromItem(item))));
    start = page.LastEvaluatedKey;
  } while (start && rows.length < limit);
  return rows.slice(0, limit);
}

async function unlessAskedAgain(what: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await run(what, call);
  } catch (error) {
    if (!isConditionFailure((error as Error).cause)) throw error;
  }
}

function workRow(item: Item): WorkRow {
  const notBefore = fromEpoch(item['notBefore']);
  return {
    connection: item['connection'] as string,
    kind: item['kind'] as WorkRow['kind'],
    id: item['id'] as string,
    payload: JSON.parse(item['payload'] as string) as JsonObject,
    createdAt: new Date(item['createdAt'] as number),
    revision: item['revision'] as string,
    attempts: item['attempts'] as number,
    ...(notBefore === undefined ? {} : { notBefore }),
  };
}
