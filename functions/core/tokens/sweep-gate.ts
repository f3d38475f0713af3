import type { Log, Metrics } from '../log.ts';
import type { Clock } from '../time.ts';
import { type BreakerState, type BreakerStore, FAILURES_TO_TRIP, INCIDENT_LIMIT_MS, tripped } from './breaker.ts';
import type { Admission, TokenGate } from './refresh.ts';
import type { RefreshResult } from './refresh-result.ts';

/** What one sweep has learned of one token endpoint. */
interface EndpointRecord {
  readonly before: Promise<BreakerState | undefined>;
  /** Set while one call finds out whether an endpoint is back. */
  probing: boolean;
  answered: number;
  failedInARow: number;
  /** Connections whose grants were refused. */
  readonly refused: Set<string>;
  granted: number;
  open: BreakerState | undefined;
}

/** The breakers of one sweep. */
export interface SweepGate extends TokenGate {
  /** Takes in how a connection's refresh ended. */
  note(result: RefreshResult): Promise<void>;
  /** Whether somebody was granted a token here: then no refusal is an incident, and none has to wait for its verdict. */
  hasGranted(key: string): boolean;
  /** Whether this endpoint refuses everybody: known when the sweep is through. */
  isIncident(key: string): Promise<boolean>;
}

/**
 * One breaker per token endpoint: what several connections suffer from is the endpoint's, and is not tried on all of them.
 *
 * An endpoint whose time is over is tried by one call before the others follow.
 */
export function createSweepGate({
  breakers,
  clock,
  log,
  metrics,
}: {
  readonly breakers: BreakerStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): SweepGate {
  const records = new Map<string, EndpointRecord>();
  const recordOf = (key: string): EndpointRecord => {
    const known = records.get(key);
    if (known !== undefined) return known;
    const record: EndpointRecord = {
      before: breakers.find(key),
      probing: false,
      answered: 0,
      failedInARow: 0,
      refused: new Set(),
      granted: 0,
      open: undefined,
    };
    records.set(key, record);
    return record;
  };

  const trip = async (key: string, record: EndpointRecord, reason: BreakerState['reason'], retryAfterMs?: number) => {
    const state = tripped(record.open ?? (await record.before), reason, clock.now(), retryAfterMs);
    record.open = state;
    await breakers.save(key, state);
    log.warn('breaker.opened', { endpoint: key, reason, trips: state.trips, until: state.until.toISOString() });
  };

  return {
    usedUpUntil: new Map(),

    async admit(key): Promise<Admission> {
      const record = recordOf(key);
      const state = record.open ?? (await record.before);
      if (state === undefined || (record.open === undefined && record.answered > 0)) return { open: true };
      if (state.until > clock.now()) return { open: false, until: state.until };
      if (record.probing) return { open: false };
      record.probing = true;
      return { open: true };
    },

    release(key) {
      recordOf(key).probing = false;
    },

    async note({ name, key, word, outcome, provider, queued }) {
      if (key === undefined) return;
      const record = recordOf(key);
      if (word === undefined) {
        // The probe found nothing out: the next one may.
        if (outcome !== 'postponed' || queued !== undefined) record.probing = false;
        return;
      }
      const before = await record.before;
      if (word.kind === 'rate-limited') return trip(key, record, 'rate-limited', word.retryAfterMs);
      if (word.kind === 'unavailable') {
        record.failedInARow += 1;
        const isProbe = before !== undefined && record.answered === 0;
        if (record.failedInARow >= FAILURES_TO_TRIP || isProbe) await trip(key, record, 'unavailable');
        return;
      }
      record.failedInARow = 0;
      record.probing = false;
      if (word.kind === 'refused') record.refused.add(name);
      if (word.kind === 'granted') record.granted += 1;
      // One that refuses everybody is well when it grants again, and not before.
      else if (before?.reason === 'refusing') return;
      record.answered += 1;
      if (record.answered === 1 && before !== undefined && record.open === undefined) {
        await breakers.close(key);
        log.info('breaker.closed', { endpoint: key, provider });
      }
    },

    hasGranted: (key) => recordOf(key).granted > 0,

    async isIncident(key) {
      const record = recordOf(key);
      if (record.refused.size === 0 || record.granted > 0) return false;
      const before = await record.before;
      const now = clock.now();
      const sinceMs = before?.reason === 'refusing' ? now.getTime() - before.since.getTime() : 0;
      const recent = await breakers.addRefusals(key, [...record.refused], now);
      const isEverybody = recent >= FAILURES_TO_TRIP || before?.reason === 'refusing';
      if (!isEverybody || sinceMs >= INCIDENT_LIMIT_MS) return false;
      if (before?.reason !== 'refusing') {
        log.error('provider.refusing', { endpoint: key, refusals: record.refused.size });
        metrics.add('ProviderIncident', 'Count', 1);
      }
      await trip(key, record, 'refusing');
      return true;
    },
  };
}
