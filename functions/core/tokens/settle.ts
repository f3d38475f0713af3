import type { Connection } from '../connections/connection.ts';
import type { ChangeCondition, ConnectionChange } from '../connections/store.ts';
import type { OutboxRow } from '../events.ts';
import type { TokenDependencies } from './dependencies.ts';
import { expiryWarning } from './expiry-warning.ts';
import { deadAttempts, type Leased } from './leased.ts';
import { backOffUntil, jitter } from './next-refresh.ts';
import { deniedUntil } from './refresh-reason.ts';
import { LEASE_MS } from './timing.ts';

type SettleDependencies = Pick<TokenDependencies, 'store' | 'clock' | 'events' | 'log' | 'metrics'>;

/** What is noted of a failure. */
type Failure = Pick<NonNullable<Connection['lastError']>, 'code' | 'message'>;

/** A failure that says nothing about the grant: counted, told, tried again later. The health stays what it is. */
export async function settleFailure(dependencies: SettleDependencies, leased: Leased, error: Failure): Promise<void> {
  const { store, clock } = dependencies;
  const { connection, attempt } = leased;
  const { change, rows } = failureChange(dependencies, connection, error);
  await store.change(
    connection.name,
    { attempt },
    { ...change, releasesLease: true, resolves: [attempt] },
    rows,
    clock.now(),
  );
}

/** The same for a connection that was not leased: nothing was begun. */
export async function recordFailure(
  dependencies: SettleDependencies,
  connection: Connection,
  error: Failure,
): Promise<void> {
  const now = dependencies.clock.now();
  const { change, rows } = failureChange(dependencies, connection, error);
  await dependencies.store.change(connection.name, asRead(connection, now), change, rows, now);
}

/**
 * Nobody is at it, and nobody has been since it was read: two sweeps that overlap would otherwise both tell what they
 * found, and it would be published twice.
 */
function asRead({ generation, nextRefreshAt }: Connection, now: Date): ChangeCondition {
  return { generation, unleasedAt: now, nextRefreshAt: nextRefreshAt ?? null };
}

/**
 * Nobody knows whether the token was taken. The attempt stays unresolved and the lease in place: until it is over an
 * answer may still be on its way, and nobody presents the token meanwhile. Older attempts on it are settled by this one.
 */
export async function settleAmbiguous(dependencies: SettleDependencies, leased: Leased, error: Failure): Promise<void> {
  const { store, clock } = dependencies;
  const { connection, attempt, until } = leased;
  const { change, rows } = failureChange(dependencies, connection, error);
  const later = Math.max(until.getTime(), change.nextRefreshAt.getTime());
  await store.change(
    connection.name,
    { attempt },
    { ...change, nextRefreshAt: new Date(later), resolves: deadAttempts(leased).map(({ id }) => id) },
    rows,
    clock.now(),
  );
}

/** Later, and not all at once: the provider's breaker is open, or its budget is used up. */
export async function postpone(
  { store, clock, events }: SettleDependencies,
  connection: Connection,
  until: Date,
): Promise<void> {
  const now = clock.now();
  const { change, rows } = expiryWarning(connection, events, now);
  const spread = Math.min(60_000, Math.max(0, until.getTime() - now.getTime()) / 4);
  const at = new Date(Math.round(until.getTime() + jitter(`${connection.name}:${now.getTime()}`) * spread));
  await store.change(connection.name, asRead(connection, now), { ...change, nextRefreshAt: at }, rows, now);
}

/** Gives the lease back with nothing done: what is left of the invocation does not cover a call. */
export async function giveBack({ store, clock }: SettleDependencies, { connection, attempt }: Leased): Promise<void> {
  const change = { releasesLease: true, resolves: [attempt] };
  await store.change(connection.name, { attempt }, change, [], clock.now());
}

/** A fresh token that is refused again: an event and a wait, no refresh loop. */
export async function settleDenied(dependencies: SettleDependencies, connection: Connection): Promise<boolean> {
  const { store, clock, events, metrics } = dependencies;
  const now = clock.now();
  const rejections = (connection.rejections ?? 0) + 1;
  const isNew = rejections === 2;
  const error = { code: 'ACCESS_DENIED', message: 'The provider refuses tokens that it has just issued', at: now };
  const row = events(connection, 'access-denied', now, {
    summary: `${connection.name} is denied access: its provider refuses tokens that it has just issued`,
    about: connection.generation,
    severity: 'high',
    data: { generation: connection.generation },
  });
  metrics.add('AccessDenied', 'Count', 1, { provider: connection.provider });
  const { generation, rejectedGeneration } = connection;
  return store.change(
    connection.name,
    { generation, unleasedAt: now, ...(rejectedGeneration === undefined ? {} : { rejectedGeneration }) },
    {
      health: 'access-denied',
      rejections,
      rejectedGeneration: null,
      nextRefreshAt: deniedUntil(connection, now),
      lastError: error,
    },
    isNew ? [row] : [],
    now,
  );
}

/**
 * An item older than the high water came out of a backup: its tokens were spent long ago. A person decides (RUNBOOK).
 *
 * `false` when the item has moved on: then a refresh was committed between our two reads, and nothing is wrong.
 */
export async function settleRestored(
  { store, clock, events, log, metrics }: SettleDependencies,
  connection: Connection,
  highWater: number,
): Promise<boolean> {
  const now = clock.now();
  const { name, provider, generation } = connection;
  const message = `Came out of a backup, it seems: holds generation ${generation}, and ${highWater} was committed`;
  const command = `steward connect ${name}`;
  const row = events(connection, 'suspect', now, {
    summary: `${name} holds tokens older than the last ones stored; to go on: ${command}`,
    about: `restored:${generation}:${highWater}`,
    severity: 'high',
    data: { cause: 'restored', generation, highWater, command },
  });
  const lastError = { code: 'SEAL_BROKEN', message, at: now };
  const isTold = connection.health === 'suspect' && connection.lastError?.message === message;
  const settled = await store.change(
    name,
    asRead(connection, now),
    { health: 'suspect', nextRefreshAt: null, rejectedGeneration: null, lastError },
    isTold ? [] : [row],
    now,
  );
  if (!settled) return false;
  log.error('connection.rolled-back', { connection: name, generation, highWater });
  metrics.add('SealBroken', 'Count', 1, { provider });
  return true;
}

/** Looked at again when the last of the younger attempts is over. */
export function afterLeases(startedAt: readonly Date[]): Date {
  return new Date(Math.max(...startedAt.map((at) => at.getTime())) + LEASE_MS);
}

function failureChange(
  { clock, events }: SettleDependencies,
  connection: Connection,
  error: Failure,
): { readonly change: ConnectionChange & { nextRefreshAt: Date }; readonly rows: readonly OutboxRow[] } {
  const now = clock.now();
  const failures = connection.failures + 1;
  const lastError = { code: error.code, message: error.message, at: now };
  const warning = expiryWarning({ ...connection, lastError }, events, now);
  return {
    change: { ...warning.change, failures, lastError, nextRefreshAt: backOffUntil(connection, failures, now) },
    rows: warning.rows,
  };
}
