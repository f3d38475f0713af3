import type { SealedToken } from '../connections/connection.ts';
import type { Metrics } from '../log.ts';
import { HOUR_MS } from '../time.ts';
import type { RefreshOutcome, RefreshResult } from './refresh-result.ts';

/** Outcomes after which the token that was looked at is gone: dead and told elsewhere, or replaced by somebody else. */
const NOT_STANDING: ReadonlySet<RefreshOutcome> = new Set(['merged', 'superseded', 'reauthorization-required', 'gone']);

/** What a result says about a refresh token. */
export function expiryOf(refresh: SealedToken | undefined): Pick<RefreshResult, 'refreshExpiresAt'> {
  return refresh === undefined ? {} : { refreshExpiresAt: refresh.expiresAt };
}

export interface SoonestExpiry {
  note(result: RefreshResult, outcome: RefreshOutcome): void;
  /** One value per provider that was seen. */
  measure(metrics: Metrics, now: Date): void;
}

/**
 * The first refresh token to die among those that a sweep looked at. No read is made for it.
 *
 * That is enough: what nears its end is failing, and what fails is looked at every half hour; the others come by every
 * seven days at the latest, with two weeks left. Restored connections, which no sweep takes, raise an alarm of their own.
 */
export function createSoonestExpiry(): SoonestExpiry {
  const soonest = new Map<string, number>();
  return {
    note({ provider, refreshExpiresAt }, outcome) {
      if (provider === undefined || refreshExpiresAt === undefined || NOT_STANDING.has(outcome)) return;
      soonest.set(provider, Math.min(soonest.get(provider) ?? Infinity, refreshExpiresAt.getTime()));
    },
    measure(metrics, now) {
      for (const [provider, at] of soonest) {
        const hours = Math.max(0, Math.floor((at - now.getTime()) / HOUR_MS));
        metrics.add('SoonestRefreshTokenExpiryHours', 'Count', hours, { provider });
      }
    },
  };
}
