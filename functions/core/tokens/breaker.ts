import type { Provider, ProviderSettings } from '../provider.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';

/** Why nothing is sent to a token endpoint for a while. */
export type BreakerReason = 'rate-limited' | 'unavailable' | 'refusing';

export interface BreakerState {
  readonly reason: BreakerReason;
  /** Nothing is sent before this; after it one call finds out. */
  readonly until: Date;
  /** Openings in a row, for the back-off. */
  readonly trips: number;
  /** When the first of them was. */
  readonly since: Date;
}

/** What the sweeps remember of a token endpoint between two ticks. Advice, not truth: the last writer wins. */
export interface BreakerStore {
  find(key: string): Promise<BreakerState | undefined>;
  save(key: string, state: BreakerState): Promise<void>;
  close(key: string): Promise<void>;
  /**
   * Notes whose grants this endpoint refused in the running quarter of an hour; answers how many connections these are,
   * exact up to `FAILURES_TO_TRIP`. One that is refused again and again counts once.
   */
  addRefusals(key: string, connections: readonly string[], now: Date): Promise<number>;
}

/** Failures without a success in between that are the provider's and no longer one connection's. */
export const FAILURES_TO_TRIP = 3;

/** After a day of refusing everybody, a provider means it. */
export const INCIDENT_LIMIT_MS = 24 * HOUR_MS;

/** The window that refusals are counted in. */
export const REFUSAL_WINDOW_MS = 15 * MINUTE_MS;

const FIRST_OPEN_MS = 30 * SECOND_MS;
const LONGEST_OPEN_MS = 10 * MINUTE_MS;

/** A token endpoint: connections of one provider may live on several hosts, and one host's trouble is its own. */
export function breakerKey(provider: Provider, settings: ProviderSettings): string {
  return `${provider.id}@${provider.token.tokenEndpoint(settings).host}`;
}

/** The next state after another failure. A wait that the provider named is obeyed. */
export function tripped(
  before: BreakerState | undefined,
  reason: BreakerReason,
  now: Date,
  retryAfterMs?: number,
): BreakerState {
  const trips = (before?.reason === reason ? before.trips : 0) + 1;
  const wait = retryAfterMs ?? Math.min(FIRST_OPEN_MS * 2 ** Math.min(trips - 1, 10), LONGEST_OPEN_MS);
  return {
    reason,
    until: new Date(now.getTime() + wait),
    trips,
    since: before?.reason === reason ? before.since : now,
  };
}
