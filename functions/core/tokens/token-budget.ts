import { budgetRule } from '../budgets/rule.ts';
import type { Connection } from '../connections/connection.ts';
import type { Provider } from '../provider.ts';
import type { TokenDependencies } from './dependencies.ts';

/** Milliseconds to wait when the account's budget for token calls is used up. */
export async function drawTokenBudget(
  { budgets }: Pick<TokenDependencies, 'budgets'>,
  connection: Connection,
  provider: Provider,
): Promise<number | undefined> {
  const category = provider.tokenBudget;
  if (category === undefined) return undefined;
  const answer = await budgets.draw({
    provider: provider.id,
    account: connection.budgetAccount,
    category,
    perMinute: budgetRule(provider, connection.settings, category).perMinute,
    lane: 'token',
  });
  return answer.granted ? undefined : answer.retryAfterMs;
}
