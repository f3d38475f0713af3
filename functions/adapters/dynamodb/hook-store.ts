import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Hook, HookStore, WantedHook } from '../../core/work/hook.ts';
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
            // Without `keptAt` the keeper looks at once.
            UpdateExpression:
              'SET #connection = :connection, #name = :name, #provider = :provider, #job = :job, #shard = :shard, ' +
              '#events = :events REMOVE #keptAt',
            ExpressionAttributeNames: {
              '#connection': 'connection',
              '#name': 'name',
              '#provider': 'provider',
              '#job': 'job',
              '#shard': 'shard',
              '#events': 'events',
              '#keptAt': 'keptAt',
            },
            ExpressionAttributeValues: toItem({
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
    kept: (hook, secretHash, now) => kept(table, hook, secretHash, now),
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

/** A hook that is not wanted any more meanwhile stays unwanted. */
async function kept(table: Table, hook: WantedHook, secretHash: string, now: Date): Promise<void> {
  try {
    await run('note that a hook stands', () =>
      table.client.send(
        new UpdateItemCommand({
          TableName: table.tableName,
          Key: toItem(wantedKey(hook.connection, hook.name)),
          UpdateExpression: 'SET #secretHash = :secretHash, #keptAt = :now',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#secretHash': 'secretHash', '#keptAt': 'keptAt' },
          ExpressionAttributeValues: toItem({ ':secretHash': secretHash, ':now': now.getTime() }),
        }),
      ),
    );
  } catch (error) {
    if (!isConditionFailure((error as Error).cause)) throw error;
  }
}

function wantedFromItem(item: Item): WantedHook {
  const { connection, provider, name, job, shard, events, secretHash } = item as unknown as WantedHook;
  const keptAt = fromEpoch(item['keptAt']);
  return {
    connection,
    provider,
    name,
    job,
    shard,
    events,
    ...(secretHash === undefined ? {} : { secretHash }),
    ...(keptAt === undefined ? {} : { keptAt }),
  };
}

function hookFromItem(item: Item): Hook {
  const { connection, provider, name, job, shard, secretHash } = item as unknown as Hook;
  return { connection, provider, name, job, shard, secretHash };
}
