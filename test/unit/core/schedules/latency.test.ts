import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addLatencies, latencyQuantile, mergeLatencies } from '../../../../functions/core/schedules/latency.ts';

const latencies = array(nat({ max: 604_800_000 }), { minLength: 1, maxLength: 200 });

describe('latencies', () => {
  it('have no quantile where nothing was counted', () => {
    expect(latencyQuantile(undefined, 0.5)).toBeUndefined();
    expect(latencyQuantile({}, 0.5)).toBeUndefined();
  });

  it('have quantiles that are right within a fifth, and never too small', () => {
    assert(
      property(latencies, constantFrom(0.5, 0.99, 1), (given, q) => {
        const exact = given.toSorted((a, b) => a - b)[Math.ceil(q * given.length) - 1] ?? 0;
        const found = latencyQuantile(addLatencies(undefined, given), q) ?? 0;
        expect(found).toBeGreaterThanOrEqual(Math.floor(exact));
        expect(found).toBeLessThanOrEqual(Math.ceil(Math.max(1, exact) * 2 ** 0.25));
      }),
    );
  });

  it('are the same counted at once or in parts', () => {
    assert(
      property(latencies, latencies, (a, b) => {
        const once = addLatencies(undefined, [...a, ...b]);
        expect(addLatencies(addLatencies(undefined, a), b)).toEqual(once);
        expect(mergeLatencies(addLatencies(undefined, a), addLatencies(undefined, b))).toEqual(once);
      }),
    );
  });

  it('keep to some hundred bins, whatever is counted', () => {
    const week = Array.from({ length: 10_000 }, (_, n) => n * 60_480);
    expect(Object.keys(addLatencies(undefined, week)).length).toBeLessThan(125);
  });
});
