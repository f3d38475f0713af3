import type { SourceDescription, Window } from '../reports/source.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../time.ts';
import { timeAfter, timeAtOrBefore, timeBefore, type Timetable } from './cron.ts';
import type { ExportRequest } from './job-store.ts';
import type { Chain, WindowError, WindowRecord } from './window-store.ts';

/** An export that said nothing for so long is given up: durable waits are cut into half hours, each with a beat. */
export const STALLED_AFTER_MS = 3 * HOUR_MS;

/** A running export is started again (the name makes that harmless) when it has not beaten for so long. */
export const RESTART_AFTER_MS = 10 * MINUTE_MS;

/**
 * Failures that nobody steps in for (a permission, a report that is gone), and a source that never reconciles, end an
 * incremental window after so many attempts in a row, half a day.
 */
const ATTEMPTS_BEFORE_GAP = 8;

/** What a consent or a corrected secret mends: what was missed meanwhile can all be read then, so it is waited for. */
const MENDED_BY_PEOPLE: readonly string[] = [
  'CLIENT_REJECTED',
  'CREDENTIALS_MISSING',
  'GRANT_REJECTED',
  'REAUTHORIZATION_REQUIRED',
];

const FIRST_RETRY_MS = 5 * MINUTE_MS;
const LONGEST_RETRY_MS = 6 * HOUR_MS;

export interface DecideInput {
  readonly timetable: Timetable;
  readonly source: Pick<SourceDescription, 'kind' | 'settleMs'>;
  readonly startAt: Date | undefined;
  readonly createdAt: Date;
  readonly request: ExportRequest;
  readonly chain: Chain | undefined;
  /** Records of windows that begin at a given instant, as far as they were looked up: see `startsToLookUp`. */
  readonly records: ReadonlyMap<number, WindowRecord>;
  readonly now: Date;
}

export type Decision =
  | { readonly type: 'wait'; readonly until: Date }
  | { readonly type: 'export' | 'fill'; readonly window: Window; readonly attempt: number }
  | { readonly type: 'gap'; readonly window: Window; readonly attempt: number; readonly reason: string };

/** Where a job's first window begins: as configured, or at the schedule's last time before it was first applied. */
export function firstBoundary(input: Pick<DecideInput, 'timetable' | 'startAt' | 'createdAt'>): Date {
  return input.startAt ?? timeAtOrBefore(input.timetable, input.createdAt);
}

/** The span that the chain covers so far; empty at the first boundary before the first record. */
export function coveredSpan(input: Pick<DecideInput, 'timetable' | 'startAt' | 'createdAt' | 'chain'>): Window {
  if (input.chain !== undefined) return { from: input.chain.from, to: input.chain.to };
  const first = firstBoundary(input);
  return { from: first, to: first };
}

/** Where windows may begin whose records `decide` wants to see. */
export function startsToLookUp(input: Omit<DecideInput, 'records'>): readonly Date[] {
  const backfill = backfillWindow(input);
  const behind = [...(backfill === undefined ? [] : [backfill.from]), ...(input.chain?.asked ?? [])];
  return [coveredSpan(input).to, ...behind];
}

/**
 * What a report job does next. Pure; windows tile time whatever it is asked, because each one adjoins the span that the
 * chain covers: new windows at its end, back-filled ones at its beginning, the newest first. A gap that is filled is a
 * window of its own no more than its record is: it covers what the gap does.
 */
export function decide(input: DecideInput): Decision {
  const { now, records } = input;
  const unsettled = decideBehind(input, ({ error }) => error?.mayStand === true);
  if (unsettled !== undefined) return unsettled;
  const from = coveredSpan(input).to;
  const record = records.get(from.getTime());
  const window = record === undefined ? nextWindow(input, from) : { from, to: record.to };
  const readyAt = new Date(window.to.getTime() + settle(input));
  if (now < readyAt) return decideBehind(input, () => true) ?? { type: 'wait', until: readyAt };
  if (input.source.kind === 'snapshot' && timeAfter(input.timetable, window.to) <= now)
    return missed(input, window, record);
  return retryOrStart(input, window, record);
}

function settle({ source }: DecideInput): number {
  return source.kind === 'incremental' ? source.settleMs : 0;
}

