import type { Connection } from '../connections/connection.ts';
import { authorizationFingerprint } from '../connections/fingerprint.ts';
import type { TokenCommit } from '../connections/store.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { Provider, TokenReply } from '../provider.ts';
import type { SealInHand } from '../sealing/sealer.ts';
import { type Deadline, SECOND_MS } from '../time.ts';
import { buildCommit } from '../tokens/build-commit.ts';
import { attemptId } from '../tokens/dependencies.ts';
import { storeTokens } from '../tokens/store-tokens.ts';
import { COMMIT_BUDGET_MS, LEASE_MS } from '../tokens/timing.ts';
import type { TokenCallResult } from '../tokens/token-call.ts';
import { authorizationEvents } from './authorization-events.ts';
import type { AuthorizationDependencies } from './dependencies.ts';
import { keptRefresh, resolvedByConsent } from './kept-refresh.ts';
import type { PageName } from './pages.ts';
import type { PendingAuthorization } from './store.ts';
import type { WebResponse } from './web.ts';

/** Where an authorization ends; `reason` where it failed. */
export interface Completion {
  readonly page: PageName;
  readonly status: WebResponse['status'];
  readonly reason?: string;
  /** The connection's, where it was read on the way. */
  readonly shard?: string;
}

/** The code's one exchange. A browser waits, and API Gateway waits 30 s at most. */
const EXCHANGE_MS = 12 * SECOND_MS;

/** A refresh under way is over in a second; a dead one's lease is not waited for. */
const LEASE_WAITS_MS = [200, 400, 800, 1600, 2000];

/** A refresh may be committed between our read and our write; then the consent is sealed anew for the next generation. */
const COMMIT_ROUNDS = 4;

interface Authorizing {
  readonly pending: PendingAuthorization;
  readonly provider: Provider;
  /** As it was before the lease. */
  readonly before: Connection;
  /** As the lease's own write left it. */
  readonly held: Connection;
  readonly attempt: string;
  readonly until: Date;
  readonly seal: SealInHand;
  /** Read before the exchange: after it, nothing that can hang comes before the commit. */
  readonly highWater: number;
  readonly deadline: Deadline;
}

/**
 * From a code that is certainly ours to a stored token set: lease with an intent, one exchange, commit.
 *
 * The lease keeps refreshes away meanwhile; the commit replaces whatever token is stored then, because a person has
 * just given a newer grant.
 */
export async function completeAuthorization(
  dependencies: AuthorizationDependencies,
  pending: PendingAuthorization,
  code: string,
  deadline: Deadline,
): Promise<Completion> {
  const { store, providers, credentials, sealer, exchange } = dependencies;
  const provider = providers[pending.provider];
  const connection = await store.find(pending.connection);
  if (provider === undefined || connection === undefined || connection.health === 'disconnected') {
    return { page: 'invalid', status: 400, reason: 'disconnected' };
  }
  const client = await credentials.get(connection.secret);
  const codeVerifier = await openVerifier(dependencies, pending);
  const seal = await sealer.prepare(['access', 'refresh']);
  const highWater = await store.highWater(pending.connection);
  const leased = await takeLease(dependencies, pending, deadline);
  if (leased === undefined) return { page: 'busy', status: 303, reason: 'busy' };
  const authorizing = { pending, provider, seal, highWater, deadline, ...leased };
  if (deadline.remainingMs() < EXCHANGE_MS + COMMIT_BUDGET_MS) {
    await giveUp(dependencies, authorizing);
    return { page: 'provider-silent', status: 504, reason: 'deadline' };
  }
  const startedAt = dependencies.clock.now().getTime();
  const result = await exchange({
    provider,
    context: { connection: connection.name, settings: connection.settings },
    secret: connection.secret,
    credentials: client,
    code,
    redirectUri: pending.redirectUri,
    ...(codeVerifier === undefined ? {} : { codeVerifier }),
    deadline,
    timeoutMs: EXCHANGE_MS,
  });
  if (result.kind === 'granted') return storeGrant(dependencies, authorizing, result);
  await giveUp(dependencies, authorizing);
  return failedExchange(result, dependencies.clock.now().getTime() - startedAt);
}

async function openVerifier(
  { sealer }: AuthorizationDependencies,
  { sealedVerifier, provider, connection }: PendingAuthorization,
): Promise<string | undefined> {
  if (sealedVerifier === undefined) return undefined;
  return sealer.open(sealedVerifier, { provider, connection, purpose: 'verifier', generation: 0 });
}

async function takeLease(
  { store, clock, random, owner, wait }: AuthorizationDependencies,
  pending: PendingAuthorization,
  deadline: Deadline,
): Promise<Pick<Authorizing, 'before' | 'held' | 'attempt' | 'until'> | undefined> {
  const attempt = attemptId(random);
  for (const pause of [...LEASE_WAITS_MS, undefined]) {
    const before = await store.find(pending.connection);
    if (before === undefined) return undefined;
    const now = clock.now();
    const until = new Date(now.getTime() + LEASE_MS);
    const held = await store.lease({
      name: pending.connection,
      owner,
      attempt,
      kind: 'authorization',
      spends: authorizationFingerprint(pending.stateHash),
      until,
      now,
      healths: ['pending', 'connected', 'suspect', 'reauthorization-required', 'access-denied'],
      // If we die, the refresher comes by and looks for what we may have left in the rescue bucket.
      dueAt: until,
    });
    if (held !== undefined) return { before, held, attempt, until };
    if (pause === undefined || deadline.remainingMs() < pause + EXCHANGE_MS + COMMIT_BUDGET_MS) return undefined;
    await wait(pause);
  }
  return undefined;
}

