import type { Lane } from '../provider.ts';
import type { BudgetAnswer, BudgetDraw } from './budget.ts';

/**
 * The generic cell rate algorithm over two clocks, as data: what a draw asks, and how the stored clocks move.
 *
 * A clock is the epoch millisecond at which everything granted so far is paid for. A draw is granted while its clock is
 * at most `ahead` milliseconds in the future, and moves it by `step`. Unlike a counter per minute this has no edge at
 * which a second minute's worth may follow the first at once.
 *
 * @see https://www.itu.int/rec/T-REC-I.371 annex A: the virtual scheduling form
 */
export interface BudgetState {
  /** All lanes together. */
  readonly paidAt: number;
  /** The exports lane alone, so that it keeps to its share. */
  readonly exportsPaidAt: number;
  /** The provider said: nothing before this. 0 when it has said nothing. */
  readonly blockedUntil: number;
}

export type ClockName = 'paidAt' | 'exportsPaidAt';

/** How one clock is used by a draw. */
export interface ClockRule {
  readonly clock: ClockName;
  readonly stepMs: number;
  readonly aheadMs: number;
}

/** A clock in the past starts again from now; one in the future is moved on from where it is. */
export interface ClockMove extends ClockRule {
  readonly form: 'restart' | 'advance';
}

const MINUTE_MS = 60_000;

/**
 * What may be sent at once by an account at rest: a fifth of its minute.
 *
 * A poller reads a few pages in a row and is gone; with no tolerance at all it would wait seconds between two pages while
 * nobody else wants the budget. More than a fifth would slow the steady stream too much, since the burst is taken out
 * of the rate: burst and stream together stay within `perMinute` in any 60 s.
 */
export const BURST_SHARE = 0.2;

/** How much of the burst a lane may use: what exports leave, alerts can have at once, and what they leave, token calls. */
const LANE_BURST: Readonly<Record<Lane, number>> = { token: 1, alerts: 0.75, exports: 0.4 };

/** Exports never take more than this of a minute, even when nobody else asks. */
export const EXPORTS_SHARE = 0.6;

export const UNTOUCHED: BudgetState = { paidAt: 0, exportsPaidAt: 0, blockedUntil: 0 };

/**
 * Milliseconds per request, so that `burst` at once and a steady stream after it make at most `perMinute` in 60 s.
 *
 * In any closed span of W ms a clock grants at most `burst + floor(W / step)`.
 */
function stepOf(perMinute: number, burst: number): number {
  return Math.floor(MINUTE_MS / (perMinute - burst + 1)) + 1;
}

/** The clocks that a draw moves, all or none. */
export function rulesOf({ perMinute, lane }: Pick<BudgetDraw, 'perMinute' | 'lane'>): readonly ClockRule[] {
  const whole = Math.max(1, Math.floor(perMinute));
  const burst = Math.max(1, Math.floor(whole * BURST_SHARE));
  const stepMs = stepOf(whole, burst);
  const laneBurst = Math.max(1, Math.floor(burst * LANE_BURST[lane]));
  const common: ClockRule = { clock: 'paidAt', stepMs, aheadMs: (laneBurst - 1) * stepMs };
  if (lane !== 'exports') return [common];
  const share = Math.max(1, Math.floor(whole * EXPORTS_SHARE));
  const exportsBurst = Math.min(laneBurst, share);
  const exportsStepMs = stepOf(share, exportsBurst);
  return [common, { clock: 'exportsPaidAt', stepMs: exportsStepMs, aheadMs: (exportsBurst - 1) * exportsStepMs }];
}

/** Granted or not, by what is stored. */
export function answerFor(state: BudgetState, rules: readonly ClockRule[], now: number): BudgetAnswer {
  const waits = rules.map((rule) => state[rule.clock] - rule.aheadMs - now);
  const wait = Math.max(state.blockedUntil - now, ...waits);
  return wait <= 0 ? { granted: true } : { granted: false, retryAfterMs: wait };
}

/** Which form each clock's move has from this state. */
export function movesFrom(state: BudgetState, rules: readonly ClockRule[], now: number): readonly ClockMove[] {
  return rules.map((rule) => ({ ...rule, form: state[rule.clock] > now ? 'advance' : 'restart' }));
}

/** The state after a granted draw. */
export function drawn(state: BudgetState, rules: readonly ClockRule[], now: number): BudgetState {
  const moved = rules.map((rule) => [rule.clock, Math.max(state[rule.clock], now) + rule.stepMs] as const);
  return { ...state, ...Object.fromEntries(moved) };
}

/** The state after the provider's own word. A later word never shortens an earlier one: both were meant. */
export function blocked(state: BudgetState, until: number): BudgetState {
  return { ...state, blockedUntil: Math.max(state.blockedUntil, until) };
}

/** Key of the account's budget, the same for every connection that shares it. */
export function budgetKey({ provider, account, category }: BudgetDraw): string {
  return `budget#${provider}#${account}#${category}`;
}
