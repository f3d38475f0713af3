import { afterAll, beforeAll, describe } from 'vitest';
import { createBreakerStore } from '../../functions/adapters/dynamodb/breaker-store.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryBreakers } from '../support/memory-breakers.ts';
import { itKeepsBreakers } from './breakers.ts';

describe('breakers in memory', () => {
  itKeepsBreakers(() => createMemoryBreakers());
});

describe.each(DYNAMO_ENGINES)('breakers in DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(() => dynamo.stop());

  itKeepsBreakers(() => createBreakerStore(dynamo.state));
});
