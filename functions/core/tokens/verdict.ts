import { GrantRejectedError, ReauthorizationRequiredError, ServiceError, StoreUnavailableError } from '../errors.ts';
import type { Deadline } from '../time.ts';
import type { TokenDependencies } from './dependencies.ts';
import { type Leased, resolvedBy, rivals } from './leased.ts';
import { mergeBought } from './merge-rescued.ts';
import { persistently } from './persistent.ts';
import type { RefreshOutcome } from './refresh-result.ts';
import { afterLeases, settleFailure } from './settle.ts';
import { LEASE_MS, STORE_CALL_MS } from './timing.ts';

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
 * Somebody else's success is a success. Somebody else's open attempt is a reason to wait. Only a token that nobody else
 * can have spent is dead, and whether it is the token or the provider that is not well the sweep tells at its end.
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
    const lookAt = afterLeases(younger.map(({ startedAt }) => startedAt));
    await settleSuspect(dependencies, leased, lookAt, 'another request with it was open');
    return { outcome: 'suspect' };
  }
  return undecided(dependencies, leased, error, deadline);
}

/** The same for a token that was refused before and looked after since: nobody brought a successor. It is not presented. */
export function judgeAgain(dependencies: VerdictDependencies, leased: Leased, deadline: Deadline): Verdict {
  return undecided(dependencies, leased, new GrantRejectedError('The refresh token was refused before'), deadline);
}

function undecided(
  dependencies: VerdictDependencies,
  leased: Leased,
  error: GrantRejectedError,
  deadline: Deadline,
): Verdict {
  return {
    outcome: 'reauthorization-required',
    decide: async (incident) => {
      if (!incident) return condemn(dependencies, leased, deadline);
      await settleFailure(dependencies, leased, error);
      return 'incident';
    },
  };
}

/** What has to be left to look for a successor: the read at its longest, and what it comes to written down. */
const LOOK_MS = 2 * STORE_CALL_MS;

/**
 * The verdict on a refused token, when the provider is known to be well. The rescue bucket is asked first; one that does
 * not answer in time makes the connection suspect: its token is not presented again, and the next look is here too.
 */
async function condemn(dependencies: VerdictDependencies, leased: Leased, deadline: Deadline): Promise<RefreshOutcome> {
  const found = await lookForSuccessor(dependencies, leased, deadline);
  if (found !== undefined) return found ? 'merged' : settleRequired(dependencies, leased);
  const why = 'the rescue bucket could not be asked for its successor';
  if (leased.connection.refusedFingerprint === leased.spends) {
    await settleFailure(dependencies, leased, {
      code: 'STORE_UNAVAILABLE',
      message: `A token was refused, and ${why}`,
    });
    return 'failed';
  }
  await settleSuspect(dependencies, leased, afterLeases([dependencies.clock.now()]), why);
  return 'suspect';
}

/** Whether there was one, in its place by now; `undefined` where nobody could tell. */
async function lookForSuccessor(
  dependencies: VerdictDependencies,
  leased: Leased,
  deadline: Deadline,
): Promise<boolean | undefined> {
  if (deadline.remainingMs() < LOOK_MS) return undefined;
  try {
    return await mergeBought(dependencies, leased, leased.spends, deadline);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { code } = error;
    const isAway = error instanceof StoreUnavailableError;
    dependencies.log[isAway ? 'warn' : 'error']('rescue.unread', { connection: leased.connection.name, code });
    // What lies there and cannot be used will not become usable by waiting; it is left for a person (RUNBOOK).
    return isAway ? undefined : false;
  }
}

/** The token was refused while somebody else may hold its successor. It is not presented again; only looked after. */
async function settleSuspect(
  { store, clock, events }: VerdictDependencies,
  { connection, attempt, spends }: Leased,
  lookAt: Date,
  why: string,
): Promise<void> {
  const now = clock.now();
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
async function settleRequired(
  { store, clock, events, log, metrics }: VerdictDependencies,
  leased: Leased,
): Promise<RefreshOutcome> {
  const { connection, attempt, spends } = leased;
  const now = clock.now();
  // A reply may have been lost before: then nobody can tell a spent token from a withdrawn one.
  const wasLost = rivals(leased).length > 0;
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
