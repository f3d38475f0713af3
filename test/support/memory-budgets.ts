import type { BudgetDraw, Budgets } from '../../functions/core/budgets/budget.ts';
import {
  answerFor,
  blocked,
  type BudgetState,
  budgetKey,
  drawn,
  rulesOf,
  UNTOUCHED,
} from '../../functions/core/budgets/gcra.ts';
import type { Clock } from '../../functions/core/time.ts';

export interface MemoryBudgets extends Budgets {
  /** Every draw that was granted, in order, with its time. */
  readonly granted: readonly { readonly at: number; readonly draw: BudgetDraw }[];
}

/** `Budgets` in memory: the same rules as the store, nothing shared between processes. */
export function memoryBudgets(options: { readonly clock: Clock }): MemoryBudgets {
  const states = new Map<string, BudgetState>();
  const granted: { at: number; draw: BudgetDraw }[] = [];

  return {
    granted,
    async draw(draw) {
      const now = options.clock.now().getTime();
      const key = budgetKey(draw);
      const rules = rulesOf(draw);
      const state = states.get(key) ?? UNTOUCHED;
      const answer = answerFor(state, rules, now);
      if (answer.granted) {
        states.set(key, drawn(state, rules, now));
        granted.push({ at: now, draw });
      }
      return answer;
    },
    async block(draw, until) {
      const key = budgetKey(draw);
      states.set(key, blocked(states.get(key) ?? UNTOUCHED, until.getTime()));
    },
  };
}

/** `Budgets` that grant everything: for tests of something else. */
export function endlessBudgets(): Budgets {
  return {
    draw: async () => ({ granted: true }),
    block: async () => {},
  };
}
