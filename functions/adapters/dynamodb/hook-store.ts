import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type Update,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { OutboxRow } from '../../core/events.ts';
import type { Hook, HookAbsence, HookStore, WantedHook } from '../../core/work/hook.ts';
import { outboxPuts } from './outbox-item.ts';
import { fromEpoch, fromItem, isConditionFailure, type Item, run, type Table, toItem } from './table.ts';

function hookKey(connection: string, secretHash: string) {
  return { pk: `hook#${connection}`, sk: secretHash };
}

/** The webhooks that we registered, in the `state` table: the secret of a path is known by its hash alone. */
export function createHookStore(table: Table): HookStore {
  const { client, tableName: TableName } = table;
  return {
    async find(connection, secretHash) {
      const Key = toItem(hookKey(connection, secretHash));
      const { Item } = await run('read a hook', () =>
        client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
      );
      return Item && hookFromItem(fromItem(Item));
    },
    async put(hook, now) {
      const Item = toItem({
        ...hookKey(hook.connection, hook.secretHash),
        ...hook,
        schema: 1,
        createdAt: now.getTime(),
      });
      await run('register a hook', () => client.send(new PutItemCommand({ TableName, Item })));
    },
    async remove(connection, secretHash) {
      const Key = toItem(hookKey(connection, secretHash));
      await run('forget a hook', () => client.send(new DeleteItemCommand({ TableName, Key })));
    },
    list: async (connection) => (await query(table, connection, (sk) => !isWanted(sk))).map(hookFromItem),
    async want({ connection, name, ...rest }) {
      await run('want a hook', () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: toItem(wantedKey(connection, name)),
            UpdateExpression:
              'SET #connection = :connection, #name = :name, #provider = :provider, #job = :job, #shard = :shard, ' +
              '#events = :events, #changed = :changed',
            ExpressionAttributeNames: {
              '#connection': 'connection',
              '#name': 'name',
              '#provider': 'provider',
              '#job': 'job',
              '#shard': 'shard',
              '#events': 'events',
              '#changed': 'changed',
            },
            ExpressionAttributeValues: toItem({
              ':changed': true,
              ':connection': connection,
              ':name': name,
              ':provider': rest.provider,
              ':job': rest.job,
              ':shard': rest.shard,
              ':events': rest.events,
            }),
          }),
        ),
      );
    },
    async unwant(connection, name) {
      const [hook] = (await this.wanted(connection)).filter((wanted) => wanted.name === name);
      if (hook?.secretHash !== undefined) await this.remove(connection, hook.secretHash);
      const Key = toItem(wantedKey(connection, name));
      await run('unwant a hook', () => client.send(new DeleteItemCommand({ TableName, Key })));
    },
    wanted: async (connection) => (await query(table, connection, isWanted)).map(wantedFromItem),
    foundOff: (hook, off, rows) => foundOff(table, hook, off, rows),
    kept: (hook, secretHash, rows, now) => kept(table, hook, secretHash, rows, now),
  };
}

function wantedKey(connection: string, name: string) {
  return { pk: `hook#${connection}`, sk: `wanted#${name}` };
}

function isWanted(sk: string): boolean {
  return sk.startsWith('wanted#');
}

async function query(table: Table, connection: string, chosen: (sk: string) => boolean): Promise<readonly Item[]> {
  const { Items = [] } = await run('list hooks', () =>
    table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: toItem({ ':pk': `hook#${connection}` }),
        ConsistentRead: true,
      }),
    ),
  );
  return Items.map(fromItem).filter((item) => chosen(item['sk'] as string));
}

function foundOff(table: Table, hook: WantedHook, off: HookAbsence, rows: readonly OutboxRow[]): Promise<void> {
  return note(table, 'note that a hook is off', hook, rows, off.at, {
    UpdateExpression: 'SET #off = :off',
    ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(#off)',
    ExpressionAttributeNames: { '#off': 'off' },
    ExpressionAttributeValues: toItem({
      ':off': { at: off.at.getTime(), since: off.since.getTime(), events: off.events },
    }),
  });
}

function kept(table: Table, hook: WantedHook, hash: string, rows: readonly OutboxRow[], now: Date): Promise<void> {
  return note(table, 'note that a hook stands', hook, rows, now, {
    UpdateExpression: 'SET #secretHash = :secretHash, #keptAt = :now, #keptEvents = :events REMOVE #off, #changed',
    // What is said of an absence is said with the write that ends it.
    ConditionExpression: `attribute_exists(pk)${rows.length === 0 ? '' : ' AND attribute_exists(#off)'}`,
    ExpressionAttributeNames: {
      '#secretHash': 'secretHash',
      '#keptAt': 'keptAt',
      '#keptEvents': 'keptEvents',
      '#off': 'off',
      '#changed': 'changed',
    },
    ExpressionAttributeValues: toItem({ ':secretHash': hash, ':now': now.getTime(), ':events': hook.events }),
  });
}

/** A hook that is not wanted any more meanwhile, or of which it is known already, stays as it is. */
async function note(
  table: Table,
  what: string,
  { connection, name, shard }: WantedHook,
  rows: readonly OutboxRow[],
  now: Date,
  update: Omit<Update, 'TableName' | 'Key'>,
): Promise<void> {
  const Update = { ...update, TableName: table.tableName, Key: toItem(wantedKey(connection, name)) };
  const TransactItems = [{ Update }, ...outboxPuts(table.tableName, shard, rows, now)];
  try {
    await run(what, () => table.client.send(new TransactWriteItemsCommand({ TransactItems })));
  } catch (error) {
    if (!isConditionFailure((error as Error).cause)) throw error;
  }
}

function wantedFromItem(item: Item): WantedHook {
  const { connection, provider, name, job, shard, events, secretHash, keptEvents, changed } =
    item as unknown as WantedHook;
  const keptAt = fromEpoch(item['keptAt']);
  const off = item['off'] as { at: number; since: number; events: readonly string[] } | undefined;
  return {
    connection,
    provider,
    name,
    job,
    shard,
    events,
    ...(secretHash === undefined ? {} : { secretHash }),
    ...(keptAt === undefined ? {} : { keptAt }),
    ...(keptEvents === undefined ? {} : { keptEvents }),
    ...(off === undefined ? {} : { off: { ...off, at: new Date(off.at), since: new Date(off.since) } }),
    ...(changed === true ? { changed } : {}),
  };
}

function hookFromItem(item: Item): Hook {
  const { connection, provider, name, job, shard, secretHash } = item as unknown as Hook;
  return { connection, provider, name, job, shard, secretHash };
}
