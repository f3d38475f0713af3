import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../../functions/core/retry-after.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const after = (value: string, now?: Date, date?: string) =>
  retryAfterMs({ 'retry-after': value, ...(date === undefined ? {} : { date }) }, now);

describe('retryAfterMs()', () => {
  it('takes seconds, and believes a quarter of an hour at most', () => {
    expect(['0', '1', ' 30 ', '900', '901', '999999999'].map((value) => after(value))).toEqual([
      0, 1000, 30_000, 900_000, 900_000, 900_000,
    ]);
  });

  it('takes a date, from our time or else from the time of the answer', () => {
    const date = 'Sun, 01 Mar 2026 12:00:30 GMT';
    expect(after(date, NOW)).toBe(30_000);
    expect(after(date, undefined, 'Sun, 01 Mar 2026 12:00:20 GMT')).toBe(10_000);
    expect(after(date, new Date('2026-03-01T12:01:00Z'))).toBe(0);
    expect(after('Mon, 02 Mar 2026 12:00:00 GMT', NOW)).toBe(900_000);
  });

  it('takes nothing else for a wait', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
    for (const value of ['', ' ', 'soon', 'x1', '1x', '1.5s']) expect(after(value, NOW)).toBeUndefined();
    expect(after('Sun, 01 Mar 2026 12:00:30 GMT')).toBeUndefined();
    expect(after('Sun, 01 Mar 2026 12:00:30 GMT', undefined, 'today')).toBeUndefined();
  });
});
