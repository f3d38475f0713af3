import { type GrantRejectedError, ReauthorizationRequiredError } from '../errors.ts';
import type { TokenDependencies } from './dependencies.ts';
import { type Leased, resolvedBy, rivals } from './leased.ts';
import { persistently } from './persistent.ts';
import type { RefreshOutcome } from './refresh-result.ts';
import { afterLeases, settleFailure } from './settle.ts';
import { LEASE_MS } from './timing.ts';

type VerdictDependencies = Pick<TokenDependencies, 'store' | 'clock' | 'wait' | 'events' | 'log' | 'metrics'>;

/** Settled already, or to be decided when it is known whether everybody was refused. */
export type Verdict =
  | { readonly outcome: RefreshOutcome }
  | { readonly outcome: 'reauthorization-required'; readonly decide: (incident: boolean) => Promise<RefreshOutcome> };

/**
 * What `invalid_grant` means (DESIGN 5.2, step 6): a decision list on what the table says now, not on what we read before.
 *
 * Somebody else's success is a success. Somebody else's open attempt is a reason to wait. Only a token that nobody
 * else can have spent is dead.
 */
export async function judgeRefusal(
  dependencies: VerdictDependencies,
  leased: Leased,
  error: GrantRejectedError,
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
    await settleSuspect(dependencies, leased, afterLeases(younger.map(({ startedAt }) => startedAt)));
    return { outcome: 'suspect' };
  }
  return {
    outcome: 'reauthorization-required',
    decide: async (incident) => {
      if (!incident) return settleRequired(dependencies, leased);
      await settleFailure(dependencies, leased, error);
      return 'incident';
    },
  };
}

/** The token was refused while somebody else may hold its successor. It is not presented again; only looked after. */
async function settleSuspect(
  { store, clock, events }: VerdictDependencies,
  { connection, attempt, spends }: Leased,
  lookAt: Date,
): Promise<void> {
  const now = clock.now();
  const row = events(connection, 'suspect', now, {
    summary: `${connection.name}: its refresh token was refused while another request with it was under way; looking again at ${lookAt.toISOString()}`,
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
      lastError: {
        code: 'GRANT_REJECTED',
        message: 'The refresh token was refused; another request with it was open',
        at: now,
      },
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
