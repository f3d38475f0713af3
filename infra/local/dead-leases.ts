import { type AttributeValue, ScanCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../functions/adapters/dynamodb/table.ts';
import { RESTART_AFTER_MS } from '../../functions/core/schedules/decide.ts';

/** What a killed run leaves behind: the items, and the attribute of each that makes others wait. */
const LEFT: readonly { readonly which: string; readonly attribute: string; readonly agoMs: number }[] = [
  { which: 'begins_with(pk, :outbox)', attribute: 'until', agoMs: 0 },
  { which: 'begins_with(pk, :job) AND sk = :itself', attribute: 'leaseUntil', agoMs: 0 },
  // Its execution may never have been started; starting it a second time is harmless.
  { which: 'begins_with(sk, :window) AND #state = :running', attribute: 'updatedAt', agoMs: RESTART_AFTER_MS },
];

/**
 * Ends what the functions of a killed run still hold in the state table.
 *
 * In an account nobody knows whether a holder lives, and everybody waits until its lease is over: more than a minute.
 * Here the folder is locked and no function has been started, so none lives. Leases on tokens stay until they are over
 * all the same: a provider may still be at the request.
 */
export async function endDeadLeases(table: Table, now: Date): Promise<number> {
  let ended = 0;
  for (const { which, attribute, agoMs } of LEFT) {
    const at = now.getTime() - agoMs;
    for (const key of await keysOf(table, which, attribute, at)) {
      await table.client.send(
        new UpdateItemCommand({
          TableName: table.tableName,
          Key: key,
          UpdateExpression: 'SET #attribute = :at',
          ExpressionAttributeNames: { '#attribute': attribute },
          ExpressionAttributeValues: { ':at': { N: String(at) } },
        }),
      );
      ended += 1;
    }
  }
  return ended;
}

const VALUES: Readonly<Record<string, string>> = {
  ':outbox': 'lease#outbox#',
  ':job': 'job#',
  ':itself': 'job',
  ':window': 'window#',
  ':running': 'running',
};

async function keysOf({ client, tableName }: Table, which: string, attribute: string, at: number) {
  const values = Object.entries(VALUES).filter(([name]) => which.includes(name));
  const keys: Record<string, AttributeValue>[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: tableName,
        FilterExpression: `${which} AND #attribute > :at`,
        ExpressionAttributeNames: {
          '#attribute': attribute,
          ...(which.includes('#state') ? { '#state': 'state' } : {}),
        },
        ExpressionAttributeValues: {
          ...Object.fromEntries(values.map(([name, text]) => [name, { S: text }])),
          ':at': { N: String(at) },
        },
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    for (const { pk, sk } of page.Items ?? []) if (pk !== undefined && sk !== undefined) keys.push({ pk, sk });
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return keys;
}
