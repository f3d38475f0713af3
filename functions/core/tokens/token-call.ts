import { egressPolicy } from '../api.ts';
import type { SecretReference } from '../connections/connection.ts';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  ServiceError,
} from '../errors.ts';
import type { HttpResponse, SendHttp } from '../http.ts';
import type { ClientCredentials, Provider, ProviderContext, TokenGrant, TokenReply } from '../provider.ts';
import type { Clock, Deadline } from '../time.ts';
import { checkReply } from './check-reply.ts';
import type { CredentialsSource } from './credentials.ts';
import { salvageReply } from './salvage-reply.ts';

/** A token reply is small; more than this is not one. */
const LARGEST_REPLY_BYTES = 64 * 1024;

/**
 * How a token call ended, by what became of the token.
 *
 * `unavailable` and `refused`: the provider did not take it. `ambiguous`: nobody knows.
 */
export type TokenCallResult =
  | { readonly kind: 'granted'; readonly reply: TokenReply; readonly sentAt: Date }
  | {
      readonly kind: 'grant-rejected' | 'client-rejected' | 'unavailable' | 'refused' | 'ambiguous';
      readonly error: ServiceError;
    }
  | { readonly kind: 'rate-limited'; readonly error: ServiceError; readonly retryAfterMs: number | undefined };

export interface TokenCallDependencies {
  readonly send: SendHttp;
  readonly credentials: CredentialsSource;
  readonly clock: Clock;
}

export interface TokenCall {
  readonly provider: Provider;
  readonly context: ProviderContext;
  readonly grant: TokenGrant;
  readonly secret: SecretReference;
  /** Got before the lease, so that a secret that is missing costs no attempt. */
  readonly credentials: ClientCredentials;
  readonly deadline: Deadline;
  /** The whole exchange. */
  readonly timeoutMs: number;
  /** Whether the account's budget has a second call, where token calls are counted. The first was drawn for. */
  readonly drawAgain?: () => Promise<boolean>;
  /** What has to be left when a call begins, its time-out included. */
  readonly budgetMs: number;
}

/**
 * Asks a token endpoint once.
 *
 * `invalid_client` is about us: the token was not looked at. So the secret is read again, or its previous version
 * while a rotation is under way, and the call is made once more with it, never a third time (S88).
 */
export async function callTokenEndpoint(
  dependencies: TokenCallDependencies,
  call: TokenCall,
): Promise<TokenCallResult> {
  const first = await post(dependencies, call, call.credentials);
  if (first.kind !== 'client-rejected') return first;
  const other = await otherCredentials(dependencies.credentials, call);
  if (other === undefined || call.deadline.remainingMs() < call.budgetMs) return first;
  if (call.drawAgain !== undefined && !(await call.drawAgain())) return first;
  return post(dependencies, call, other);
}

async function otherCredentials(source: CredentialsSource, call: TokenCall): Promise<ClientCredentials | undefined> {
  const isOther = (found: ClientCredentials) =>
    found.clientId !== call.credentials.clientId || found.clientSecret !== call.credentials.clientSecret;
  for (const options of [{ fresh: true }, { previous: true }]) {
    try {
      const found = await source.get(call.secret, options);
      if (isOther(found)) return found;
    } catch (error) {
      // No previous version, or no answer: the refusal that we have is the better word.
      if (!isServiceError(error)) throw error;
    }
  }
  return undefined;
}

async function post(
  { send, clock }: TokenCallDependencies,
  call: TokenCall,
  credentials: ClientCredentials,
): Promise<TokenCallResult> {
  const { provider, context, grant } = call;
  const request = provider.token.request(grant, context.settings, credentials);
  const endpoint = request.url.href;
  const allowed = egressPolicy(provider, context);
  // Anchored before the request: the token is never believed to live longer than it does.
  const sentAt = clock.now();
  let response: HttpResponse | undefined;
  try {
    response = await send(
      { ...request, timeoutMs: call.timeoutMs, maxBytes: LARGEST_REPLY_BYTES },
      (url) => url.href === endpoint && allowed(url),
    );
    const reply = checkReply(provider.token.reply(response, context.settings), provider, context);
    return { kind: 'granted', reply, sentAt };
  } catch (error) {
    const result = isServiceError(error) ? judgeFailure(error, response) : undefined;
    // A person who consents can do so again; nobody can refresh with a token that was spent.
    const isSpent = grant.type === 'refresh-token' && (result === undefined || result.kind === 'ambiguous');
    const saved = isSpent && isSuccess(response) ? salvageReply(response) : undefined;
    if (saved !== undefined) return { kind: 'granted', reply: saved, sentAt };
    if (result === undefined) throw error;
    return result;
  }
}

/** What a failure says about the token, one reason per line. */
function judgeFailure(error: ServiceError, response: HttpResponse | undefined): TokenCallResult {
  if (error instanceof GrantRejectedError) return { kind: 'grant-rejected', error };
  if (error instanceof ClientRejectedError) return { kind: 'client-rejected', error };
  if (error instanceof ProviderRateLimitedError) {
    return { kind: 'rate-limited', error, retryAfterMs: error.retryAfterMs };
  }
  // A success that cannot be read: the token is spent and its successor is in a reply that we do not understand.
  if (isSuccess(response)) return { kind: 'ambiguous', error };
  if (error instanceof ProviderUnavailableError) {
    // An answer of 5xx is an answer. Silence after bytes were sent is not.
    return { kind: response !== undefined || !error.sent ? 'unavailable' : 'ambiguous', error };
  }
  if (error instanceof ProviderResponseInvalidError && response === undefined) return { kind: 'ambiguous', error };
  return { kind: 'refused', error };
}

function isSuccess(response: HttpResponse | undefined): response is HttpResponse {
  return response !== undefined && response.status >= 200 && response.status < 300;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof ServiceError;
}
