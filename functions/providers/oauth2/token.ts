import * as v from 'valibot';
import { hasDuplicateMembers } from '../../core/authorization/json-members.ts';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
  UsageError,
} from '../../core/errors.ts';
import { bodyJson, bodyText, type HttpRequest, type HttpResponse } from '../../core/http.ts';
import type { ClientCredentials, ProviderSettings, TokenGrant, TokenProfile, TokenReply } from '../../core/provider.ts';
import { retryAfterMs } from '../../core/retry-after.ts';
import { DAY_MS } from '../../core/time.ts';
import { addressOf, type Grant, readCodeSettings, readSettings } from './settings.ts';

/** `expires_in` is a number by the specification and a text in the wild. */
const seconds = v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,9}$/u), v.transform(Number))]);

const replySchema = v.object({
  access_token: v.string(),
  token_type: v.pipe(v.string(), v.toLowerCase(), v.literal('bearer')),
  expires_in: v.nullish(seconds),
  refresh_token: v.nullish(v.string()),
  scope: v.nullish(v.string()),
});

const errorSchema = v.object({ error: v.string() });

/** Token calls by RFC 6749, for one grant. */
export function createToken(grant: Grant): TokenProfile {
  return {
    tokenEndpoint: (settings) => addressOf(readSettings(settings).tokenUrl, settings),
    request: (asked, settings, credentials) => request(grant, asked, settings, credentials),
    reply,
    assumedRefreshTokenLifetimeMs(settings) {
      const days = grant === 'authorization-code' ? readCodeSettings(settings).assumedRefreshTokenDays : undefined;
      return days === undefined ? undefined : days * DAY_MS;
    },
  };
}

function request(
  grant: Grant,
  asked: TokenGrant,
  settings: ProviderSettings,
  credentials: ClientCredentials,
): HttpRequest {
  if ((asked.type === 'client-credentials') !== (grant === 'client-credentials')) {
    throw new UsageError(`This connection is for the ${grant} grant and not for ${asked.type}`);
  }
  const { tokenUrl, tokenParameters, clientAuthentication, scopes } = readSettings(settings);
  const form = new URLSearchParams({ ...tokenParameters, ...grantParameters(asked) });
  if (asked.type === 'client-credentials' && scopes.length > 0) form.set('scope', scopes.join(' '));
  if (clientAuthentication === 'post') {
    form.set('client_id', credentials.clientId);
    form.set('client_secret', credentials.clientSecret);
  }
  return {
    method: 'POST',
    url: addressOf(tokenUrl, settings),
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      ...(clientAuthentication === 'basic' ? { authorization: basic(credentials) } : {}),
    },
    body: form.toString(),
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3 and section-6 */
function grantParameters(grant: TokenGrant): Record<string, string> {
  if (grant.type === 'client-credentials') return { grant_type: 'client_credentials' };
  if (grant.type === 'refresh-token') return { grant_type: 'refresh_token', refresh_token: grant.refreshToken };
  const { code, redirectUri, codeVerifier } = grant;
  const proof = codeVerifier === undefined ? {} : { code_verifier: codeVerifier };
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...proof };
}

/** Both halves are form-encoded first. @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function basic({ clientId, clientSecret }: ClientCredentials): string {
  const encoded = (part: string) => new URLSearchParams({ '': part }).toString().slice(1);
  return `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')}`;
}

function reply(response: HttpResponse, settings: ProviderSettings): TokenReply {
  const body = bodyJson(response);
  const failure = failureOf(response, body);
  if (failure !== undefined) throw failure;
  const parsed = v.safeParse(replySchema, body);
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0]) ?? 'body';
    throw new ProviderResponseInvalidError(`The token endpoint's reply is none of RFC 6749: ${field}`);
  }
  if (hasDuplicateMembers(bodyText(response))) {
    throw new ProviderResponseInvalidError("The token endpoint's reply names a member twice");
  }
  const { access_token: accessToken, expires_in: life, refresh_token: refreshToken, scope } = parsed.output;
  return {
    accessToken,
    expiresInSeconds: life ?? readSettings(settings).assumedAccessTokenSeconds,
    ...(refreshToken ? { refreshToken } : {}),
    ...(scope ? { scopes: scope.split(/[\s,]/u).filter((one) => one !== '') } : {}),
  };
}

/** Passing trouble first: a 429 or 5xx says nothing about the grant, whatever its body claims. */
function failureOf(response: HttpResponse, body: unknown): ServiceError | undefined {
  const { status, headers } = response;
  if (status === 429) return new ProviderRateLimitedError('The token endpoint answered 429', retryAfterMs(headers));
  if (status >= 500 || status === 408) {
    return new ProviderUnavailableError(`The token endpoint answered ${status}`, { sent: true });
  }
  const error = v.safeParse(errorSchema, body);
  if (error.success) return fromCode(error.output.error);
  if (status === 401) return new ClientRejectedError('The token endpoint refused our client credentials (401)');
  if (status === 200 || status === 201) return undefined;
  return new ProviderResponseInvalidError(`The token endpoint answered ${status}: is tokenUrl right?`);
}

/** Codes that may be repeated in a message; anything else could be any text at all. */
const KNOWN_CODES: ReadonlySet<string> = new Set(['invalid_request', 'invalid_scope', 'unsupported_grant_type']);

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function fromCode(code: string): ServiceError {
  switch (code) {
    case 'invalid_grant':
      return new GrantRejectedError('The token endpoint refused the grant (invalid_grant)');
    case 'invalid_client':
    case 'unauthorized_client':
      return new ClientRejectedError(
        `The token endpoint refused our client credentials (${code}): are they right, and is clientAuthentication?`,
      );
    case 'temporarily_unavailable':
    case 'server_error':
      return new ProviderUnavailableError(`The token endpoint answered ${code}`, { sent: true });
    default:
      return new ProviderResponseInvalidError(
        `The token endpoint answered ${KNOWN_CODES.has(code) ? code : 'an unknown error'}`,
      );
  }
}
