import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';

/** A token call, connect to last byte. Tokens are small; a token endpoint that takes longer is not well. */
export const TOKEN_CALL_MS = 15 * SECOND_MS;

/**
 * Options of each client of AWS that stands between a reply and its safety. Left to itself the SDK waits for ever for an
 * answer, and says no more than a warning where a time-out is set: what hangs could then neither be retried nor spilled.
 */
export const STORE_PATIENCE = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: SECOND_MS, requestTimeout: 2 * SECOND_MS, throwOnRequestTimeout: true },
} as const;

/** One call of such a client at its longest: both attempts time out, with a pause between them. */
export const STORE_CALL_MS = 4.3 * SECOND_MS;

/** What has to be left after the call: one commit and one spill, each at its longest; more where the store answers. */
export const COMMIT_BUDGET_MS = 9 * SECOND_MS;

/** Below this much remaining time no token is spent (RELIABILITY 2.2, rule 8). */
export const SPEND_BUDGET_MS = TOKEN_CALL_MS + COMMIT_BUDGET_MS;

/**
 * How long a lease stands: longer than any function that takes one can live (55 s) plus the skew of two clocks (5 s).
 *
 * Lambda kills at the time-out, so whoever finds a lease over knows that its holder is dead.
 */
export const LEASE_MS = 90 * SECOND_MS;

/** Longest safety before an access token's end; a quarter of its life when that is less. */
export const LONGEST_MARGIN_MS = 15 * MINUTE_MS;

/** An idle connection is refreshed this often, so that its refresh token never runs out. */
export const KEEP_ALIVE_MS = 7 * DAY_MS;

/** First wait after a failure of one connection; doubled each time. */
export const FIRST_BACK_OFF_MS = MINUTE_MS;
/** With its jitter and a tick it is under a quarter of an hour: so soon after an outage everything is well again (I7). */
export const LONGEST_BACK_OFF_MS = 10 * MINUTE_MS;

/** A live token that is rejected this soon after a rejection already replaced it means that access is denied. */
export const FRESH_TOKEN_MS = 15 * MINUTE_MS;
export const FIRST_DENIED_WAIT_MS = 5 * MINUTE_MS;
export const LONGEST_DENIED_WAIT_MS = 6 * HOUR_MS;

/** Refreshes in flight in one sweep. */
export const IN_FLIGHT = 20;

/** Days before the refresh token's end that are warned of. */
export const WARNING_DAYS = [7, 3, 1] as const;
