import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { ConnectionStore, NamePage } from '../../core/connections/store.ts';
import { fromItem, run, toItem } from './table.ts';

/** Names per page of an index: a sweep reads what is due, never what there is (I26). */
const PAGE_SIZE = 250;

/** The two sparse indexes of `connections`. They hold keys only and lag: the base table decides. */
export function createNameQueries(
  client: DynamoDBClient,
  tableName: string,
): Pick<ConnectionStore, 'due' | 'rejected'> {
  const query = async (
    index: string,
    condition: string,
    values: Record<string, unknown>,
    next: string | undefined,
  ): Promise<NamePage> => {
    const page = await run(`Reading the index ${index}`, () =>
      client.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression: condition,
          ExpressionAttributeNames: { '#shard': 'shard', ...(index === 'due' ? { '#at': 'nextRefreshAt' } : {}) },
          ExpressionAttributeValues: toItem(values),
          Limit: PAGE_SIZE,
          ...(next === undefined ? {} : { ExclusiveStartKey: toItem(JSON.parse(next) as Record<string, unknown>) }),
        }),
      ),
    );
    const names = (page.Items ?? []).map((item) => fromItem(item).connection as string);
    const last = page.LastEvaluatedKey;
    return last === undefined ? { names } : { names, next: JSON.stringify(fromItem(last)) };
  };

  return {
    due: (shard, now, next) =>
      query('due', '#shard = :shard AND #at <= :now', { ':shard': shard, ':now': now.getTime() }, next),
    rejected: (shard, next) => query('rejected', '#shard = :shard', { ':shard': shard }, next),
  };
}
