import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { run, type Table, toItem } from './table.ts';

/** Puts a connection's high water where it is told. For the operator after a restore: no function lowers it. */
export function createSetHighWater({ client, tableName }: Table): (name: string, generation: number) => Promise<void> {
  return async (name, generation) => {
    const item = toItem({ pk: `highwater#${name}`, sk: 'generation', generation });
    await run(`Setting the high water of ${name}`, () =>
      client.send(new PutItemCommand({ TableName: tableName, Item: item })),
    );
  };
}
