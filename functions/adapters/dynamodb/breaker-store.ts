import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  type BreakerReason,
  type BreakerStore,
  FAILURES_TO_TRIP,
  REFUSAL_WINDOW_MS,
} from '../../core/tokens/breaker.ts';
import { fromItem, isConditionFailure, run, storeError, type Table, toItem } from './table.ts';
import { Update } from './update.ts';

/** Breakers of token endpoints: `breaker#<provider>@<host>`; who was refused is noted beside them, a window at a time. */
export function createBreakerStore({ client, tableName }: Table): BreakerStore {
  const at = (key: string, sk: string) => toItem({ pk: `breaker#${key}`, sk });
  const what = (key: string) => `Breaker of ${key}`;
  return {
    async find(key) {
      const { Item: item } = await run(what(key), () =>
        client.send(new GetItemCommand({ TableName: tableName, Key: at(key, 'breaker'), ConsistentRead: true })),
      );
      if (item === undefined) return undefined;
      const stored = fromItem(item) as { reason: BreakerReason; until: number; trips: number; since: number };
      return {
        reason: stored.reason,
        until: new Date(stored.until),
        trips: stored.trips,
        since: new Date(stored.since),
      };
    },
    async save(key, state) {
      const item = {
        pk: `breaker#${key}`,
        sk: 'breaker',
        schema: 1,
        reason: state.reason,
        until: state.until.getTime(),
        trips: state.trips,
        since: state.since.getTime(),
      };
      await run(what(key), () => client.send(new PutItemCommand({ TableName: tableName, Item: toItem(item) })));
    },
    async close(key) {
      await run(what(key), () => client.send(new DeleteItemCommand({ TableName: tableName, Key: at(key, 'breaker') })));
    },
    async addRefusals(key, connections, now) {
      const slot = Math.floor(now.getTime() / REFUSAL_WINDOW_MS);
      const update = new Update();
      const attribute = update.name('refused');
      // As many as decide: an incident of thousands must not make a large item.
      update.require(`attribute_not_exists(${attribute}) OR size(${attribute}) < ${update.value(FAILURES_TO_TRIP)}`);
      update.add('refused', new Set(connections.slice(0, FAILURES_TO_TRIP)));
      update.set(['ttl'], Math.ceil(((slot + 2) * REFUSAL_WINDOW_MS) / 1000));
      try {
        const { Attributes: item } = await client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: at(key, `refusals#${slot}`),
            ...update.parts(),
            ReturnValues: 'ALL_NEW',
          }),
        );
        return item === undefined ? connections.length : (fromItem(item).refused as ReadonlySet<string>).size;
      } catch (error) {
        if (isConditionFailure(error)) return FAILURES_TO_TRIP;
        throw storeError(error, what(key));
      }
    },
  };
}
