import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Hook, HookStore } from '../../core/work/hook.ts';
import { fromItem, type Item, run, type Table, toItem } from './table.ts';

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
    async list(connection) {
      const { Items = [] } = await run('list hooks', () =>
        client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: toItem({ ':pk': `hook#${connection}` }),
            ConsistentRead: true,
          }),
        ),
      );
      return Items.map((item) => hookFromItem(fromItem(item)));
    },
  };
}

function hookFromItem(item: Item): Hook {
  const { connection, provider, name, job, shard, secretHash } = item as unknown as Hook;
  return { connection, provider, name, job, shard, secretHash };
}
