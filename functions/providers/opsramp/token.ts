import * as v from 'valibot';
import {
  ClientRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  type ServiceError,
  UsageError,
} from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import type { TokenProfile, TokenReply } from '../../core/provider.ts';
import { hasErrorCode } from './error-body.ts';
import { waitMs } from './rate-limit.ts';
import { tokenUrl } from './settings.ts';

/** `expires_in` is a number in the documentation and a string in the vendor's own OpenAPI document. */
const seconds = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.trim(), v.regex(/^-?\d{1,9}(?:\.\d+)?$/u), v.transform(Number))]),
  v.finite(),
);

const tokenSchema = v.object({
  access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{8,4096}$/u)),
  token_type: v.optional(v.pipe(v.string(), v.toLowerCase(), v.literal('bearer'))),
  expires_in: seconds,
  scope: v.optional(v.string()),
});

/** Codes that say that the key, the secret or our registration is wrong. Anything else with 400 passes by itself. */
const CLIENT_ERRORS = new Set([
  'invalid_client',
  'invalid_scope',
  'unauthorized',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/**
 * Client credentials. The credentials go in the body: HTTP Basic is not taken.
 *
 * Asked again before its end, the endpoint hands out the same token with less life, so a reply may live for seconds;
 * the life is always the reply's.
 */
export const token: TokenProfile = {
  tokenEndpoint: tokenUrl,

  request(grant, settings, { clientId, clientSecret }) {
    if (grant.type !== 'client-credentials') throw new UsageError(`OpsRamp has no ${grant.type} grant`);
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    return {
      method: 'POST',
      url: tokenUrl(settings),
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
      maxBytes: 65_536,
    };
  },

  reply(response) {
    if (response.status !== 200) throw tokenFailure(response);
    return tokenReply(response);
  },
};

function tokenReply(response: HttpResponse): TokenReply {
  const result = v.safeParse(tokenSchema, bodyJson(response));
  if (!result.success) {
    const field = v.getDotPath(result.issues[0]) ?? 'body';
    throw new ProviderResponseInvalidError(`OpsRamp's token reply is not what it documents: ${field}`);
  }
  const { access_token: accessToken, expires_in: expiresInSeconds, scope } = result.output;
  if (expiresInSeconds <= 0) {
    throw new ProviderUnavailableError('OpsRamp handed out an access token that has just ended', { sent: true });
  }
  const scopes = scope?.split(/[\s,]/u).filter(Boolean);
  return { accessToken, expiresInSeconds, ...(scopes === undefined ? {} : { scopes }) };
}

function tokenFailure(response: HttpResponse): ServiceError {
  const { status } = response;
  if (status === 401 || status === 403) return clientRejected(status);
  if (status === 400 && hasErrorCode(response, CLIENT_ERRORS)) return clientRejected(status);
  if (status === 429) return new ProviderRateLimitedError('OpsRamp answers 429 to a token request', waitMs(response));
  // A bare 400, and 407 for credentials that are right, are known to come under load and to go again.
  if (status === 400 || status === 407 || status === 408 || status >= 500) {
    return new ProviderUnavailableError(`OpsRamp's token endpoint answered ${status}`, { sent: true });
  }
  if (status === 410) {
    return new ClientRejectedError('OpsRamp has no such active tenant (410): it was deactivated, or the host is wrong');
  }
  return new ProviderResponseInvalidError(`OpsRamp's token endpoint answered ${status}: are host and tokenPath right?`);
}

function clientRejected(status: number): ServiceError {
  return new ClientRejectedError(`OpsRamp refuses the API key or secret (${status}): steward credentials set`);
}
