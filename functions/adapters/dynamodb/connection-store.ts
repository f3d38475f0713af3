import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { generationFingerprint } from '../../core/connections/fingerprint.ts';
import type { Connection } from '../../core/connections/connection.ts';
import type { ConnectionStore } from '../../core/connections/store.ts';
import { ConflictError } from '../../core/errors.ts';
import { type OutboxRow, shardOf } from '../../core/events.ts';
import { completeAuthorizationWrites } from './authorization-item.ts';
import { configureUpdate, newConnectionItem } from './connection-configure.ts';
import { connectionFromItem } from './connection-item.ts';
import { createNameQueries } from './connection-queries.ts';
import { changeUpdate, commitUpdate, disconnectUpdate, leaseUpdate } from './connection-writes.ts';
import { outboxPuts } from './outbox-item.ts';
import { blockingItem, fromItem, isConditionFailure, type Item, run, storeError, toItem } from './table.ts';
import { Update } from './update.ts';

export interface ConnectionStoreOptions {
  readonly client: DynamoDBClient;
  readonly connectionsTable: string;
  readonly stateTable: string;
  readonly shardCount: number;
}

/** Connections in DynamoDB. Every promise of `ConnectionStore` is a condition of one write. */
export function createConnectionStore(options: ConnectionStoreOptions): ConnectionStore {
  const { client, connectionsTable, stateTable, shardCount } = options;
  const key = (name: string) => toItem({ connection: name });
  const highWaterKey = (name: string) => toItem({ pk: `highwater#${name}`, sk: 'generation' });

  const read = async (name: string): Promise<Item | undefined> => {
    const { Item: item } = await run(`Reading connection ${name}`, () =>
      client.send(new GetItemCommand({ TableName: connectionsTable, Key: key(name), ConsistentRead: true })),
    );
    return item && fromItem(item);
  };
  const find = async (name: string): Promise<Connection | undefined> => {
    const item = await read(name);
    return item && connectionFromItem(item);
  };
  const updateOf = (name: string, update: Update) => ({
    TableName: connectionsTable,
    Key: key(name),
    ...update.parts(),
  });

  /** An update with what has to become true with it: a transaction costs twice, and is made only where there is something. */
  const send = async (name: string, update: Update, others: readonly TransactWriteItem[]): Promise<void> => {
    const given = { ...updateOf(name, update), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
    if (others.length === 0) await client.send(new UpdateItemCommand(given));
    else await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: given }, ...others] }));
  };

  /** One update with its events. `false` when refused. */
  const write = async (name: string, update: Update, events: readonly OutboxRow[], now: Date): Promise<boolean> => {
    try {
      await send(name, update, outboxPuts(stateTable, shardOf(name, shardCount), events, now));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw storeError(error, `Writing connection ${name}`);
    }
  };

  return {
    find,
    ...createNameQueries(client, connectionsTable),

    async list() {
      const connections: Connection[] = [];
      let start: ScanCommandOutput['LastEvaluatedKey'];
      do {
        const page: ScanCommandOutput = await run('Listing connections', () =>
          client.send(
            new ScanCommand({
              TableName: connectionsTable,
              ConsistentRead: true,
              ...(start === undefined ? {} : { ExclusiveStartKey: start }),
            }),
          ),
        );
        connections.push(...(page.Items ?? []).map((item) => connectionFromItem(fromItem(item))));
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
      return connections.sort((a, b) => (a.name < b.name ? -1 : 1));
    },

    async highWater(name) {
      const { Item: item } = await run(`Reading the high water of ${name}`, () =>
        client.send(new GetItemCommand({ TableName: stateTable, Key: highWaterKey(name), ConsistentRead: true })),
      );
      return item === undefined ? 0 : (fromItem(item).generation as number);
    },

    async configure(name, configuration, now) {
      const stored = await read(name);
      if (stored === undefined) {
        const item = newConnectionItem(name, configuration, shardOf(name, shardCount), now);
        await run(`Creating connection ${name}`, () =>
          client.send(
            new PutItemCommand({
              TableName: connectionsTable,
              Item: toItem(item),
              ConditionExpression: 'attribute_not_exists(#name)',
              ExpressionAttributeNames: { '#name': 'connection' },
            }),
          ),
        );
        return 'created';
      }
      if (stored.provider !== configuration.provider) {
        throw new ConflictError(
          `Connection ${name} is one of ${String(stored.provider)}; a connection keeps its provider`,
        );
      }
      const update = configureUpdate(stored, configuration, now);
      if (update === undefined) return 'unchanged';
      if (!(await write(name, update, [], now)))
        throw new ConflictError(`Connection ${name}: changed by somebody else`);
      return 'updated';
    },

    async lease(request) {
      try {
        const { Attributes: item } = await client.send(
          new UpdateItemCommand({ ...updateOf(request.name, leaseUpdate(request)), ReturnValues: 'ALL_NEW' }),
        );
        return item && connectionFromItem(fromItem(item));
      } catch (error) {
        if (!isConditionFailure(error)) throw storeError(error, `Leasing connection ${request.name}`);
        // The client may have sent it twice: then the lease that stands in the way is ours.
        const current = await find(request.name);
        return current?.lease?.attempt === request.attempt ? current : undefined;
      }
    },

    async raiseHighWater(name, generation) {
      const update = new Update();
      const attribute = update.name('generation');
      update.require(`attribute_not_exists(${attribute}) OR ${attribute} < ${update.value(generation)}`);
      update.set(['generation'], generation);
      try {
        await client.send(new UpdateItemCommand({ TableName: stateTable, Key: highWaterKey(name), ...update.parts() }));
      } catch (error) {
        if (!isConditionFailure(error)) throw storeError(error, `Raising the high water of ${name}`);
      }
    },

    async commit(commit, events, now) {
      const others = [
        ...outboxPuts(stateTable, shardOf(commit.name, shardCount), events, now),
        ...(commit.authorization === undefined ? [] : completeAuthorizationWrites(stateTable, commit.authorization)),
      ];
      try {
        await send(commit.name, commitUpdate(commit), others);
        return { kind: 'committed' };
      } catch (error) {
        if (!isConditionFailure(error)) throw storeError(error, `Committing the tokens of ${commit.name}`);
        const blocking = blockingItem(error);
        const current = blocking === undefined ? await find(commit.name) : connectionFromItem(blocking);
        if (current?.committedAttempt === commit.attempt) return { kind: 'committed' };
        if (commit.authorization === undefined && current?.fingerprint === commit.spent) {
          throw new ConflictError(`Connection ${commit.name} is at generation ${commit.generation} already`);
        }
        return { kind: 'superseded', current };
      }
    },

    change: (name, condition, change, events, now) => write(name, changeUpdate(condition, change), events, now),

    async reject(name, generation) {
      const update = new Update();
      update.require(`${update.name('generation')} = ${update.value(generation)}`);
      update.set(['rejectedGeneration'], generation);
      await write(name, update, [], new Date(0));
    },

    async reopen(name, grant, now) {
      const stored = await read(name);
      if (stored?.health !== 'disconnected') return false;
      const update = new Update();
      update.require(`${update.name('health')} = ${update.value('disconnected')}`);
      update.set(['health'], 'pending');
      if (grant === 'client-credentials') {
        update.set(['fingerprint'], generationFingerprint(name, stored.generation as number));
        update.set(['nextRefreshAt'], now.getTime());
      }
      return write(name, update, [], now);
    },

    disconnect: (name, events, now) => write(name, disconnectUpdate(), events, now),
  };
}
