import { afterAll, beforeAll, describe } from 'vitest';
import { createBudgetStore } from '../../functions/adapters/dynamodb/budget-store.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { memoryBudgets } from '../support/memory-budgets.ts';
import { itKeepsBudgets } from './budgets.ts';

describe('budgets in memory', () => {
  const perClock = new WeakMap<object, ReturnType<typeof memoryBudgets>>();
  itKeepsBudgets((clock) => {
    const budgets = perClock.get(clock) ?? memoryBudgets({ clock });
    perClock.set(clock, budgets);
    return budgets;
  });
});

describe.each(DYNAMO_ENGINES)('budgets in DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(() => dynamo.stop());

  itKeepsBudgets((clock) => createBudgetStore({ table: dynamo.state, clock }));
});
