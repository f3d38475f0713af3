import { describe, expect, it } from 'vitest';
import { count, counted, instant, latency, period, relative, size, span } from '../../../infra/cli/words.ts';

const at = new Date('2026-01-31T02:00:00.123Z');

describe('words for people', () => {
  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [1000, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [90_061_000, '1 d 1 h'],
    [-61_000, '1 min 1 s'],
  ])('says the span %d ms as %s', (milliseconds, text) => {
    expect(span(milliseconds)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [9999, '10.0 s'],
    [10_000, '10 s'],
    [-5, '0 ms'],
  ])('says the latency %d ms as %s', (milliseconds, text) => {
    expect(latency(milliseconds)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [2_500_000, '2.5 MB'],
    [7e15, '7000.0 TB'],
  ])('says %d bytes as %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 000'],
    [1_234_567, '1 234 567'],
  ])('says the count %d as %s', (value, text) => {
    expect(count(value)).toBe(text);
  });

  it('says when, from now', () => {
    expect(relative(undefined, at)).toBe('never');
    expect(relative(at, at)).toBe('in 0 s');
    expect(relative(new Date(at.getTime() - 1000), at)).toBe('1 s ago');
    expect(relative(new Date(at.getTime() + 60_000), at)).toBe('in 1 min');
  });

  it('says instants and periods in UTC, the date once where it is one day', () => {
    expect(instant(at)).toBe('2026-01-31 02:00:00Z');
    expect(period(at, new Date('2026-01-31T09:30:00Z'))).toBe('2026-01-31 02:00 – 09:30 UTC');
    expect(period(at, new Date('2026-02-01T02:00:00Z'))).toBe('2026-01-31 02:00 – 2026-02-01 02:00 UTC');
  });

  it('counts one thing as one', () => {
    expect([counted(1, 'change'), counted(0, 'change'), counted(2000, 'change')]).toEqual([
      '1 change',
      '0 changes',
      '2 000 changes',
    ]);
  });
});
