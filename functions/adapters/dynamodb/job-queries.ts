import { type AttributeValue, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Job } from '../../core/jobs.ts';
import type { JobState } from '../../core/schedules/job-store.ts';
import { dueShard, jobKey, jobStateFromItem } from './job-item.ts';
import { fromItem, run, type Table, toItem } from './table.ts';

/** Directory of all jobs, so that a list is one consistent query. */
export const DIRECTORY = 'jobs';

/** Reads one job, consistently. */
export async function findJob(table: Table, name: string): Promise<JobState | undefined> {
  const { Item } = await run(`read job ${name}`, () =>
    table.client.send(new GetItemCommand({ TableName: table.tableName, Key: jobKey(name), ConsistentRead: true })),
  );
  return Item && jobStateFromItem(fromItem(Item));
}

/** Names of all jobs, in order. */
export async function jobNames(table: Table): Promise<readonly string[]> {
  const found: string[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await run('list jobs', () =>
      table.client.send(
        new QueryCommand({
          TableName: table.tableName,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: toItem({ ':pk': DIRECTORY }),
          ConsistentRead: true,
          ...(start ? { ExclusiveStartKey: start } : {}),
        }),
      ),
    );
    for (const item of page.Items ?? []) found.push(fromItem(item)['sk'] as string);
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

/** Names of due jobs, the longest due first, from the index. */
export async function dueJobs(
  table: Table,
  kind: Job['kind'],
  shard: string,
  now: Date,
  limit: number,
): Promise<readonly string[]> {
  const { Items = [] } = await run(`due jobs of ${dueShard(kind, shard)}`, () =>
    table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        IndexName: 'due',
        KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
        ExpressionAttributeValues: toItem({ ':shard': dueShard(kind, shard), ':now': now.getTime() }),
        Limit: limit,
      }),
    ),
  );
  return Items.map((item) => (fromItem(item)['pk'] as string).slice('job#'.length));
}
