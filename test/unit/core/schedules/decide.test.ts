import { describe, expect, it } from 'vitest';
import { timeAfter, timeAtOrBefore, timeBefore } from '../../../../functions/core/schedules/cron.ts';
import {
  type DecideInput,
  decide,
  latenessMs,
  retryDelayMs,
  startsToLookUp,
} from '../../../../functions/core/schedules/decide.ts';
import type { Chain, WindowRecord } from '../../../../functions/core/schedules/window-store.ts';

const BERLIN = { cron: '0 2 * * *', zone: 'Europe/Berlin' };
const hours = (a: Date, b: Date) => (b.getTime() - a.getTime()) / 3_600_000;

function input(change: Partial<DecideInput> & { readonly now: Date }): DecideInput {
  return {
    timetable: { cron: '0 2 * * *', zone: 'UTC' },
    source: { kind: 'incremental', settleMs: 3_600_000 },
    startAt: undefined,
    createdAt: new Date('2026-03-10T12:00:00Z'),
    request: {},
    chain: undefined,
    records: new Map(),
    ...change,
  };
}

const chain = (from: string, to: string): Chain => ({ from: new Date(from), to: new Date(to), sequence: 5 });

function failed(from: string, to: string, change: Partial<WindowRecord> = {}): ReadonlyMap<number, WindowRecord> {
  const record: WindowRecord = {
    job: 'nightly',
    from: new Date(from),
    to: new Date(to),
    state: 'failed',
    action: 'export',
    attempt: 1,
    execution: 'x',
    startedAt: new Date(to),
    updatedAt: new Date(to),
    error: { code: 'PROVIDER_UNAVAILABLE', message: '', retryable: true },
    ...change,
  };
  return new Map([[record.from.getTime(), record]]);
}

