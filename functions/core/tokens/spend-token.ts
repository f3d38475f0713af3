import { callbackName } from '../authorization/callback-name.ts';
import type { SealedToken } from '../connections/connection.ts';
import type { TokenCommit } from '../connections/store.ts';
import { GrantRejectedError, ServiceError } from '../errors.ts';
import type { OutboxRow } from '../events.ts';
import type { TokenGrant } from '../provider.ts';
import { type Deadline, MINUTE_MS } from '../time.ts';
import { buildCommit } from './build-commit.ts';
import type { TokenDependencies } from './dependencies.ts';
import { type Leased, type Ready, resolvedBy } from './leased.ts';
import { mergeRescued } from './merge-rescued.ts';
import { REFRESHABLE, rejectionsAfter } from './refresh-reason.ts';
import type { RefreshResult } from './refresh-result.ts';
import { replyEvents } from './reply-events.ts';
import { giveBack, settleAmbiguous, settleFailure } from './settle.ts';
import { expiryOf } from './soonest-expiry.ts';
import { storeTokens } from './store-tokens.ts';
import { SPEND_BUDGET_MS, TOKEN_CALL_MS } from './timing.ts';
import { drawTokenBudget } from './token-budget.ts';
import { callTokenEndpoint, type TokenCallResult } from './token-call.ts';
import { judgeAgain, judgeRefusal } from './verdict.ts';

type Spent = Omit<RefreshResult, 'name'>;

/** A bug that one connection brings out waits like any other failure of it: it must not be first in each sweep (R36). */
const UNFORESEEN = { code: 'UNFORESEEN', message: 'The refresh failed in a way that nobody foresaw' };

/**
 * Spends the token that the lease is for: what a dead holder left comes first, then one call, then its outcome.
 *
 * An unresolved attempt of a dead holder means that the token may be spent already. It is presented once more for each
 * such attempt and not again: had it been spent, its successor is lost with the holder, and presenting it tells.
 */
export async function spendToken(
  dependencies: TokenDependencies,
  leased: Leased,
  ready: Ready,
  deadline: Deadline,
): Promise<Spent> {
  const { connection, provider } = leased;
  const before = await beforeCall(dependencies, leased, deadline);
  if (before.kind === 'done') return before.result;
  // Before it is: whoever restores a backup has to learn of it, whatever becomes of this process afterwards (RUNBOOK).
  if (before.grant.type === 'refresh-token') {
    dependencies.log.info('token.presented', { connection: connection.name, provider: provider.id });
  }
  const result = await callTokenEndpoint(dependencies, {
    provider,
    context: { connection: connection.name, settings: connection.settings },
    grant: before.grant,
    secret: connection.secret,
    credentials: ready.credentials,
    deadline,
    timeoutMs: TOKEN_CALL_MS,
    budgetMs: SPEND_BUDGET_MS,
    drawAgain: () => hasBudget(dependencies, leased),
  });
  if (result.kind === 'granted') return commitGranted(dependencies, leased, ready, before.grant, result, deadline);
  return settleRefused(dependencies, leased, result, deadline);
}

/** No answer is a no: the call that was made has its verdict, and a second one can wait. */
async function hasBudget(dependencies: TokenDependencies, { connection, provider }: Leased): Promise<boolean> {
  try {
    return (await drawTokenBudget(dependencies, connection, provider)) === undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return false;
  }
}

type BeforeCall =
  | { readonly kind: 'done'; readonly result: Spent }
  | { readonly kind: 'call'; readonly grant: TokenGrant };

/** Everything between the lease and the call. Whatever goes wrong here, nothing was spent: the lease is given back. */
async function beforeCall(dependencies: TokenDependencies, leased: Leased, deadline: Deadline): Promise<BeforeCall> {
  const { connection, provider, reason, spends } = leased;
  try {
    if (await mergeRescued(dependencies, leased, deadline)) {
      return { kind: 'done', result: { outcome: 'merged' } };
    }
    if (reason === 'recover') {
      await abandonRecovery(dependencies, leased);
      return { kind: 'done', result: { outcome: 'not-due' } };
    }
    if (provider.grant === 'client-credentials') {
      if (deadline.remainingMs() >= SPEND_BUDGET_MS) return { kind: 'call', grant: { type: 'client-credentials' } };
    } else {
      // Refused before, looked after since, and nobody brought a successor.
      const { refresh, refusedFingerprint } = connection;
      if (refusedFingerprint === spends || refresh === undefined) {
        return { kind: 'done', result: judgeAgain(dependencies, leased, deadline) };
      }
      const grant = await openGrant(dependencies, leased, refresh);
      if (deadline.remainingMs() >= SPEND_BUDGET_MS) return { kind: 'call', grant };
    }
    await giveBack(dependencies, leased);
    return { kind: 'done', result: { outcome: 'deadline' } };
  } catch (error) {
    await settleFailure(dependencies, leased, error instanceof ServiceError ? error : UNFORESEEN);
    throw error;
  }
}

/** The refresh token, from the item that the lease's own write returned. */
async function openGrant(
  { sealer, redirectUri }: TokenDependencies,
  { connection, provider }: Leased,
  refresh: SealedToken,
): Promise<TokenGrant> {
  const refreshToken = await sealer.open(refresh.sealed, {
    provider: provider.id,
    connection: connection.name,
    purpose: 'refresh',
    generation: refresh.generation ?? connection.generation,
  });
  return { type: 'refresh-token', refreshToken, redirectUri: redirectUri(callbackName(provider, connection.settings)) };
}

