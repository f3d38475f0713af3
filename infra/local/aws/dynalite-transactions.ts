import { matchesExprFilter } from 'dynalite/db/index.js';
import { validateExpressions } from 'dynalite/validations/index.js';
import type { DynaliteCalls } from './dynalite-calls.ts';
import { AwsFault } from './wire.ts';

type Values = Record<string, unknown>;

/** One write of a transaction: what it does, the key it does it to, and the item that was there before. */
interface Planned {
  readonly kind: string;
  readonly write: Values;
  readonly key: Values;
  readonly before: Values | undefined;
  readonly holds: boolean;
}

const MAX_ITEMS = 100;
/** How long a client token is remembered. */
const TOKEN_LIFE_MS = 600_000;

/**
 * TransactWriteItems and TransactGetItems over single operations.
 *
 * The caller lets one write pass at a time, so nothing changes between looking and writing. A write that fails after
 * others were done (a wrong expression) is undone.
 */
export function createTransactions(calls: DynaliteCalls) {
  const tokens = new Map<string, { readonly at: number; readonly items: string }>();

  return {
    async TransactWriteItems(input: Values): Promise<Values> {
      const items = (input['TransactItems'] ?? []) as Values[];
      if (items.length === 0 || items.length > MAX_ITEMS) {
        throw new AwsFault('ValidationException', `A transaction has 1 to ${MAX_ITEMS} items.`);
      }
      const token = input['ClientRequestToken'] as string | undefined;
      if (token !== undefined && isRepeated(tokens, token, JSON.stringify(items))) return {};
      const plan = await planOf(calls, items);
      refuseUnlessAllHold(plan);
      await apply(calls, plan);
      if (token !== undefined) tokens.set(token, { at: Date.now(), items: JSON.stringify(items) });
      return {};
    },
    async TransactGetItems(input: Values): Promise<Values> {
      const gets = (input['TransactItems'] ?? []) as { Get: Values }[];
      const Responses: Values[] = [];
      for (const { Get } of gets) {
        const { Item } = await calls.call('GetItem', { ...Get, ConsistentRead: true });
        Responses.push(Item === undefined ? {} : { Item });
      }
      return { Responses };
    },
  };
}

function isRepeated(tokens: Map<string, { at: number; items: string }>, token: string, items: string): boolean {
  const seen = tokens.get(token);
  if (!seen || Date.now() - seen.at > TOKEN_LIFE_MS) return false;
  if (seen.items === items) return true;
  throw new AwsFault('IdempotentParameterMismatchException', 'The token was used with other parameters.');
}

async function planOf(calls: DynaliteCalls, items: readonly Values[]): Promise<Planned[]> {
  const plan: Planned[] = [];
  for (const item of items) {
    const [kind, write] = Object.entries(item)[0] as [string, Values];
    const table = String(write['TableName']);
    const key = (write['Key'] ?? (await calls.keyOf(table, write['Item'] as Values))) as Values;
    const found = await calls.call('GetItem', { TableName: table, Key: key, ConsistentRead: true });
    const before = found['Item'] as Values | undefined;
    plan.push({ kind, write, key, before, holds: conditionHolds(write, before) });
  }
  const places = new Set(plan.map(({ write, key }) => `${String(write['TableName'])} ${JSON.stringify(key)}`));
  if (places.size < plan.length) {
    throw new AwsFault('ValidationException', 'Transaction request cannot include multiple operations on one item');
  }
  return plan;
}

function conditionHolds(write: Values, item: Values | undefined): boolean {
  if (write['ConditionExpression'] === undefined) return true;
  const names = ['ConditionExpression', 'UpdateExpression', 'ExpressionAttributeNames', 'ExpressionAttributeValues'];
  const data = structuredClone(
    Object.fromEntries(names.flatMap((name) => (write[name] === undefined ? [] : [[name, write[name]]]))),
  ) as Values & { _condition?: { expression: unknown } };
  const problem = validateExpressions(data);
  if (problem) throw new AwsFault('ValidationException', problem);
  return matchesExprFilter(item ?? {}, data._condition?.expression);
}

function refuseUnlessAllHold(plan: readonly Planned[]): void {
  if (plan.every(({ holds }) => holds)) return;
  const reasons = plan.map(({ holds, write, before }) => {
    if (holds) return { Code: 'None' };
    const asked = write['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD' && before !== undefined;
    const reason = { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' };
    return asked ? { ...reason, Item: before } : reason;
  });
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  throw new AwsFault('TransactionCanceledException', message, 400, { CancellationReasons: reasons });
}

async function apply(calls: DynaliteCalls, plan: readonly Planned[]): Promise<void> {
  const done: Planned[] = [];
  try {
    for (const planned of plan) {
      if (planned.kind === 'ConditionCheck') continue;
      const { ReturnValuesOnConditionCheckFailure: _unused, ...write } = planned.write;
      await calls.call(`${planned.kind}Item`, write);
      done.push(planned);
    }
  } catch (error) {
    for (const { write, key, before } of done.toReversed()) {
      const TableName = write['TableName'];
      await (before
        ? calls.call('PutItem', { TableName, Item: before })
        : calls.call('DeleteItem', { TableName, Key: key }));
    }
    throw error;
  }
}
