import type { Lane } from '../provider.ts';

/** One draw on the budget of a provider's account. */
export interface BudgetDraw {
  readonly provider: string;
  /** `Provider.budgetAccount`. */
  readonly account: string;
  /** Key of `Provider.budgets`. */
  readonly category: string;
  readonly perMinute: number;
  readonly lane: Lane;
}

/** Granted now, or the milliseconds until it may be asked again. */
export type BudgetAnswer = { readonly granted: true } | { readonly granted: false; readonly retryAfterMs: number };

/** Rate budgets (DESIGN 5.6): one item per account and category, moved by one conditional update. */
export interface Budgets {
  draw(draw: BudgetDraw): Promise<BudgetAnswer>;
  /** What the provider itself said (429, headers) overrides what we believed. */
  block(draw: BudgetDraw, until: Date): Promise<void>;
}