/**
 * The lease back, and the schedule as it was: what was refused says nothing about the grant that stands. Where another one
 * was stored between our read and our lease its schedule is not known, and the refresher is to look at once.
 */
async function giveUp(
  { store, clock }: AuthorizationDependencies,
  { before, held, attempt }: Authorizing,
): Promise<void> {
  const now = clock.now();
  const nextRefreshAt = held.generation === before.generation ? (before.nextRefreshAt ?? null) : now;
  await store.change(before.name, { attempt }, { releasesLease: true, resolves: [attempt], nextRefreshAt }, [], now);
}

/** Why a grant is not stored although it was given. Nothing is lost by it: the person consents again. */
function refusalOf({ before, pending }: Authorizing, { account, refused = [] }: TokenReply): Completion | undefined {
  const stored = before.providerAccount;
  const isOther = stored !== undefined && account !== undefined && account !== stored && !pending.replaceAccount;
  if (isOther || refused.includes('account')) return { page: 'other-account', status: 303, reason: 'other-account' };
  if (refused.includes('api-endpoint')) return { page: 'provider-failed', status: 502, reason: 'api-endpoint' };
  return undefined;
}

type Granted = Extract<TokenCallResult, { kind: 'granted' }>;

async function storeGrant(
  dependencies: AuthorizationDependencies,
  authorizing: Authorizing,
  granted: Granted,
): Promise<Completion> {
  const { store } = dependencies;
  const { pending, before, deadline } = authorizing;
  const refusal = refusalOf(authorizing, granted.reply);
  if (refusal !== undefined) {
    await giveUp(dependencies, authorizing);
    return refusal;
  }
  let connection: Connection | undefined = authorizing.held;
  let { highWater } = authorizing;
  for (let round = 0; round < COMMIT_ROUNDS; round += 1) {
    if (connection?.attempts.some(({ id }) => id === authorizing.attempt) !== true) break;
    const commit = toCommit(dependencies, authorizing, connection, highWater, granted);
    const rows = authorizationEvents(dependencies, pending, connection, commit);
    const outcome = await storeTokens(dependencies, commit, rows, deadline);
    if (outcome.kind === 'committed') {
      dependencies.metrics.add('Authorized', 'Count', 1, { provider: pending.provider });
      return { page: 'connected', status: 303, shard: before.shard };
    }
    if (outcome.kind === 'spilled') return { page: 'received', status: 303, shard: before.shard };
    connection = await known(() => store.find(before.name), authorizing.held);
    highWater = await known(() => store.highWater(before.name), highWater);
  }
  return { page: 'invalid', status: 400, reason: 'disconnected' };
}

/**
 * What the table says, or what it said last where it does not answer: tokens were bought and must not get lost for want
 * of a read. The commit is conditional, and what cannot be committed is spilled.
 */
async function known<T>(read: () => Promise<T>, last: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StoreUnavailableError) return last;
    throw error;
  }
}

function toCommit(
  { clock }: AuthorizationDependencies,
  { pending, provider, attempt, until, seal }: Authorizing,
  connection: Connection,
  highWater: number,
  { reply, sentAt }: Granted,
): TokenCommit {
  const kept = keptRefresh(connection, reply, highWater);
  return buildCommit({
    connection,
    provider,
    reply: { ...reply, scopes: reply.scopes ?? pending.scopes },
    sentAt,
    seal,
    generation: Math.max(connection.generation, highWater) + 1,
    attempt,
    spent: authorizationFingerprint(pending.stateHash),
    resolves: resolvedByConsent(connection, kept),
    releasesLease: clock.now() < until,
    rejections: 0,
    ...(kept === undefined ? {} : { kept }),
    authorization: {
      stateHash: pending.stateHash,
      ticketHash: pending.ticketHash,
      ...(pending.authorizedBy === undefined ? {} : { authorizedBy: pending.authorizedBy }),
      authorizedAt: clock.now(),
      replacesGeneration: connection.generation,
    },
  });
}

/** What the person is shown when the exchange brought nothing. */
function failedExchange(result: Exclude<TokenCallResult, { kind: 'granted' }>, tookMs: number): Completion {
  if (result.kind === 'grant-rejected') return { page: 'invalid', status: 400, reason: 'code-refused' };
  const isSilence = result.kind === 'ambiguous' && tookMs >= EXCHANGE_MS * 0.9;
  return isSilence
    ? { page: 'provider-silent', status: 504, reason: 'time-out' }
    : { page: 'provider-failed', status: 502, reason: result.error.code };
}
