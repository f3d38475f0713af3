import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBreakerStore } from '../../functions/adapters/dynamodb/breaker-store.ts';
import { toItem } from '../../functions/adapters/dynamodb/table.ts';
import { REFUSAL_WINDOW_MS } from '../../functions/core/tokens/breaker.ts';
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

  it('R34: lets no refusal go before the quarter of an hour that it counts in is over', async () => {
    const now = new Date(REFUSAL_WINDOW_MS * 2_000_000);
    const key = `acme@ttl-${Date.now()}.example`;
    await createBreakerStore(dynamo.state).addRefusals(key, ['a'], now);
    const Key = toItem({ pk: `breaker#${key}`, sk: 'refusals#2000000' });
    const { Item } = await dynamo.client.send(new GetItemCommand({ TableName: dynamo.state.tableName, Key }));
    expect(Number(Item?.['ttl']?.N) * 1000).toBeGreaterThan(now.getTime() + REFUSAL_WINDOW_MS);
  });
});
