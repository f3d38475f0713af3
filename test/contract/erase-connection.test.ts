import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEraseConnection } from '../../functions/adapters/dynamodb/erase-connection.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { toItem } from '../../functions/adapters/dynamodb/table.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';

describe.each(DYNAMO_ENGINES)('erasing a connection on DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(async () => {
    await dynamo.stop();
  });
  const store = () =>
    createConnectionStore({
      client: dynamo.client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 2,
    });
  const put = (name: string, attributes: Readonly<Record<string, unknown>>) =>
    dynamo.client.send(
      new PutItemCommand({
        TableName: dynamo.connections.tableName,
        Item: toItem({ connection: name, health: 'disconnected', ...attributes }),
      }),
    );
  const stands = async (name: string) => (await store().find(name)) !== undefined;

  it('takes away one that is disconnected', async () => {
    await store().configure(
      'gone',
      { provider: 'p', grant: 'client-credentials', settings: {}, secret: { name: 's' }, budgetAccount: 'a' },
      new Date(),
    );
    await store().disconnect('gone', [], new Date());
    expect(await createEraseConnection(dynamo.connections)('gone')).toBe(true);
    expect(await stands('gone')).toBe(false);
  });

  it.each([
    ['connected', { health: 'connected' }],
    ['with an access token', { access: 'sealed' }],
    ['with a refresh token', { refresh: 'sealed' }],
    ['being connected', { leaseUntil: 1 }],
  ])('leaves one alone that is %s', async (what, attributes) => {
    await put(what, attributes);
    expect(await createEraseConnection(dynamo.connections)(what)).toBe(false);
  });
});
