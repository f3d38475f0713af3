import { ConditionalCheckFailedException, type DynamoDBClient, type UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createBudgetStore } from '../../../../functions/adapters/dynamodb/budget-store.ts';
import { toItem } from '../../../../functions/adapters/dynamodb/table.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';

const NOW = 1_767_614_400_000;
const draw = { provider: 'acme', account: 'a', category: 'default', perMinute: 25, lane: 'alerts' } as const;

/** A store on a table that answers as it is told, and the writes that it was sent. */
function setUp(answers: (() => unknown)[]) {
  const sent: UpdateItemCommand['input'][] = [];
  const send = async (command: UpdateItemCommand) => {
    sent.push(command.input);
    const answer = answers.shift();
    if (answer === undefined) throw new Error('one write more than expected');
    return answer();
  };
  const client = { send } as unknown as DynamoDBClient;
  return {
    sent,
    store: createBudgetStore({ table: { client, tableName: 'state' }, clock: { now: () => new Date(NOW) } }),
  };
}

const written = (paidAt: number) => () => ({ Attributes: toItem({ paidAt }) });
const stands = (item: Record<string, number>) => () => {
  const options = { message: 'The conditional request failed', $metadata: {}, Item: toItem(item) };
  throw new ConditionalCheckFailedException(options);
};

const throttled = () => {
  throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
};

describe('budget store', () => {
  it('I25 draws with one write, and goes on from what the write returned', async () => {
    const { store, sent } = setUp([written(NOW + 2858), written(NOW + 5716)]);
    expect(await store.draw(draw)).toEqual({ granted: true });
    expect(await store.draw(draw)).toEqual({ granted: true });
    expect(sent[0]).toMatchObject({
      TableName: 'state',
      Key: { pk: { S: 'budget#acme#a#default' }, sk: { S: 'budget' } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    expect(sent[0]?.UpdateExpression).toContain('paidAt = :paidAtSet');
    expect(sent[1]?.UpdateExpression).toContain('paidAt = paidAt + :paidAtSet');
  });

  it('refuses with one write, told by the item that stood in the way', async () => {
    const { store, sent } = setUp([stands({ paidAt: NOW + 60_000 }), stands({ blockedUntil: NOW + 30_000 })]);
    expect(await store.draw(draw)).toEqual({ granted: false, retryAfterMs: 60_000 - 2 * 2858 });
    expect(await store.draw(draw)).toEqual({ granted: false, retryAfterMs: 30_000 });
    expect(sent).toHaveLength(2);
  });

  it('writes once more when its guess of the clock was wrong', async () => {
    const { store, sent } = setUp([stands({ paidAt: NOW + 1 }), written(NOW + 2859)]);
    expect(await store.draw(draw)).toEqual({ granted: true });
    expect(sent).toHaveLength(2);
  });

  it('gives up after a few rounds, with a wait, when others keep coming first', async () => {
    const restless = [1, -1, 1, -1].map((ms) => stands({ paidAt: NOW + ms }));
    const { store, sent } = setUp(restless);
    expect(await store.draw(draw)).toEqual({ granted: false, retryAfterMs: 2858 });
    expect(sent).toHaveLength(4);
  });

  it('keeps an earlier block that lasts longer, without a failure', async () => {
    const { store, sent } = setUp([stands({ blockedUntil: NOW + 90_000 })]);
    await store.block(draw, new Date(NOW + 10_000));
    expect(sent[0]?.ConditionExpression).toContain('blockedUntil < :until');
  });

  it('P14 says that the store is unavailable when it throttles', async () => {
    const { store } = setUp([throttled, throttled]);
    await expect(store.draw(draw)).rejects.toThrow(StoreUnavailableError);
    await expect(store.block(draw, new Date(NOW))).rejects.toThrow(StoreUnavailableError);
  });
});
