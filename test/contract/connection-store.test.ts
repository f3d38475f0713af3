import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryConnections } from '../support/memory-connections.ts';
import { itIsAConnectionStore } from './connection-store.ts';

describe('ConnectionStore in memory', () => {
  itIsAConnectionStore(() => createMemoryConnections());
});

describe.each(DYNAMO_ENGINES)('ConnectionStore on DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(async () => {
    await dynamo.stop();
  });
  itIsAConnectionStore(() =>
    createConnectionStore({
      client: dynamo.client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 2,
    }),
  );

  it('S82: drops no token set that only the high water refuses', async () => {
    const store = createConnectionStore({
      client: dynamo.client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 2,
    });
    const now = new Date('2026-03-01T12:00:00Z');
    const settings = { provider: 'acme', settings: {}, secret: { name: 'acme' }, budgetAccount: 'acme' };
    await store.configure('high-water', { ...settings, grant: 'client-credentials' }, now);
    const Item = { pk: { S: 'highwater#high-water' }, sk: { S: 'generation' }, generation: { N: '9' } };
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo.state.tableName, Item }));
    const commit = {
      name: 'high-water',
      provider: 'acme',
      attempt: 'a',
      spent: (await store.find('high-water'))?.fingerprint ?? '',
      generation: 1,
      fingerprint: 'next',
      access: { sealed: new Uint8Array([1]), issuedAt: now, expiresAt: now },
      health: 'connected',
      rejections: 0,
      resolves: [],
      releasesLease: true,
    } as const;
    await expect(store.commit(commit, [], now)).rejects.toThrow(ConflictError);
    expect((await store.find('high-water'))?.generation).toBe(0);
  });
});
