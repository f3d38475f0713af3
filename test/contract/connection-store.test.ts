import { afterAll, beforeAll, describe } from 'vitest';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
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
});
