import type { Budgets } from '../budgets/budget.ts';
import type { ConnectionStore } from '../connections/store.ts';
import type { SendHttp } from '../http.ts';
import type { Log, Metrics } from '../log.ts';
import type { Provider } from '../provider.ts';
import type { Sealer } from '../sealing/sealer.ts';
import type { Clock, Random } from '../time.ts';
import type { BreakerStore } from './breaker.ts';
import type { ConnectionEvents } from './connection-events.ts';
import type { CredentialsSource } from './credentials.ts';
import type { RescueStore } from './rescue.ts';

/** Everything that the refresh protocol does, it does through these. */
export interface TokenDependencies {
  readonly store: ConnectionStore;
  readonly rescue: RescueStore;
  readonly sealer: Sealer;
  readonly credentials: CredentialsSource;
  readonly budgets: Budgets;
  readonly breakers: BreakerStore;
  readonly send: SendHttp;
  readonly clock: Clock;
  readonly random: Random;
  /** Waits between two tries of a commit. */
  readonly wait: (ms: number) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: ConnectionEvents;
  readonly providers: Readonly<Record<string, Provider>>;
  /** Byte for byte what the authorization request had, from configuration. */
  readonly redirectUri: (name: string) => string;
  /** Who holds the leases of this process, for diagnosis. */
  readonly owner: string;
}

/** A new attempt's id: 128 random bits. Short, for it lies in the item three times. */
export function attemptId(random: Random): string {
  return Buffer.from(random.bytes(16)).toString('base64url');
}
