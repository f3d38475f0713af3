import { allEnded } from '../all-ended.ts';
import { budgetKey } from '../budgets/gcra.ts';
import type { Connection, SealPurpose } from '../connections/connection.ts';
import { ConfigInvalidError, SealBrokenError, ServiceError } from '../errors.ts';
import type { Provider } from '../provider.ts';
import type { Deadline } from '../time.ts';
import { breakerKey } from './breaker.ts';
import { attemptId, type TokenDependencies } from './dependencies.ts';
import type { Leased, Ready } from './leased.ts';
import { persistent } from './persistent.ts';
import { RECOVERABLE, REFRESHABLE, refreshReason, type RefreshReason } from './refresh-reason.ts';
import type { RefreshResult } from './refresh-result.ts';
import { postpone, recordFailure, settleDenied, settleRestored } from './settle.ts';
import { expiryOf } from './soonest-expiry.ts';
import { spendToken } from './spend-token.ts';
import { LEASE_MS, SPEND_BUDGET_MS } from './timing.ts';
import { drawTokenBudget, tokenBudgetOf } from './token-budget.ts';
import type { Queued } from './token-queue.ts';

/** Whether a token endpoint may be called now; `until` when it is known. */
export type Admission = { readonly open: true } | { readonly open: false; readonly until?: Date };

/** The breaker's side of a sweep. */
export interface TokenGate {
  admit(key: string): Promise<Admission>;
  /** What was admitted found nothing out about the endpoint: the next one may. */
  release(key: string): void;
  /** When an account's budget of token calls has room again, as far as this sweep knows. */
  readonly usedUpUntil: Map<string, number>;
}

export type Refresh = (name: string, deadline: Deadline, gate?: TokenGate) => Promise<RefreshResult>;

const openGate = (): TokenGate => ({
  admit: async () => ({ open: true }),
  release: () => undefined,
  usedUpUntil: new Map(),
});

/**
 * Refreshes one connection, if it is due and nobody else is at it (DESIGN 5.2).
 *
 * Everything that can fail without a token being spent comes before the lease; after it there is one call, and then
 * nothing but making its outcome durable.
 */
export function createRefresh(given: TokenDependencies): Refresh {
  const dependencies = { ...given, store: persistent(given.store, given.wait) };
  const { store, clock, providers } = dependencies;
  return async (name, deadline, gate = openGate()) => {
    const connection = await store.find(name);
    if (connection === undefined) return { name, outcome: 'gone' };
    const reason = refreshReason(connection, clock.now());
    if (reason === 'leased' || reason === 'not-due') return { name, outcome: reason };
    const provider = providers[connection.provider];
    if (provider === undefined) {
      throw new ConfigInvalidError(`Connection ${name} names the unknown provider ${connection.provider}`);
    }
    const base = { name, provider: provider.id, ...expiryOf(connection.refresh) };
    if (reason === 'denied') {
      const settled = await settleDenied(dependencies, connection);
      return { ...base, outcome: settled ? 'access-denied' : 'not-due' };
    }
    if (deadline.remainingMs() < SPEND_BUDGET_MS) return { ...base, outcome: 'deadline' };
    const queued = queuedFor(dependencies, gate, { connection, provider });
    if (queued !== undefined) return { ...base, outcome: 'postponed', queued };
    const key = breakerKey(provider, connection.settings);
    const admission = await gate.admit(key);
    if (!admission.open) {
      if (admission.until !== undefined) await postpone(dependencies, connection, admission.until);
      return { ...base, key, outcome: 'postponed' };
    }
    try {
      const result = await refreshDue(dependencies, { connection, provider, reason, deadline }, gate);
      return { key, ...expiryOf(connection.refresh), ...result };
    } catch (error) {
      gate.release(key);
      throw error;
    }
  };
}

interface Due {
  readonly connection: Connection;
  readonly provider: Provider;
  readonly reason: RefreshReason;
  readonly deadline: Deadline;
}