describe('timetables', () => {
  it('E23 have days of 23 and of 25 hours where the zone has them, and no gap between', () => {
    const spring = timeAfter(BERLIN, new Date('2026-03-28T12:00:00Z'));
    expect(hours(timeBefore(BERLIN, spring), spring)).toBe(24);
    expect(hours(spring, timeAfter(BERLIN, spring))).toBe(23);
    const autumn = timeAfter(BERLIN, new Date('2026-10-24T12:00:00Z'));
    expect(hours(timeBefore(BERLIN, autumn), autumn)).toBeGreaterThanOrEqual(24);
    let time = new Date('2026-01-01T00:00:00Z');
    let seen = 0;
    while (time < new Date('2027-01-01T00:00:00Z')) {
      const next = timeAfter(BERLIN, time);
      expect(timeBefore(BERLIN, next) <= time).toBe(true);
      expect(timeAtOrBefore(BERLIN, next)).toEqual(next);
      time = next;
      seen += 1;
    }
    expect(seen).toBe(366);
  });

  it('E23 take a time that the zone skips or repeats once', () => {
    const half = { cron: '30 2 * * *', zone: 'Europe/Berlin' };
    const days = [];
    for (let time = new Date('2026-03-27T12:00:00Z'), n = 0; n < 3; n++)
      days.push((time = timeAfter(half, time)).toISOString());
    expect(days).toEqual(['2026-03-28T01:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
  });
});

describe('decide()', () => {
  it('E24 takes windows from the schedule, however late it is asked', () => {
    const now = new Date('2026-03-11T03:00:00Z');
    const expected = { from: new Date('2026-03-10T02:00:00Z'), to: new Date('2026-03-11T02:00:00Z') };
    expect(decide(input({ now }))).toEqual({ type: 'export', window: expected, attempt: 1 });
    const later = new Date('2026-03-11T17:23:45Z');
    expect(decide(input({ now: later }))).toEqual({ type: 'export', window: expected, attempt: 1 });
  });

  it('waits until the source has settled', () => {
    const now = new Date('2026-03-11T02:59:59Z');
    expect(decide(input({ now }))).toEqual({ type: 'wait', until: new Date('2026-03-11T03:00:00Z') });
    const snapshot = { kind: 'snapshot' as const, settleMs: 3_600_000 };
    expect(decide(input({ now, source: snapshot })).type).toBe('export');
  });

  it('E25 makes up what an incremental source missed, in order', () => {
    const now = new Date('2026-03-20T12:00:00Z');
    let head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const made = [];
    for (;;) {
      const decision = decide(input({ now, chain: head }));
      if (decision.type !== 'export') break;
      expect(decision.window.from).toEqual(head.to);
      made.push(decision.window.to.toISOString().slice(0, 10));
      head = { ...head, to: decision.window.to };
    }
    expect(made).toEqual(['2026-03-15', '2026-03-16', '2026-03-17', '2026-03-18', '2026-03-19', '2026-03-20']);
  });

  it('E25 records one gap for the snapshots that were missed, and takes the one that can still be seen', () => {
    const now = new Date('2026-03-20T12:00:00Z');
    const source = { kind: 'snapshot' as const, settleMs: 0 };
    const before = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const gap = decide(input({ now, source, chain: before }));
    expect(gap).toMatchObject({
      type: 'gap',
      window: { from: before.to, to: new Date('2026-03-19T02:00:00Z') },
      reason: 'missed: the snapshot was not taken in time',
    });
    const after = chain('2026-03-01T02:00:00Z', '2026-03-19T02:00:00Z');
    expect(decide(input({ now, source, chain: after }))).toMatchObject({
      type: 'export',
      window: { from: after.to, to: new Date('2026-03-20T02:00:00Z') },
    });
  });

  it('ends the running window where an export was asked for, and goes on with the schedule from there', () => {
    const until = new Date('2026-03-14T10:11:12Z');
    const now = new Date(until.getTime() + 3_600_000);
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const asked = decide(input({ now, chain: head, request: { until } }));
    expect(asked).toEqual({ type: 'export', window: { from: head.to, to: until }, attempt: 1 });
    const rest = decide(
      input({ now: new Date('2026-03-15T03:00:00Z'), chain: { ...head, to: until }, request: { until } }),
    );
    expect(rest).toMatchObject({ window: { from: until, to: new Date('2026-03-15T02:00:00Z') } });
  });

  it('back-fills the newest window first, so that the chain never has a hole', () => {
    const now = new Date('2026-03-14T12:00:00Z');
    let head = chain('2026-03-10T02:00:00Z', '2026-03-14T02:00:00Z');
    const request = { from: new Date('2026-03-07T20:00:00Z') };
    const made = [];
    for (;;) {
      const given = input({ now, chain: head, request });
      const decision = decide(given);
      if (decision.type !== 'export') break;
      expect(startsToLookUp(given)).toContainEqual(decision.window.from);
      expect(decision.window.to).toEqual(head.from);
      made.push(decision.window.from.toISOString());
      head = { ...head, from: decision.window.from };
    }
    expect(made).toEqual(['2026-03-09T02:00:00.000Z', '2026-03-08T02:00:00.000Z', '2026-03-07T20:00:00.000Z']);
  });

  it('never back-fills a snapshot', () => {
    const given = input({
      now: new Date('2026-03-14T12:00:00Z'),
      source: { kind: 'snapshot', settleMs: 0 },
      chain: chain('2026-03-10T02:00:00Z', '2026-03-14T02:00:00Z'),
      request: { from: new Date('2026-03-01T00:00:00Z') },
    });
    expect(decide(given).type).toBe('wait');
  });

  it('tries again later and later, keeps the window it began, and at once when a person asks', () => {
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const records = failed('2026-03-14T02:00:00Z', '2026-03-14T09:00:00Z', {
      updatedAt: new Date('2026-03-14T10:00:00Z'),
      attempt: 2,
    });
    const at = (now: string, more: Partial<DecideInput> = {}) =>
      decide(input({ now: new Date(now), chain: head, records, ...more }));
    expect(at('2026-03-14T10:09:59Z')).toEqual({ type: 'wait', until: new Date('2026-03-14T10:10:00Z') });
    expect(at('2026-03-14T10:10:00Z')).toMatchObject({
      type: 'export',
      attempt: 3,
      window: { to: new Date('2026-03-14T09:00:00Z') },
    });
    expect(at('2026-03-14T10:01:00Z', { request: { until: new Date('2026-03-14T09:00:30Z') } }).type).toBe('export');
    expect([1, 2, 3, 20].map(retryDelayMs)).toEqual([300_000, 600_000, 1_200_000, 21_600_000]);
  });

  it('gives up what nobody mends, and an old snapshot, but not what may pass', () => {
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const now = new Date('2026-03-16T12:00:00Z');
    const gone = { code: 'PROVIDER_REFUSED', message: '', retryable: false };
    const span = ['2026-03-14T02:00:00Z', '2026-03-15T02:00:00Z'] as const;
    const lasting = decide(input({ now, chain: head, records: failed(...span, { attempt: 8, error: gone }) }));
    expect(lasting).toMatchObject({ type: 'gap', attempt: 9, reason: 'failed: PROVIDER_REFUSED' });
    const passing = decide(input({ now, chain: head, records: failed(...span, { attempt: 30 }) }));
    expect(passing).toMatchObject({ type: 'export', attempt: 31 });
    const snapshot = { kind: 'snapshot' as const, settleMs: 0 };
    const old = decide(input({ now, chain: head, source: snapshot, records: failed(...span) }));
    expect(old).toMatchObject({
      type: 'gap',
      attempt: 2,
      window: { to: new Date(span[1]) },
      reason: 'failed: PROVIDER_UNAVAILABLE',
    });
    const unwritten = failed(...span, { action: 'gap', reason: 'missed' });
    expect(decide(input({ now, chain: head, records: unwritten }))).toMatchObject({ type: 'gap', reason: 'missed' });
  });

  it('I22 gives up a source that never reconciles after half a day, but a snapshot only when the next one is due', () => {
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const span = ['2026-03-14T02:00:00Z', '2026-03-15T02:00:00Z'] as const;
    const now = new Date('2026-03-15T23:00:00Z');
    const at = (inARow: number, more: Partial<DecideInput> = {}) => {
      const error = { code: 'EXPORT_INCOMPLETE', message: '', retryable: true, inARow };
      const records = failed(...span, { attempt: 30, state: 'incomplete', error });
      return decide(input({ now, chain: head, records, ...more }));
    };
    expect(at(7)).toMatchObject({ type: 'export', attempt: 31 });
    expect(at(8)).toMatchObject({ type: 'gap', attempt: 31, reason: 'failed: EXPORT_INCOMPLETE' });
    expect(at(8, { source: { kind: 'snapshot', settleMs: 0 } })).toMatchObject({ type: 'export' });
    const waits = Array.from({ length: 7 }, (_, index) => retryDelayMs(index + 1)).reduce((a, b) => a + b);
    expect(waits).toBe(635 * 60_000);
  });

  it('fills gaps that somebody asked for when nothing new is due', () => {
    const gap = ['2026-03-05T02:00:00Z', '2026-03-06T02:00:00Z'] as const;
    const head = { ...chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z'), asked: [new Date(gap[0])] };
    const { error: _, ...record } = [...failed(...gap, { state: 'gap', attempt: 9 }).values()][0]!;
    const records = new Map([[record.from.getTime(), record]]);
    expect(startsToLookUp(input({ now: new Date(), chain: head }))).toEqual([head.to, record.from]);
    const idle = decide(input({ now: new Date('2026-03-14T12:00:00Z'), chain: head, records }));
    expect(idle).toEqual({ type: 'fill', window: { from: record.from, to: record.to }, attempt: 10 });
    const due = decide(input({ now: new Date('2026-03-15T12:00:00Z'), chain: head, records }));
    expect(due).toMatchObject({ type: 'export', window: { from: head.to } });
    const gone = decide(input({ now: new Date('2026-03-14T12:00:00Z'), chain: head, records: new Map() }));
    expect(gone.type).toBe('wait');
  });

  it('I19 goes on first with a window whose record may stand, because the record has a number', () => {
    const error = { code: 'STORE_UNAVAILABLE', message: '', retryable: true, mayStand: true as const };
    const updatedAt = new Date('2026-03-15T11:58:00Z');
    const head = chain('2026-03-10T02:00:00Z', '2026-03-14T02:00:00Z');
    const behind = failed('2026-03-09T02:00:00Z', '2026-03-10T02:00:00Z', { error, updatedAt });
    const at = (now: string, more: Partial<DecideInput>) => decide(input({ now: new Date(now), ...more }));
    const backfill = { chain: head, records: behind, request: { from: new Date('2026-03-01T00:00:00Z') } };
    expect(at('2026-03-15T12:00:00Z', backfill)).toMatchObject({ type: 'wait' });
    expect(at('2026-03-15T12:03:00Z', backfill)).toMatchObject({
      type: 'export',
      attempt: 2,
      window: { to: head.from },
    });
    const clean = failed('2026-03-09T02:00:00Z', '2026-03-10T02:00:00Z', { updatedAt });
    expect(at('2026-03-15T12:03:00Z', { ...backfill, records: clean })).toMatchObject({ window: { from: head.to } });
    const gap = failed('2026-03-11T02:00:00Z', '2026-03-12T02:00:00Z', { state: 'gap', attempt: 9, error, updatedAt });
    const filling = { chain: { ...head, asked: [new Date('2026-03-11T02:00:00Z')] }, records: gap };
    expect(at('2026-03-15T12:00:00Z', filling)).toEqual({ type: 'wait', until: new Date('2026-03-15T12:03:00Z') });
    expect(at('2026-03-15T12:03:00Z', filling)).toMatchObject({ type: 'fill', attempt: 10 });
  });

  it('E25 waits as long as it takes for a consent, because what was missed can all be read then', () => {
    const now = new Date('2026-03-30T12:00:00Z');
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    const error = { code: 'REAUTHORIZATION_REQUIRED', message: '', retryable: false };
    const records = failed('2026-03-14T02:00:00Z', '2026-03-15T02:00:00Z', { attempt: 40, error });
    expect(decide(input({ now, chain: head, records }))).toMatchObject({ type: 'export', attempt: 41 });
  });

  it('begins where the job says', () => {
    const startAt = new Date('2026-03-08T00:00:00Z');
    expect(decide(input({ now: new Date('2026-03-10T12:00:00Z'), startAt }))).toMatchObject({
      window: { from: startAt, to: new Date('2026-03-08T02:00:00Z') },
    });
  });

  it('says how late an export is', () => {
    const head = chain('2026-03-01T02:00:00Z', '2026-03-14T02:00:00Z');
    expect(latenessMs(input({ now: new Date('2026-03-15T05:00:00Z'), chain: head }))).toBe(0);
    expect(latenessMs(input({ now: new Date('2026-03-15T06:00:00Z'), chain: head }))).toBe(3_600_000);
  });
});
