import type { Connection, ConnectionHealth } from '../connections/connection.ts';
import { FIRST_DENIED_WAIT_MS, FRESH_TOKEN_MS, LONGEST_DENIED_WAIT_MS } from './timing.ts';

/** Healths in which a refresh makes sense. `pending` only with something to spend: client credentials. */
export const REFRESHABLE: readonly ConnectionHealth[] = ['connected', 'suspect', 'access-denied', 'pending'];

/** Healths in which a dead authorization's leavings are looked for besides. */
export const RECOVERABLE: readonly ConnectionHealth[] = [...REFRESHABLE, 'reauthorization-required'];

export type RefreshReason =
  | 'due'
  /** A provider refused the access token although it has not run out. */
  | 'rejected'
  /** The same, although a refresh had just replaced it for that very reason. */
  | 'denied'
  /** An authorization began and its holder died: its tokens may lie in the rescue bucket. */
  | 'recover'
  | 'leased'
  | 'not-due';

/** Why a connection is refreshed now, from the item alone. The index that led here may lag behind it (P15). */
export function refreshReason(connection: Connection, now: Date): RefreshReason {
  const { health, lease, nextRefreshAt, fingerprint, access } = connection;
  const at = now.getTime();
  if (lease !== undefined && lease.until.getTime() > at) return 'leased';
  const isDue = nextRefreshAt !== undefined && nextRefreshAt.getTime() <= at;
  if (fingerprint === undefined || !REFRESHABLE.includes(health)) {
    const left = RECOVERABLE.includes(health) && connection.attempts.some(({ kind }) => kind === 'authorization');
    return isDue && left ? 'recover' : 'not-due';
  }
  if (isDue) return 'due';
  if (connection.rejectedGeneration !== connection.generation || health === 'access-denied') return 'not-due';
  // A rejection jumps the schedule, never a wait: after a failure, or for another attempt on this very token.
  if (connection.failures > 0 || connection.refusedFingerprint === fingerprint) return 'not-due';
  // A token that has run out is refused for that reason: nothing is wrong with the access.
  if (access === undefined || access.expiresAt.getTime() <= at) return 'rejected';
  const isFresh = at - access.issuedAt.getTime() < FRESH_TOKEN_MS;
  return isFresh && (connection.rejections ?? 0) >= 1 ? 'denied' : 'rejected';
}

/**
 * Whether a rejection asked for this refresh: 1 where it did. Above 1 only a denial counts (`settleDenied`), so that 2
 * is the first one, which is told, and what begins anew after it was denied access.
 */
export function rejectionsAfter(connection: Connection, reason: RefreshReason, now: Date): number {
  const before = connection.rejections ?? 0;
  const isAlive = connection.access !== undefined && connection.access.expiresAt.getTime() > now.getTime();
  const wasRejected = connection.rejectedGeneration === connection.generation;
  if ((reason === 'rejected' || wasRejected) && isAlive) return Math.max(1, before);
  return connection.health === 'access-denied' ? before : 0;
}

/** How long a connection that is denied access is left alone. */
export function deniedUntil(connection: Connection, now: Date): Date {
  const times = Math.max(0, (connection.rejections ?? 1) - 1);
  return new Date(now.getTime() + Math.min(FIRST_DENIED_WAIT_MS * 2 ** Math.min(times, 12), LONGEST_DENIED_WAIT_MS));
}
