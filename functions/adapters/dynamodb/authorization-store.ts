import { randomUUID } from 'node:crypto';
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type AuthorizationStore,
  MISMATCHES_TO_BURN,
  type PendingAuthorization,
  type Ticket,
} from '../../core/authorization/store.ts';
import { shardOf } from '../../core/events.ts';
import { authorizationFromItem, authorizationItem, ticketFromItem, ticketItem } from './authorization-fields.ts';
import { authorizationKey, ticketKey } from './authorization-item.ts';
import { outboxPuts } from './outbox-item.ts';
import { fromItem, isConditionFailure, run, storeError, toItem } from './table.ts';
import { Update } from './update.ts';

export interface AuthorizationStoreOptions {
  readonly client: DynamoDBClient;
  readonly stateTable: string;
  readonly shardCount: number;
}

/** Tickets and pending authorizations in the `state` table. Expiry is in every condition: TTL deletes days late (S08). */
export function createAuthorizationStore(options: AuthorizationStoreOptions): AuthorizationStore {
  const { client, stateTable: TableName, shardCount } = options;
  const read = async (key: ReturnType<typeof ticketKey>) => {
    const { Item: item } = await run('Reading an authorization', () =>
      client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true })),
    );
    return item && fromItem(item);
  };
  const findTicket = async (hash: string): Promise<Ticket | undefined> =>
    ticketFromItem(hash, await read(ticketKey(hash)));

  /** A conditional update; `false` where the condition refused. */
  const write = async (what: string, update: Update, key: ReturnType<typeof ticketKey>): Promise<boolean> => {
    try {
      await client.send(new UpdateItemCommand({ TableName, Key: key, ...update.parts() }));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw storeError(error, what);
    }
  };

  /** `false` where the ticket is used up or over, or changed hands since it was read. */
  const beginOnce = async (pending: PendingAuthorization, now: Date): Promise<boolean> => {
    const ticket = await findTicket(pending.ticketHash);
    if (ticket === undefined) return false;
    // The client may have sent it twice: then it stands already.
    if (ticket.stateHash === pending.stateHash) return true;
    const items: TransactWriteItem[] = [
      {
        Put: { TableName, Item: toItem(authorizationItem(pending)), ConditionExpression: 'attribute_not_exists(pk)' },
      },
      { Update: { TableName, Key: ticketKey(pending.ticketHash), ...bindTicket(ticket, pending, now).parts() } },
      ...(ticket.stateHash === undefined ? [] : [{ Delete: { TableName, Key: authorizationKey(ticket.stateHash) } }]),
    ];
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw storeError(error, 'Beginning an authorization');
    }
  };

  return {
    findTicket,
    async createTicket(ticket) {
      await run('Storing a ticket', () =>
        client.send(
          new PutItemCommand({
            TableName,
            Item: toItem(ticketItem(ticket)),
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      );
    },

    async begin(pending, now) {
      // A double click sends two at once: the later one sees the ticket change hands, and takes it over.
      return (await beginOnce(pending, now)) || beginOnce(pending, now);
    },

    async find(stateHash) {
      return authorizationFromItem(stateHash, await read(authorizationKey(stateHash)));
    },

    async countMismatch(stateHash, now) {
      const update = new Update();
      update.require(`attribute_exists(${update.name('pk')}) AND attribute_not_exists(${update.name('burntAt')})`);
      update.add('mismatches', 1);
      try {
        const { Attributes: item } = await client.send(
          new UpdateItemCommand({
            TableName,
            Key: authorizationKey(stateHash),
            ...update.parts(),
            ReturnValues: 'UPDATED_NEW',
          }),
        );
        const count = item === undefined ? 0 : (fromItem(item).mismatches as number);
        if (count < MISMATCHES_TO_BURN) return;
      } catch (error) {
        if (isConditionFailure(error)) return;
        throw storeError(error, 'Counting a mismatch');
      }
      const burn = new Update();
      burn.require(`attribute_exists(${burn.name('pk')})`);
      burn.set(['burntAt'], now.getTime());
      await write('Burning a state', burn, authorizationKey(stateHash));
    },

    async burn(pending, now) {
      const update = new Update();
      update.require(`attribute_exists(${update.name('pk')}) AND attribute_not_exists(${update.name('burntAt')})`);
      update.require(`${update.name('expiresAt')} > ${update.value(now.getTime())}`);
      update.require(`${update.name('provider')} = ${update.value(pending.provider)}`);
      update.require(`${update.name('browserHash')} = ${update.value(pending.browserHash)}`);
      update.set(['burntAt'], now.getTime());
      // The client may send it twice: then the burning that stands in the way is ours.
      const burner = randomUUID();
      update.set(['burntBy'], burner);
      const key = authorizationKey(pending.stateHash);
      return (await write('Burning a state', update, key)) || (await read(key))?.burntBy === burner;
    },

    async finish(pending: PendingAuthorization, outcome, events, now) {
      const update = new Update();
      update.require(`attribute_exists(${update.name('pk')})`);
      update.set(['outcome'], outcome);
      const puts = outboxPuts(TableName, shardOf(pending.connection, shardCount), events, now);
      const item = { Update: { TableName, Key: authorizationKey(pending.stateHash), ...update.parts() } };
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems: [item, ...puts] }));
      } catch (error) {
        // Taken by TTL or by a new attempt of the same person: then there is nobody left to tell.
        if (!isConditionFailure(error)) throw storeError(error, 'Finishing an authorization');
      }
    },
  };
}

/** The ticket follows the last authorization that was begun with it; the one before is deleted in the same transaction. */
function bindTicket(ticket: Ticket, pending: PendingAuthorization, now: Date): Update {
  const update = new Update();
  update.require(`attribute_exists(${update.name('pk')}) AND attribute_not_exists(${update.name('consumedAt')})`);
  update.require(`${update.name('expiresAt')} > ${update.value(now.getTime())}`);
  const state = update.name('stateHash');
  if (ticket.stateHash === undefined) update.require(`attribute_not_exists(${state})`);
  else update.require(`${state} = ${update.value(ticket.stateHash)}`);
  update.set(['stateHash'], pending.stateHash);
  return update;
}
