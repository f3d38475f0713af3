import * as v from 'valibot';
import { hasDuplicateMembers } from '../../core/authorization/json-members.ts';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
} from '../../core/errors.ts';
import { bodyJson, bodyText, type HttpRequest, type HttpResponse } from '../../core/http.ts';
import type {
  ClientCredentials,
  ProviderSettings,
  RefusedMember,
  TokenGrant,
  TokenProfile,
  TokenReply,
} from '../../core/provider.ts';
import { DAY_MS } from '../../core/time.ts';
import { checkedApiEndpoint, tokenEndpoint } from './hosts.ts';
import { retryAfterMs } from '../../core/retry-after.ts';
import { tokenErrorSchema, tokenReplySchema } from './schemas.ts';
import { readSettings } from './settings.ts';

/** A token response is about 2 KB. */
const MAX_REPLY_BYTES = 65_536;

/** Documented for every refresh token, and named in no response. */
const REFRESH_TOKEN_LIFETIME_MS = 21 * DAY_MS;

/**
 * Taken where a response leaves `expires_in` out: the shortest life that Actionstep ever documented. Refusing the response
 * would throw away a refresh token that has just taken the old one's place.
 */
const SHORTEST_DOCUMENTED_LIFE_SECONDS = 1800;

/** `client_secret_post`, form-encoded; `redirect_uri` goes with both grants, as documented. */
function request(grant: TokenGrant, settings: ProviderSettings, credentials: ClientCredentials): HttpRequest {
  const form = new URLSearchParams(grantParameters(grant));
  form.set('client_id', credentials.clientId);
  form.set('client_secret', credentials.clientSecret);
  return {
    method: 'POST',
    url: tokenEndpoint(settings),
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    maxBytes: MAX_REPLY_BYTES,
  };
}

function grantParameters(grant: TokenGrant): Record<string, string> {
  if (grant.type === 'client-credentials') {
    throw new ClientRejectedError(
      'Actionstep has no client credentials grant: somebody has to authorize the connection',
    );
  }
  const shared = { redirect_uri: grant.redirectUri };
  if (grant.type === 'refresh-token') {
    return { grant_type: 'refresh_token', refresh_token: grant.refreshToken, ...shared };
  }
  const { code, codeVerifier } = grant;
  const proof = codeVerifier === undefined ? undefined : { code_verifier: codeVerifier };
  return { grant_type: 'authorization_code', code, ...shared, ...proof };
}

/** Judges a token response. Actionstep may answer an error with status 200, and answers success with 200 alone. */
function reply(response: HttpResponse, settings: ProviderSettings): TokenReply {
  const body = response.body.byteLength <= MAX_REPLY_BYTES ? bodyJson(response) : undefined;
  const failure = failureOf(response, body);
  if (failure !== undefined) throw failure;
  const parsed = v.safeParse(tokenReplySchema, body);
  if (!parsed.success) {
    const field = v.getDotPath(parsed.issues[0]) ?? 'body';
    throw new ProviderResponseInvalidError(`Actionstep's token response cannot be used: ${field}`);
  }
  if (hasDuplicateMembers(bodyText(response))) {
    throw new ProviderResponseInvalidError("Actionstep's token response names a member twice");
  }
  return toReply(parsed.output, settings);
}

function toReply(body: v.InferOutput<typeof tokenReplySchema>, settings: ProviderSettings): TokenReply {
  const { orgkey: expected } = readSettings(settings);
  const isOtherSystem = expected !== undefined && body.orgkey !== expected;
  const named = body.api_endpoint ?? '';
  const apiEndpoint = checkedApiEndpoint(named, settings);
  const isElsewhere = named !== '' && apiEndpoint === undefined;
  const refused: RefusedMember[] = [];
  if (isElsewhere) refused.push('api-endpoint');
  if (isOtherSystem) refused.push('account');
  const scopes = body.scope?.split(' ').filter((scope) => scope !== '');
  return {
    accessToken: body.access_token,
    expiresInSeconds: body.expires_in ?? SHORTEST_DOCUMENTED_LIFE_SECONDS,
    ...(body.refresh_token ? { refreshToken: body.refresh_token } : {}),
    ...(scopes === undefined ? {} : { scopes }),
    ...(apiEndpoint === undefined ? {} : { apiEndpoint }),
    ...(body.orgkey && !isOtherSystem ? { account: body.orgkey } : {}),
    ...(refused.length === 0 ? {} : { refused }),
  };
}

/** Passing trouble first: a 429 or 5xx says nothing about the grant, whatever its body claims. */
function failureOf(response: HttpResponse, body: unknown): ServiceError | undefined {
  const { status } = response;
  if (status === 429) {
    return new ProviderRateLimitedError("Actionstep's token endpoint answered 429", retryAfterMs(response.headers));
  }
  if (status >= 500 || status === 408) {
    return new ProviderUnavailableError(`Actionstep's token endpoint answered ${status}`, { sent: true });
  }
  const error = v.safeParse(tokenErrorSchema, body);
  if (error.success) return fromCode(error.output.error);
  if (status === 401) return new ClientRejectedError('Actionstep refused our client credentials (401)');
  if (status !== 200) return new ProviderResponseInvalidError(`Actionstep's token endpoint answered ${status}`);
  return undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
function fromCode(code: string): ServiceError {
  switch (code) {
    case 'invalid_grant':
      return new GrantRejectedError('Actionstep refused the grant (invalid_grant)');
    case 'invalid_client':
    case 'unauthorized_client':
      return new ClientRejectedError(`Actionstep refused our client credentials (${code})`);
    case 'temporarily_unavailable':
    case 'server_error':
      return new ProviderUnavailableError(`Actionstep's token endpoint answered ${code}`, { sent: true });
    default:
      return new ProviderResponseInvalidError(
        `Actionstep's token endpoint answered ${KNOWN_CODES.has(code) ? code : 'an unknown error'}`,
      );
  }
}

/** Codes that may be repeated in a message; anything else could be any text at all. */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_scope',
  'redirect_uri_mismatch',
  'unsupported_grant_type',
]);

/** Token calls at Actionstep. */
export const token: TokenProfile = {
  tokenEndpoint,
  request,
  reply,
  assumedRefreshTokenLifetimeMs: () => REFRESH_TOKEN_LIFETIME_MS,
};
