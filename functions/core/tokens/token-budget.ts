import type { BudgetDraw } from '../budgets/budget.ts';
import { budgetRule } from '../budgets/rule.ts';
import type { Connection } from '../connections/connection.ts';
import type { Provider } from '../provider.ts';
import type { TokenDependencies } from './dependencies.ts';

/** The budget that a connection's token calls are drawn from; `undefined` where its provider does not count them. */
export function tokenBudgetOf(connection: Connection, provider: Provider): BudgetDraw | undefined {
  const category = provider.tokenBudget;
  if (category === undefined) return undefined;
  const { perMinute } = budgetRule(provider, connection.settings, category);
  return { provider: provider.id, account: connection.budgetAccount, category, perMinute, lane: 'token' };
}

/** Milliseconds to wait when the account's budget for token calls is used up. */
export async function drawTokenBudget(
  { budgets }: Pick<TokenDependencies, 'budgets'>,
  connection: Connection,
  provider: Provider,
): Promise<number | undefined> {
  const draw = tokenBudgetOf(connection, provider);
  if (draw === undefined) return undefined;
  const answer = await budgets.draw(draw);
  return answer.granted ? undefined : answer.retryAfterMs;
}
