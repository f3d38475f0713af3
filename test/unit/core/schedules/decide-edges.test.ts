import { describe, expect, it } from 'vitest';
import { type DecideInput, decide } from '../../../../functions/core/schedules/decide.ts';
import type { WindowRecord } from '../../../../functions/core/schedules/window-store.ts';

const at = (text: string) => new Date(`2026-03-${text}:00Z`);
const SNAPSHOT = { kind: 'snapshot' as const, settleMs: 0 };

function input(now: string, change: Partial<DecideInput> = {}): DecideInput {
  return {
    timetable: { cron: '0 2 * * *', zone: 'UTC' },
    source: { kind: 'incremental', settleMs: 3_600_000 },
    startAt: undefined,
    createdAt: at('01T12:00'),
    request: {},
    chain: { from: at('01T02:00'), to: at('14T02:00'), sequence: 5 },
    records: new Map(),
    now: at(now),
    ...change,
  };
}

/** The window after the chain's end, as it failed. */
function failed(change: Partial<WindowRecord>): ReadonlyMap<number, WindowRecord> {
  const record: WindowRecord = {
    job: 'nightly',
    from: at('14T02:00'),
    to: at('15T02:00'),
    state: 'failed',
    action: 'export',
    attempt: 1,
    execution: 'x',
    startedAt: at('15T03:00'),
    updatedAt: at('15T03:00'),
    error: { code: 'PROVIDER_UNAVAILABLE', message: '', retryable: true },
    ...change,
  };
  return new Map([[record.from.getTime(), record]]);
}

describe('decide(), at its edges', () => {
  it('E25: takes a snapshot for missed at the very moment of the next one', () => {
    expect(decide(input('16T01:59', { source: SNAPSHOT }))).toMatchObject({ type: 'export' });
    expect(decide(input('16T02:00', { source: SNAPSHOT }))).toMatchObject({
      type: 'gap',
      window: { to: at('15T02:00') },
    });
  });

  it('E25: gives a snapshot that failed a gap of its own, however many were missed after it', () => {
    const records = failed({});
    const gap = decide(input('25T12:00', { source: SNAPSHOT, records }));
    expect(gap).toMatchObject({ type: 'gap', attempt: 2, window: { from: at('14T02:00'), to: at('15T02:00') } });
    const unknown = failed({ action: 'gap' });
    expect(decide(input('15T12:00', { records: unknown }))).toMatchObject({ type: 'gap', reason: 'given up' });
  });

  it('E25: never ends a gap before the moment at which an export was asked for', () => {
    const request = { until: at('14T10:00') };
    const gap = decide(input('15T02:00', { source: SNAPSHOT, request }));
    expect(gap).toMatchObject({ type: 'gap', window: { from: at('14T02:00'), to: at('14T10:00') } });
  });

  it('ends a window at the schedule’s time when an export was asked for after it', () => {
    const due = decide(input('16T12:00', { request: { until: at('16T10:00') } }));
    expect(due).toMatchObject({ type: 'export', window: { to: at('15T02:00') } });
    const before = decide(input('16T12:00', { request: { until: at('14T02:00') } }));
    expect(before).toMatchObject({ type: 'export', window: { to: at('15T02:00') } });
  });

  it('tries again at once only for what was asked after the failure', () => {
    const records = failed({ updatedAt: at('15T10:00'), attempt: 4 });
    // Asked for at 10:00 is up to 09:00, less what the source takes to settle.
    const asked = (until: string) => decide(input('15T10:01', { records, request: { until: at(until) } })).type;
    expect(asked('15T08:59')).toBe('wait');
    expect(asked('15T09:00')).toBe('wait');
    expect(asked('15T09:01')).toBe('export');
  });

  it.each(['CLIENT_REJECTED', 'CREDENTIALS_MISSING', 'GRANT_REJECTED', 'REAUTHORIZATION_REQUIRED'])(
    'E25: waits for people as long as it takes: %s',
    (code) => {
      const records = failed({ attempt: 40, error: { code, message: '', retryable: false } });
      expect(decide(input('30T12:00', { records }))).toMatchObject({ type: 'export', attempt: 41 });
    },
  );

  it('gives a lasting failure eight attempts, and a passing one as many as it takes', () => {
    const after = (attempt: number, error: Partial<NonNullable<WindowRecord['error']>>) => {
      const records = failed({ attempt, error: { code: 'ACCESS_DENIED', message: '', retryable: false, ...error } });
      return decide(input('30T12:00', { records })).type;
    };
    expect([after(7, {}), after(8, {})]).toEqual(['export', 'gap']);
    expect(after(80, { retryable: true })).toBe('export');
    expect(after(80, { inARow: 7 })).toBe('export');
    expect(after(9, { inARow: 8 })).toBe('gap');
    const { error: _none, ...bare } = [...failed({ attempt: 30 }).values()][0]!;
    expect(decide(input('30T12:00', { records: new Map([[bare.from.getTime(), bare]]) })).type).toBe('export');
  });

  it('fills a gap at once although an attempt at it has just failed: somebody asked again', () => {
    const gap = failed({
      from: at('10T02:00'),
      to: at('11T02:00'),
      state: 'gap',
      updatedAt: at('14T11:59'),
      attempt: 3,
    });
    const chain = { from: at('01T02:00'), to: at('14T02:00'), sequence: 5, asked: [at('10T02:00')] };
    expect(decide(input('14T12:00', { chain, records: gap }))).toMatchObject({ type: 'fill', attempt: 4 });
  });
});
