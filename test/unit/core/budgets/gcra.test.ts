import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerFor,
  blocked,
  budgetKey,
  type BudgetState,
  drawn,
  EXPORTS_SHARE,
  movesFrom,
  rulesOf,
  UNTOUCHED,
} from '../../../../functions/core/budgets/gcra.ts';
import { budgetRule } from '../../../../functions/core/budgets/rule.ts';
import type { Lane } from '../../../../functions/core/provider.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 0, 5, 12);
const LANES: readonly Lane[] = ['token', 'alerts', 'exports'];

interface Ask {
  readonly afterMs: number;
  readonly lane: Lane;
}

/** Short pauses, long ones, and many draws in the same millisecond. */
const asks = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 90_000 })),
    lane: fc.constantFrom(...LANES),
  }),
  { minLength: 1, maxLength: 400 },
);
const perMinutes = fc.integer({ min: 1, max: 600 });

function run(perMinute: number, list: readonly Ask[]) {
  let state: BudgetState = UNTOUCHED;
  let now = START;
  const granted: { at: number; lane: Lane }[] = [];
  for (const { afterMs, lane } of list) {
    now += afterMs;
    const rules = rulesOf({ perMinute, lane });
    if (!answerFor(state, rules, now).granted) continue;
    state = drawn(state, rules, now);
    granted.push({ at: now, lane });
  }
  return granted;
}

function mostInAMinute(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at <= from + MINUTE_MS).length));
}

describe('gcra', () => {
  it('E21 never grants more than perMinute in any span of 60 s, whatever is asked and when', () => {
    fc.assert(
      fc.property(perMinutes, asks, (perMinute, list) => {
        expect(mostInAMinute(run(perMinute, list).map(({ at }) => at))).toBeLessThanOrEqual(perMinute);
      }),
    );
  });

  it('never grants exports more than their share in any span of 60 s', () => {
    fc.assert(
      fc.property(perMinutes, asks, (perMinute, list) => {
        const times = run(perMinute, list).flatMap(({ at, lane }) => (lane === 'exports' ? [at] : []));
        expect(mostInAMinute(times)).toBeLessThanOrEqual(Math.max(1, Math.floor(perMinute * EXPORTS_SHARE)));
      }),
    );
  });

  it('grants an earlier lane whatever it grants a later one', () => {
    fc.assert(
      fc.property(perMinutes, fc.nat(200_000), fc.nat(200_000), (perMinute, paid, exportsPaid) => {
        const state = { paidAt: START + paid - 100_000, exportsPaidAt: START + exportsPaid - 100_000, blockedUntil: 0 };
        const [token, alerts, exports] = LANES.map(
          (lane) => answerFor(state, rulesOf({ perMinute, lane }), START).granted,
        );
        expect(alerts || !exports).toBe(true);
        expect(token || !alerts).toBe(true);
      }),
    );
  });

  it('names a wait after which the same draw is granted, and not a millisecond before', () => {
    fc.assert(
      fc.property(perMinutes, asks, fc.constantFrom(...LANES), (perMinute, list, lane) => {
        let state: BudgetState = UNTOUCHED;
        const rules = rulesOf({ perMinute, lane });
        for (const _ of list) if (answerFor(state, rules, START).granted) state = drawn(state, rules, START);
        const answer = answerFor(state, rules, START);
        if (answer.granted) return;
        expect(answerFor(state, rules, START + answer.retryAfterMs).granted).toBe(true);
        expect(answerFor(state, rules, START + answer.retryAfterMs - 1).granted).toBe(false);
      }),
    );
  });

  it('serves alerts first while exports press without a pause', () => {
    const list: Ask[] = Array.from({ length: 600 }, (_, at) => ({
      afterMs: 100,
      lane: at % 2 === 0 ? 'exports' : 'alerts',
    }));
    const granted = run(25, list);
    const count = (lane: Lane) => granted.filter((entry) => entry.lane === lane).length;
    expect(count('alerts')).toBeGreaterThan(4 * count('exports'));
  });

  it('lets the provider override, never shortens its word, and leaves the clocks alone', () => {
    const state = blocked(blocked({ ...UNTOUCHED, paidAt: 5 }, 900), 400);
    expect(state).toEqual({ paidAt: 5, exportsPaidAt: 0, blockedUntil: 900 });
    expect(answerFor(state, rulesOf({ perMinute: 25, lane: 'token' }), 100)).toEqual({
      granted: false,
      retryAfterMs: 800,
    });
  });

  it('moves a clock in the past from now and one in the future from where it is', () => {
    const rules = rulesOf({ perMinute: 25, lane: 'exports' });
    const forms = movesFrom({ paidAt: 101, exportsPaidAt: 100, blockedUntil: 0 }, rules, 100).map(({ form }) => form);
    expect(forms).toEqual(['advance', 'restart']);
  });
});

describe('the rules of a draw', () => {
  it('give each lane its part of the burst, and exports a clock of their own', () => {
    const rules = (lane: Lane, perMinute = 60) => rulesOf({ perMinute, lane });
    expect(rules('token')).toEqual([{ clock: 'paidAt', stepMs: 1225, aheadMs: 11 * 1225 }]);
    expect(rules('alerts')).toEqual([{ clock: 'paidAt', stepMs: 1225, aheadMs: 8 * 1225 }]);
    expect(rules('exports')).toEqual([
      { clock: 'paidAt', stepMs: 1225, aheadMs: 3 * 1225 },
      { clock: 'exportsPaidAt', stepMs: 1819, aheadMs: 3 * 1819 },
    ]);
    expect(rules('exports', 1)).toEqual([
      { clock: 'paidAt', stepMs: 60_001, aheadMs: 0 },
      { clock: 'exportsPaidAt', stepMs: 60_001, aheadMs: 0 },
    ]);
  });

  it('are of one account and category', () => {
    const draw = { provider: 'p', account: 'a', category: 'c', perMinute: 1, lane: 'token' } as const;
    expect(budgetKey(draw)).toBe('budget#p#a#c');
  });

  it('keep the proportion of a category where a connection has a figure of its own', () => {
    const provider = { budgets: { default: { perMinute: 120 }, slow: { perMinute: 30 } } } as never;
    const perMinute = (category: string, settings = {}) => budgetRule(provider, settings, category).perMinute;
    expect([perMinute('slow'), perMinute('other')]).toEqual([30, 120]);
    const own = { requestsPerMinute: 60 };
    expect([perMinute('slow', own), perMinute('other', own)]).toEqual([15, 60]);
  });
});
