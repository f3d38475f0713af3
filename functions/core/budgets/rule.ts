import type { BudgetRule, Provider, ProviderSettings } from '../provider.ts';

/**
 * The budget of a category, for one connection's account.
 *
 * `requestsPerMinute` in a connection's settings replaces the provider's default; the other categories keep their
 * proportion to it. A team that shares the account with another integration lowers it there.
 */
export function budgetRule(provider: Provider, settings: ProviderSettings, category: string): BudgetRule {
  const rule = provider.budgets[category] ?? provider.budgets.default;
  const { requestsPerMinute } = settings;
  if (requestsPerMinute === undefined) return rule;
  return { perMinute: (rule.perMinute * requestsPerMinute) / provider.budgets.default.perMinute };
}
