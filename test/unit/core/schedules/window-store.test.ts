import { describe, expect, it } from 'vitest';
import { keptError, type WindowError } from '../../../../functions/core/schedules/window-store.ts';

const anError = (code: string, more: Partial<WindowError> = {}): WindowError => ({
  code,
  message: code,
  retryable: true,
  ...more,
});

describe('what is kept of an attempt that failed', () => {
  it('counts how often in a row it ended with the same code', () => {
    const first = keptError({ action: 'export' }, anError('A'));
    expect(first).toEqual(anError('A', { inARow: 1 }));
    const second = keptError({ action: 'export', error: first }, anError('A'));
    expect(second.inARow).toBe(2);
    expect(keptError({ action: 'export', error: second }, anError('A')).inARow).toBe(3);
    expect(keptError({ action: 'export', error: second }, anError('B'))).toEqual(anError('B', { inARow: 1 }));
    // Written before there was a count.
    expect(keptError({ action: 'export', error: anError('A') }, anError('A')).inARow).toBe(2);
  });

  it('is at a gap record what the export before it said, because that is what the record will tell', () => {
    const before = anError('PROVIDER_REFUSED', { inARow: 8 });
    const kept = keptError({ action: 'gap', error: before }, anError('STORE_UNAVAILABLE'));
    expect(kept).toEqual({ ...before, mayStand: true, inARow: 9 });
    expect(keptError({ action: 'gap' }, anError('A'))).toEqual(anError('A', { inARow: 1 }));
    expect(keptError({ action: 'fill', error: before }, anError('A'))).toEqual(anError('A', { inARow: 1 }));
  });
});