/** To the schedule's next time, or to where somebody asked for an export before it. */
function nextWindow({ timetable, request }: DecideInput, from: Date): Window {
  const to = timeAfter(timetable, from);
  const { until } = request;
  return { from, to: until !== undefined && until > from && until < to ? until : to };
}

/** Today's state cannot be filed under a past date: one gap record up to the last window that can still be seen. */
function missed(input: DecideInput, window: Window, record: WindowRecord | undefined): Decision {
  const attempt = (record?.attempt ?? 0) + 1;
  const reason =
    record?.error === undefined ? 'missed: the snapshot was not taken in time' : `failed: ${record.error.code}`;
  if (record !== undefined) return { type: 'gap', window, attempt, reason };
  const last = timeBefore(input.timetable, timeAtOrBefore(input.timetable, input.now));
  return { type: 'gap', window: { from: window.from, to: last > window.to ? last : window.to }, attempt, reason };
}

function retryOrStart(input: DecideInput, window: Window, record: WindowRecord | undefined): Decision {
  if (record === undefined) return { type: 'export', window, attempt: 1 };
  const attempt = record.attempt + 1;
  if (record.action === 'gap') return { type: 'gap', window, attempt, reason: record.reason ?? 'given up' };
  const { error } = record;
  if (error !== undefined && isHopeless(input, error, record.attempt)) {
    return { type: 'gap', window, attempt, reason: `failed: ${error.code}` };
  }
  const until = new Date(record.updatedAt.getTime() + retryDelayMs(record.attempt));
  return input.now < until && !askedSince(input, record.updatedAt)
    ? { type: 'wait', until }
    : { type: 'export', window, attempt };
}

function isHopeless({ source }: DecideInput, error: WindowError, attempt: number): boolean {
  if (MENDED_BY_PEOPLE.includes(error.code)) return false;
  // A snapshot can be tried until the next one is due; then it is a gap anyhow.
  const lasting = !error.retryable || (error.code === 'EXPORT_INCOMPLETE' && source.kind === 'incremental');
  return lasting && (error.inARow ?? attempt) >= ATTEMPTS_BEFORE_GAP;
}

/** Whether a person asked for an export after a failure: then it is tried again at once. */
function askedSince(input: DecideInput, failedAt: Date): boolean {
  const { until } = input.request;
  return until !== undefined && until.getTime() + settle(input) > failedAt.getTime();
}

/** Milliseconds between the end of attempt `attempt` and the next one. */
export function retryDelayMs(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20));
}

function backfillWindow(input: Omit<DecideInput, 'records'>): Window | undefined {
  const { from: target } = input.request;
  const to = coveredSpan(input).from;
  if (target === undefined || target >= to || input.source.kind === 'snapshot') return undefined;
  const boundary = timeBefore(input.timetable, to);
  return { from: boundary > target ? boundary : target, to };
}

/**
 * What is to be done behind the end of the chain: a gap that somebody asked to fill, or the next window of a back-fill.
 *
 * A window whose record may stand in the archive, unknown to the chain, goes before all others: the record has a number,
 * and whichever window took that number too would make a chain that never verifies.
 */
function decideBehind(input: DecideInput, holds: (record: WindowRecord | { error?: undefined }) => boolean) {
  const { records, chain, now } = input;
  for (const from of chain?.asked ?? []) {
    const record = records.get(from.getTime());
    if (record === undefined || !holds(record)) continue;
    const until = new Date(record.updatedAt.getTime() + FIRST_RETRY_MS);
    if (record.error?.mayStand === true && now < until) return { type: 'wait', until } as const;
    return { type: 'fill', window: { from, to: record.to }, attempt: record.attempt + 1 } as const;
  }
  const window = backfillWindow(input);
  const record = window && records.get(window.from.getTime());
  return window && holds(record ?? {}) ? retryOrStart(input, window, record) : undefined;
}

/** How long ago an export should have been there, for the alarm: 0 while it is in time. */
export function latenessMs(input: Omit<DecideInput, 'records'>, graceMs = 2 * HOUR_MS): number {
  const from = coveredSpan(input).to;
  const due = timeAfter(input.timetable, from).getTime() + settle({ ...input, records: new Map() }) + graceMs;
  return Math.min(Math.max(0, input.now.getTime() - due), 365 * DAY_MS);
}