/** Its place in the queue of its account, where this sweep knows that the budget is used up. */
function queuedFor(
  dependencies: TokenDependencies,
  { usedUpUntil }: TokenGate,
  { connection, provider }: Pick<Due, 'connection' | 'provider'>,
): Queued | undefined {
  const draw = tokenBudgetOf(connection, provider);
  if (draw === undefined) return undefined;
  const account = budgetKey(draw);
  const waitMs = (usedUpUntil.get(account) ?? 0) - dependencies.clock.now().getTime();
  if (waitMs <= 0) return undefined;
  const { perMinute } = draw;
  return { account, perMinute, waitMs, putOff: (until) => postpone(dependencies, connection, until) };
}

async function refreshDue(dependencies: TokenDependencies, due: Due, gate: TokenGate): Promise<RefreshResult> {
  const { connection, provider, deadline } = due;
  const base = { name: connection.name, provider: provider.id };
  let ready: Ready | undefined;
  try {
    ready = await makeReady(dependencies, due);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    // A store that is down cannot take a note of it either; the next tick is the retry.
    if (!error.retryable) await recordFailure(dependencies, connection, error);
    return { ...base, outcome: 'failed', code: error.code };
  }
  const isOld = provider.grant === 'authorization-code' && connection.generation < ready.highWater;
  // What is newer than the item may lie in the rescue bucket: the consent that a person was asked for, say.
  const mayBeRescued = connection.attempts.length > 0;
  if (isOld && !mayBeRescued) {
    const settled = await settleRestored(dependencies, connection, ready.highWater);
    return settled ? { ...base, outcome: 'suspect', code: 'SEAL_BROKEN' } : { ...base, outcome: 'leased' };
  }
  const wait = await drawTokenBudget(dependencies, connection, provider);
  const draw = tokenBudgetOf(connection, provider);
  if (wait !== undefined && draw !== undefined) {
    gate.usedUpUntil.set(budgetKey(draw), dependencies.clock.now().getTime() + wait);
    const queued = queuedFor(dependencies, gate, due);
    return { ...base, outcome: 'postponed', ...(queued === undefined ? {} : { queued }) };
  }
  const leased = await takeLease(dependencies, isOld ? { ...due, reason: 'recover' } : due, ready);
  if (leased === undefined) return { ...base, outcome: 'leased' };
  try {
    return { ...base, ...(await spendToken(dependencies, leased, ready, deadline)) };
  } catch (error) {
    if (error instanceof SealBrokenError) dependencies.metrics.add('SealBroken', 'Count', 1, { provider: provider.id });
    throw error;
  }
}

async function makeReady(dependencies: TokenDependencies, { connection, provider }: Due): Promise<Ready> {
  const purposes: SealPurpose[] = provider.grant === 'authorization-code' ? ['access', 'refresh'] : ['access'];
  const [highWater, credentials, seal] = await allEnded([
    dependencies.store.highWater(connection.name),
    dependencies.credentials.get(connection.secret),
    dependencies.sealer.prepare(purposes),
  ]);
  return { highWater, credentials, seal };
}

/** How many dead attempts are kept: the last ones, so that a crash loop does not fill the item. */
const KEPT_ATTEMPTS = 4;

async function takeLease(
  { store, clock, random, owner }: TokenDependencies,
  { connection, provider, reason }: Due,
  { highWater }: Ready,
): Promise<Leased | undefined> {
  const now = clock.now();
  const attempt = attemptId(random);
  const until = new Date(now.getTime() + LEASE_MS);
  const spends = reason === 'recover' ? 'nothing' : (connection.fingerprint ?? 'nothing');
  const rivals = connection.attempts.filter(({ kind, fingerprint }) => kind === 'refresh' && fingerprint === spends);
  const leased = await store.lease({
    name: connection.name,
    owner,
    attempt,
    kind: 'refresh',
    spends,
    stored: connection.fingerprint ?? null,
    until,
    now,
    healths: reason === 'recover' ? RECOVERABLE : REFRESHABLE,
    whenDue: true,
    forgets: rivals.slice(0, -KEPT_ATTEMPTS).map(({ id }) => id),
  });
  if (leased === undefined) return undefined;
  const generation = Math.max(leased.generation, highWater) + 1;
  return { connection: leased, provider, reason, attempt, until, spends, generation };
}
