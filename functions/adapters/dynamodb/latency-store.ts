import { QueryCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import type { LatencyStore } from '../../core/publishing/latency-store.ts';
import { addLatencies, type LatencyDigest, mergeLatencies } from '../../core/schedules/latency.ts';
import { DAY_MS } from '../../core/time.ts';
import { fromItem, run, type Table, toItem } from './table.ts';

/** How long a day's figures are kept. */
const KEPT_DAYS = 7;
/** Attributes of an item that are bins begin with this. */
const BIN = 'bin';

/**
 * Latencies in the `state` table: an item per job and day, a number per bin, which additions of several publishers
 * leave in peace.
 */
export function createLatencyStore(table: Table): LatencyStore {
  return {
    async add(shard, latenciesMs, now) {
      await Promise.all([...latenciesMs].map(([job, latencies]) => addToDay(table, shard, job, latencies, now)));
    },
    async read(shard) {
      const found = new Map<string, LatencyDigest>();
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await run('read latencies', () =>
          table.client.send(
            new QueryCommand({
              TableName: table.tableName,
              KeyConditionExpression: 'pk = :pk',
              ExpressionAttributeValues: toItem({ ':pk': partition(shard) }),
              ...(start ? { ExclusiveStartKey: start } : {}),
            }),
          ),
        );
        for (const item of (page.Items ?? []).map(fromItem)) {
          const job = item['job'] as string;
          found.set(job, mergeLatencies(found.get(job), digestOf(item)));
        }
        start = page.LastEvaluatedKey;
      } while (start);
      return found;
    },
  };
}

function partition(shard: string): string {
  return `latency#${shard}`;
}

async function addToDay(
  table: Table,
  shard: string,
  job: string,
  latenciesMs: readonly number[],
  now: Date,
): Promise<void> {
  const bins = Object.entries(addLatencies(undefined, latenciesMs));
  const ttl = Math.ceil((now.getTime() + KEPT_DAYS * DAY_MS) / 1000);
  await run('count latencies', () =>
    table.client.send(
      new UpdateItemCommand({
        TableName: table.tableName,
        Key: toItem({ pk: partition(shard), sk: `${job}#${now.toISOString().slice(0, 10)}` }),
        UpdateExpression: `SET #job = :job, #ttl = :ttl ADD ${bins.map(([bin]) => `${BIN}${bin} :${bin}`).join(', ')}`,
        ExpressionAttributeNames: { '#job': 'job', '#ttl': 'ttl' },
        ExpressionAttributeValues: toItem({
          ':job': job,
          ':ttl': ttl,
          ...Object.fromEntries(bins.map(([bin, count]) => [`:${bin}`, count])),
        }),
      }),
    ),
  );
}

function digestOf(item: Readonly<Record<string, unknown>>): LatencyDigest {
  const bins = Object.entries(item).filter(([name]) => name.startsWith(BIN));
  return Object.fromEntries(bins.map(([name, count]) => [Number(name.slice(BIN.length)), count as number]));
}
