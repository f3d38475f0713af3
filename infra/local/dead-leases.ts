import { type AttributeValue, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';

/**
 * Ends the leases that pollers and publishers of a killed run still hold in the state table.
 *
 * In an account nobody knows whether a holder lives, and everybody waits until its lease is over: more than a minute.
 * Here the folder is locked and no function has been started, so none lives. Leases of exports are their executions',
 * which go on after a restart; those on tokens stay until they are over, because a provider may still be at the request.
 */
export async function endDeadLeases({ client, tableName }: Table, now: Date): Promise<number> {
  let ended = 0;
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: tableName,
        FilterExpression:
          '(begins_with(#pk, :outbox) AND #until > :now) OR (begins_with(#dueShard, :alert) AND #leaseUntil > :now)',
        ExpressionAttributeNames: {
          '#pk': 'pk',
          '#until': 'until',
          '#dueShard': 'dueShard',
          '#leaseUntil': 'leaseUntil',
        },
        ExpressionAttributeValues: {
          ':outbox': { S: 'lease#outbox#' },
          ':alert': { S: 'alert#' },
          ':now': { N: String(now.getTime()) },
        },
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const { pk, sk, until } of page.Items ?? []) {
      if (pk === undefined || sk === undefined) continue;
      await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: { pk, sk },
          UpdateExpression: 'SET #until = :now',
          ExpressionAttributeNames: { '#until': until === undefined ? 'leaseUntil' : 'until' },
          ExpressionAttributeValues: { ':now': { N: String(now.getTime()) } },
        }),
      );
      ended += 1;
    }
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return ended;
}
