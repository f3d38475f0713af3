import { type GrantRejectedError, ReauthorizationRequiredError, ServiceError } from '../errors.ts';
import type { Deadline } from '../time.ts';
import type { TokenDependencies } from './dependencies.ts';
import { type Leased, resolvedBy, rivals } from './leased.ts';
import { mergeSuccessor } from './merge-rescued.ts';
import { persistently } from './persistent.ts';
import type { RefreshOutcome } from './refresh-result.ts';
import { afterLeases, settleFailure } from './settle.ts';
import { LEASE_MS } from './timing.ts';

type VerdictDependencies = Pick<
  TokenDependencies,
  'store' | 'rescue' | 'sealer' | 'clock' | 'wait' | 'events' | 'log' | 'metrics'
>;

/** Settled already, or to be decided when it is known whether everybody was refused. */
export type Verdict =
  | { readonly outcome: RefreshOutcome }
  | { readonly outcome: 'reauthorization-required'; readonly decide: (incident: boolean) => Promise<RefreshOutcome> };

/**
 * What `invalid_grant` means (DESIGN 5.2, step 6): a decision list on what the table says now, not on what we read before.
 *
 * Somebody else's success is a success, and so is one that lies in the rescue bucket. Somebody else's open attempt is a
 * reason to wait. Only a token that nobody else can have spent is dead.
 */
export async function judgeRefusal(
  dependencies: VerdictDependencies,
  leased: Leased,
  error: GrantRejectedError,
  deadline: Deadline,
): Promise<Verdict> {
  const { store, clock, wait } = dependencies;
  const { name } = leased.connection;
  const current = await persistently(() => store.find(name), wait);
  if (current === undefined || current.fingerprint !== leased.spends) {
    await store.change(
      name,
      { attempt: leased.attempt },
      { releasesLease: true, resolves: [leased.attempt] },
      [],
      clock.now(),
    );
    return { outcome: 'superseded' };
  }
  const now = clock.now();
  const younger = current.attempts.filter(
    ({ id, startedAt }) => id !== leased.attempt && startedAt.getTime() + LEASE_MS > now.getTime(),
  );
  if (younger.length > 0) {
    await settleSuspect(dependencies, leased, 'another request with it was open', younger);
    return { outcome: 'suspect' };
  }
  const brought = await bringSuccessor(dependencies, leased, deadline);
  if (brought !== undefined) return { outcome: brought };
  return {
    outcome: 'reauthorization-required',
    decide: async (incident) => {
      if (!incident) return settleRequired(dependencies, leased);
      await settleFailure(dependencies, leased, error);
      return 'incident';
    },
  };
}

/** Out of the rescue bucket into the refused token's place. While the bucket cannot be asked, no person is either. */
async function bringSuccessor(
  dependencies: VerdictDependencies,
  leased: Leased,
  deadline: Deadline,
): Promise<RefreshOutcome | undefined> {
  const { clock, log, wait } = dependencies;
  try {
    const isMerged = await persistently(() => mergeSuccessor(dependencies, leased, deadline), wait);
    return isMerged ? 'merged' : undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.warn('rescue.unread', { connection: leased.connection.name, code: error.code });
    const why = 'the rescue bucket could not be asked for its successor';
    await settleSuspect(dependencies, leased, why, [{ startedAt: clock.now() }]);
    return 'suspect';
  }
}

/** The token was refused while somebody else may hold its successor. It is not presented again; only looked after. */
async function settleSuspect(
  { store, clock, events }: VerdictDependencies,
  { connection, attempt, spends }: Leased,
  why: string,
  others: readonly { readonly startedAt: Date }[],
): Promise<void> {
  const now = clock.now();
  const lookAt = afterLeases(others.map(({ startedAt }) => startedAt));
  const row = events(connection, 'suspect', now, {
    summary: `${connection.name}: its refresh token was refused, and ${why}; looking again at ${lookAt.toISOString()}`,
    about: spends,
    severity: 'medium',
    data: { cause: 'refused', lookAt: lookAt.toISOString() },
  });
  await store.change(
    connection.name,
    { attempt, fingerprint: spends },
    {
      health: 'suspect',
      rejectedGeneration: null,
      refusedFingerprint: spends,
      nextRefreshAt: lookAt,
      releasesLease: true,
      resolves: [attempt],
      lastError: { code: 'GRANT_REJECTED', message: `The refresh token was refused; ${why}`, at: now },
    },
    [row],
    now,
  );
}

/** Final, until somebody consents: published once, with the command that mends it. */
export async function settleRequired(
  { store, clock, events, log, metrics }: VerdictDependencies,
  leased: Leased,
): Promise<RefreshOutcome> {
  const { connection, attempt, spends } = leased;
  const now = clock.now();
  // A reply may have been lost before: then nobody can tell a spent token from a withdrawn one.
  const wasLost = rivals(leased).length > 0 || connection.refusedFingerprint === spends;
  const wasSilent = connection.failures > 0 && connection.lastError?.code === 'PROVIDER_UNAVAILABLE';
  const cause = wasLost || wasSilent ? 'ambiguous' : 'refused';
  const error = new ReauthorizationRequiredError(connection.name);
  const row = events(connection, 'reauthorization-required', now, {
    summary: error.message,
    about: spends,
    severity: 'critical',
    data: { cause, command: `steward connect ${connection.name}`, generation: connection.generation },
  });
  const settled = await store.change(
    connection.name,
    { attempt, fingerprint: spends },
    {
      health: 'reauthorization-required',
      nextRefreshAt: null,
      rejectedGeneration: null,
      refusedFingerprint: null,
      releasesLease: true,
      resolves: resolvedBy(leased),
      lastError: { code: error.code, message: error.message, at: now },
    },
    [row],
    now,
  );
  if (!settled) return 'superseded';
  log.warn('connection.lapsed', { connection: connection.name, provider: connection.provider, cause });
  metrics.add('ReauthorizationRequired', 'Count', 1, { provider: connection.provider });
  return 'reauthorization-required';
}
