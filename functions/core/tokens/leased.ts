import type { Connection, UnresolvedAttempt } from '../connections/connection.ts';
import type { ClientCredentials, Provider } from '../provider.ts';
import type { SealInHand } from '../sealing/sealer.ts';
import type { RefreshReason } from './refresh-reason.ts';

/** A connection whose lease we hold, as the write that took it left the item. */
export interface Leased {
  readonly connection: Connection;
  readonly provider: Provider;
  readonly reason: RefreshReason;
  readonly attempt: string;
  readonly until: Date;
  /** What is about to be spent; also the commit's condition. */
  readonly spends: string;
  /** The generation that a new token set gets: above what is stored and above what was ever committed. */
  readonly generation: number;
}

/** What has to be in hand before a token is spent. */
export interface Ready {
  readonly highWater: number;
  readonly credentials: ClientCredentials;
  readonly seal: SealInHand;
}

/** Unresolved attempts besides ours. No live lease stood when ours was taken, so their holders are dead. */
export function deadAttempts({ connection, attempt }: Leased): readonly UnresolvedAttempt[] {
  return connection.attempts.filter(({ id }) => id !== attempt);
}

/** Dead attempts on the very token that we are about to spend: it may be spent already. */
export function rivals(leased: Leased): readonly UnresolvedAttempt[] {
  return deadAttempts(leased).filter(({ kind, fingerprint }) => kind === 'refresh' && fingerprint === leased.spends);
}

/** What our commit settles: our attempt, and those of dead holders that it makes moot. Not those on a token that stays. */
export function resolvedBy(leased: Leased, stays?: string): readonly string[] {
  const moot = deadAttempts(leased).filter(({ fingerprint }) => fingerprint !== stays);
  return [leased.attempt, ...moot.map(({ id }) => id)];
}
