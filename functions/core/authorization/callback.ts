import { ServiceError } from '../errors.ts';
import type { Deadline } from '../time.ts';
import { STORE_CALL_MS } from '../tokens/timing.ts';
import { type CallbackQuery, readCallbackQuery } from './callback-query.ts';
import { type Completion, completeAuthorization } from './complete.ts';
import type { AuthorizationDependencies } from './dependencies.ts';
import { type Outcome, OUTCOMES, page, redirect } from './pages.ts';
import { isSameHash, secretHash } from './secrets.ts';
import type { PendingAuthorization } from './store.ts';
import type { WebRequest, WebResponse } from './web.ts';

/**
 * `ANY /callback/<name>`: the checks of DESIGN 5.1, in their order, before anything happens.
 *
 * Unknown, expired, burnt, another provider's, another browser's: one answer, the same bytes, so that nobody learns
 * which it was (S69).
 */
export async function answerCallback(
  dependencies: AuthorizationDependencies,
  request: WebRequest,
  name: string,
  deadline: Deadline,
): Promise<WebResponse> {
  const { authorizations, clock, cookies, redirectUri } = dependencies;
  if (request.method !== 'GET') return page('method', 405);
  const query = request.isPrefetch ? undefined : readCallbackQuery(request.rawQuery);
  if (query === undefined) return page('invalid', 400);
  const pending = await authorizations.find(secretHash(query.state));
  if (pending === undefined || pending.expiresAt <= clock.now() || pending.redirectUri !== redirectUri(name)) {
    return page('invalid', 400);
  }
  const browser = cookies.read(request.cookies, pending.stateHash);
  if (browser === undefined || !isSameHash(secretHash(browser), pending.browserHash)) {
    if (pending.burntAt === undefined) await authorizations.countMismatch(pending.stateHash, clock.now());
    return page('invalid', 400);
  }
  if (pending.burntAt !== undefined) return shownAgain(pending);
  if (!(await authorizations.burn(pending, clock.now()))) return page('invalid', 400);
  const cleared = [cookies.clear(pending.stateHash)];
  const completion = await complete(dependencies, pending, query, deadline);
  if (isOutcome(completion.page)) return redirect(`/outcome/${completion.page}`, cleared);
  return page(completion.page, completion.status, cleared);
}

/** A reload of the same browser after a success is shown the success; after a failure there is nothing to show (S05, S06). */
function shownAgain({ outcome }: PendingAuthorization): WebResponse {
  return outcome === 'connected' || outcome === 'received' ? redirect(`/outcome/${outcome}`) : page('invalid', 400);
}

function isOutcome(name: string): name is Outcome {
  return (OUTCOMES as readonly string[]).includes(name);
}

async function complete(
  dependencies: AuthorizationDependencies,
  pending: PendingAuthorization,
  query: CallbackQuery,
  deadline: Deadline,
): Promise<Completion> {
  let completion: Completion;
  try {
    completion = await judgeResponse(dependencies, pending, query, deadline);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    completion = { page: 'provider-failed', status: 502, reason: error.code };
  }
  logged(dependencies, pending, completion);
  await noted(dependencies, deadline, pending, () => recorded(dependencies, pending, completion));
  await noted(dependencies, deadline, pending, async () => {
    const shard = completion.shard ?? (await dependencies.store.find(pending.connection))?.shard;
    if (shard !== undefined) await dependencies.announce(shard);
  });
  return completion;
}

/** What is noted after the end changes nothing of it: no failure here, and no want of time, may cost the person its page. */
async function noted(
  { log }: AuthorizationDependencies,
  deadline: Deadline,
  { connection, provider }: PendingAuthorization,
  note: () => Promise<void>,
): Promise<void> {
  if (deadline.remainingMs() < STORE_CALL_MS) return;
  try {
    await note();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.warn('authorization.unnoted', { connection, provider, code: error.code });
  }
}

function logged({ log, metrics }: AuthorizationDependencies, pending: PendingAuthorization, end: Completion): void {
  const { connection, provider } = pending;
  if (end.reason === undefined) {
    log.info('authorization.completed', { connection, provider, outcome: end.page });
  } else {
    log.warn('authorization.failed', { connection, provider, reason: end.reason });
    metrics.add('AuthorizationFailed', 'Count', 1, { provider });
  }
}

/** How it ended, for a reload. The transaction of a consent that was stored has said so already. */
async function recorded(
  { authorizations, clock, events }: AuthorizationDependencies,
  pending: PendingAuthorization,
  { page: outcome, reason }: Completion,
): Promise<void> {
  if (outcome === 'connected') return;
  const { connection, provider } = pending;
  const now = clock.now();
  const rows =
    reason === undefined
      ? []
      : [
          events({ name: connection, provider }, 'authorization-failed', now, {
            summary: `Connecting ${connection} did not succeed: ${reason}`,
            about: pending.stateHash,
            severity: 'low',
            data: { reason },
          }),
        ];
  await authorizations.finish(pending, outcome, rows, now);
}

/** `iss` first: an error of somebody else's server is not this person's refusal (S44). */
async function judgeResponse(
  dependencies: AuthorizationDependencies,
  pending: PendingAuthorization,
  query: CallbackQuery,
  deadline: Deadline,
): Promise<Completion> {
  if (query.iss !== pending.issuer) return { page: 'invalid', status: 400, reason: 'issuer' };
  if (query.error === 'access_denied') return { page: 'declined', status: 303, reason: 'declined' };
  if (query.error !== undefined) return { page: 'provider-failed', status: 502, reason: errorClass(query.error) };
  return completeAuthorization(dependencies, pending, query.code ?? '', deadline);
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1 */
const KNOWN_ERRORS = new Set([
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
]);

/** A class of ours: no text of the provider's is kept (S51, S52). */
function errorClass(error: string): string {
  return KNOWN_ERRORS.has(error) ? error : 'other';
}