/**
 * The authorization that was begun left nothing: the connection waits for a person, as before it. One that was restored
 * from a backup stays due, so that the next look says so.
 */
async function abandonRecovery({ store, clock }: TokenDependencies, leased: Leased): Promise<void> {
  const { health, fingerprint } = leased.connection;
  const waits = fingerprint === undefined || !REFRESHABLE.includes(health);
  const change = { releasesLease: true, resolves: resolvedBy(leased), ...(waits ? { nextRefreshAt: null } : {}) };
  await store.change(leased.connection.name, { attempt: leased.attempt }, change, [], clock.now());
}

async function commitGranted(
  dependencies: TokenDependencies,
  leased: Leased,
  ready: Ready,
  grant: TokenGrant,
  { reply, sentAt }: Extract<TokenCallResult, { kind: 'granted' }>,
  deadline: Deadline,
): Promise<Spent> {
  const { connection, provider, reason, attempt, spends } = leased;
  const { clock, log, metrics } = dependencies;
  const commit = buildCommit({
    connection,
    provider,
    reply,
    sentAt,
    seal: ready.seal,
    generation: leased.generation,
    attempt,
    spent: spends,
    resolves: resolvedBy(leased),
    releasesLease: clock.now() < leased.until,
    rejections: rejectionsAfter(connection, reason, clock.now()),
    ...(grant.type === 'refresh-token' ? { spentToken: grant.refreshToken } : {}),
  });
  const rows = rowsOf(log, connection.name, () => [
    ...commitEvents(dependencies, leased, commit),
    ...replyEvents(dependencies, leased, reply, clock.now()),
  ]);
  const outcome = await storeTokens(dependencies, commit, rows, deadline);
  const word = { kind: 'granted' } as const;
  if (outcome.kind === 'committed') {
    log.info('token.refreshed', { connection: connection.name, provider: provider.id, generation: commit.generation });
    metrics.add('TokenRefreshed', 'Count', 1, { provider: provider.id });
    return { outcome: 'refreshed', word, ...expiryOf(commit.refresh) };
  }
  return { outcome: outcome.kind, word, ...expiryOf(commit.refresh) };
}

/** A bug in what is to be told costs the telling, never the tokens that wait to be stored. */
function rowsOf(log: TokenDependencies['log'], connection: string, rows: () => OutboxRow[]): OutboxRow[] {
  try {
    return rows();
  } catch (error) {
    log.error('token.untold', { connection, reason: error instanceof Error ? error.name : 'unknown' });
    return [];
  }
}

/** A refresh that comes this long after it was due is worth a word. */
const LATE_MS = 10 * MINUTE_MS;

function commitEvents({ events, clock }: TokenDependencies, leased: Leased, commit: TokenCommit): OutboxRow[] {
  const { connection } = leased;
  const now = clock.now();
  const rows: OutboxRow[] = [];
  const wasDenied = (connection.rejections ?? 0) >= 2 && commit.rejections === 0;
  if ((connection.health === 'suspect' && commit.health === 'connected') || wasDenied) {
    rows.push(
      events(connection, 'restored', now, {
        summary: `${connection.name} works again`,
        about: commit.generation,
        data: { was: wasDenied ? 'access-denied' : connection.health },
      }),
    );
  }
  const { access, failures } = connection;
  const lateMs = now.getTime() - (connection.nextRefreshAt ?? now).getTime();
  if (access !== undefined && access.expiresAt < now && (lateMs > LATE_MS || failures > 2)) {
    rows.push(
      events(connection, 'refreshed-late', now, {
        summary: `${connection.name} was refreshed after its access token had run out`,
        about: commit.generation,
        data: { ranOutAt: access.expiresAt.toISOString(), failures },
      }),
    );
  }
  return rows;
}

/** A call that brought no tokens: what is noted depends on what became of the one that was presented. */
async function settleRefused(
  dependencies: TokenDependencies,
  leased: Leased,
  result: Exclude<TokenCallResult, { kind: 'granted' }>,
  deadline: Deadline,
): Promise<Spent> {
  const { log, metrics } = dependencies;
  const { connection, provider } = leased;
  const { error } = result;
  const rotates = provider.grant === 'authorization-code';
  log.warn('token.refused', {
    connection: connection.name,
    provider: provider.id,
    code: error.code,
    kind: result.kind,
  });
  const code = error.code;
  if (rotates && error instanceof GrantRejectedError) {
    const verdict = await judgeRefusal(dependencies, leased, error, deadline);
    return { ...verdict, word: { kind: 'decide' in verdict ? 'refused' : 'answered' }, code };
  }
  if (result.kind === 'ambiguous' && rotates) {
    await settleAmbiguous(dependencies, leased, error);
    return { outcome: 'ambiguous', word: { kind: 'unavailable' }, code };
  }
  if (result.kind === 'client-rejected') metrics.add('ClientRejected', 'Count', 1, { provider: provider.id });
  await settleFailure(dependencies, leased, error);
  return { outcome: 'failed', word: endpointWord(result), code };
}

function endpointWord(result: Exclude<TokenCallResult, { kind: 'granted' }>): RefreshResult['word'] & {} {
  switch (result.kind) {
    case 'rate-limited':
      return { kind: 'rate-limited', retryAfterMs: result.retryAfterMs };
    case 'unavailable':
    case 'ambiguous':
      return { kind: 'unavailable' };
    case 'grant-rejected':
    case 'client-rejected':
    case 'refused':
      return { kind: 'answered' };
    default:
      return result satisfies never;
  }
}
