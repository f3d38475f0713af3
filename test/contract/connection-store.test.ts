import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryConnections } from '../support/memory-connections.ts';
import { createStingyClient } from '../support/stingy-client.ts';
import { itIsAConnectionStore } from './connection-store.ts';

describe('ConnectionStore in memory', () => {
  itIsAConnectionStore(createMemoryConnections, async ({ outbox }) => outbox);
});

describe.each(DYNAMO_ENGINES)('ConnectionStore on DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(async () => {
    await dynamo.stop();
  });
  const create = (client: DynamoDBClient) =>
    createConnectionStore({
      client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 2,
    });
  const rows = async () => {
    const outbox = createOutboxStore(dynamo.state);
    const pages = await Promise.all(['0', '1'].map((shard) => outbox.read(shard, 1000, undefined)));
    return pages.flatMap((page) => page.rows);
  };
  itIsAConnectionStore(() => create(dynamo.client), rows);

  describe('that gives as little at a time as it may', () => {
    itIsAConnectionStore(() => create(createStingyClient(dynamo.client, { whateverLimit: true })), rows);
  });
});
