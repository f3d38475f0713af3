import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { BudgetAnswer, Budgets } from '../../core/budgets/budget.ts';
import {
  answerFor,
  type BudgetState,
  budgetKey,
  type ClockMove,
  type ClockRule,
  movesFrom,
  rulesOf,
  UNTOUCHED,
} from '../../core/budgets/gcra.ts';
import type { Clock } from '../../core/time.ts';
import { blockingItem, fromItem, isConditionFailure, type Item, run, type Table, toItem } from './table.ts';

/**
 * How often a draw is written again because another one changed a clock's form (past or future) in between.
 * Each round needs another writer at that very moment; past this, the caller is told to come back.
 */
const MAX_ROUNDS = 4;

/** An idle account's budget is as good as none: TTL takes it away after a day. */
const IDLE_SECONDS = 86_400;

export interface BudgetStoreOptions {
  readonly table: Table;
  readonly clock: Clock;
}

/**
 * Budgets as items of the `state` table.
 *
 * A draw is one update that adds to the clocks on condition that they allow it: additions commute, so concurrent draws
 * of many functions do not have to compare and swap. DynamoDB has no `max`, so the update for a clock in the past
 * differs from that for one in the future; the first guess is what this process saw last, and a wrong guess costs a
 * second write, told by the item that the failed condition returns.
 */
export function createBudgetStore({ table, clock }: BudgetStoreOptions): Budgets {
  const seen = new Map<string, BudgetState>();

  return {
    async draw(draw) {
      const key = budgetKey(draw);
      const rules = rulesOf(draw);
      let state = seen.get(key) ?? UNTOUCHED;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const now = clock.now().getTime();
        const outcome = await writeDraw(table, key, movesFrom(state, rules, now), now);
        state = outcome.state;
        seen.set(key, state);
        if (outcome.written) return { granted: true };
        const answer = answerFor(state, rules, now);
        if (!answer.granted) return answer;
      }
      return comeBack(rules);
    },

    async block(draw, until) {
      await writeBlock(table, budgetKey(draw), until.getTime());
    },
  };
}

function comeBack(rules: readonly ClockRule[]): BudgetAnswer {
  return { granted: false, retryAfterMs: Math.max(...rules.map((rule) => rule.stepMs)) };
}

async function writeDraw(
  { client, tableName }: Table,
  key: string,
  moves: readonly ClockMove[],
  now: number,
): Promise<{ readonly written: boolean; readonly state: BudgetState }> {
  const sets = moves.map(({ clock, form }) => `${clock} = ${form === 'advance' ? `${clock} + ` : ''}:${clock}Set`);
  const conditions = moves.map(({ clock, form }) =>
    form === 'advance'
      ? `${clock} > :now AND ${clock} <= :${clock}Most`
      : `(attribute_not_exists(${clock}) OR ${clock} <= :now)`,
  );
  const values = moves.flatMap(({ clock, form, stepMs, aheadMs }): [string, number][] =>
    form === 'advance'
      ? [
          [`:${clock}Set`, stepMs],
          [`:${clock}Most`, now + aheadMs],
        ]
      : [[`:${clock}Set`, now + stepMs]],
  );
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: toItem({ pk: key, sk: 'budget' }),
    UpdateExpression: `SET #ttl = :ttl, ${sets.join(', ')}`,
    ConditionExpression: `(attribute_not_exists(blockedUntil) OR blockedUntil <= :now) AND ${conditions.join(' AND ')}`,
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: toItem({
      ':now': now,
      ':ttl': Math.ceil(now / 1000) + IDLE_SECONDS,
      ...Object.fromEntries(values),
    }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  return run('budget', async () => {
    try {
      const { Attributes } = await client.send(command);
      return { written: true, state: toState(Attributes && fromItem(Attributes)) };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      return { written: false, state: toState(blockingItem(error)) };
    }
  });
}

/** Only ever later: two functions that were refused at once may hear of different ends. */
async function writeBlock({ client, tableName }: Table, key: string, until: number): Promise<void> {
  const command = new UpdateItemCommand({
    TableName: tableName,
    Key: toItem({ pk: key, sk: 'budget' }),
    UpdateExpression: 'SET blockedUntil = :until, #ttl = :ttl',
    ConditionExpression: 'attribute_not_exists(blockedUntil) OR blockedUntil < :until',
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: toItem({ ':until': until, ':ttl': Math.ceil(until / 1000) + IDLE_SECONDS }),
  });
  await run('budget block', async () => {
    try {
      await client.send(command);
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
    }
  });
}

function toState(item: Item | undefined): BudgetState {
  return {
    paidAt: instant(item?.paidAt),
    exportsPaidAt: instant(item?.exportsPaidAt),
    blockedUntil: instant(item?.blockedUntil),
  };
}

function instant(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
