import * as v from 'valibot';
import {
  ClientRejectedError,
  ConfigInvalidError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import type { ProviderSettings, TokenProfile, TokenReply } from '../../core/provider.ts';
import { maintenance, vendorMessage, waitOf } from './judge.ts';
import { apiBase } from './settings.ts';

/** A token answer is some 3 KB: a JWT and a JWE that we do not use. */
const MAX_TOKEN_BYTES = 65_536;

/** `POST /oauth2/token`. The refresh token in it is never used: client credentials are presented again. */
const tokenSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1), v.maxLength(16_384), v.regex(/^[\x21-\x7e]+$/)),
  expires_in: v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]),
    v.integer(),
    v.minValue(1),
    v.maxValue(86_400),
  ),
  token_type: v.optional(v.pipe(v.string(), v.toLowerCase(), v.literal('bearer'))),
});

const tokenEndpoint = (settings: ProviderSettings) => new URL('oauth2/token', apiBase(settings));

/**
 * Client credentials, presented again for each access token. The answer's refresh token is left alone, as in the
 * vendor's own clients.
 *
 * @see https://www.action1.com/api-documentation/authentication/
 */
export const token: TokenProfile = {
  tokenEndpoint,
  request: (grant, settings, { clientId, clientSecret }) => {
    if (grant.type !== 'client-credentials') {
      throw new ConfigInvalidError('Action1 knows client credentials only: there is nobody to send to a consent page');
    }
    return {
      method: 'POST',
      url: tokenEndpoint(settings),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: clientId, client_secret: clientSecret }),
      maxBytes: MAX_TOKEN_BYTES,
    };
  },
  reply: (response) => readReply(response),
};

function readReply(response: HttpResponse): TokenReply {
  const { status } = response;
  if (status === 429) {
    throw new ProviderRateLimitedError('Action1 answered 429 to a token call', waitOf(response));
  }
  if (status >= 500 || status === 408) {
    throw new ProviderUnavailableError(`Action1 answered ${status} to a token call`, { sent: true });
  }
  if (status === 400 || status === 401 || status === 403) {
    throw new ClientRejectedError(
      `Action1 refused the client credentials (${status}${vendorMessage(response)}). Check the client id, the secret and the region: an account answers in its own region only`,
    );
  }
  const page = maintenance(response);
  if (page !== undefined) throw page;
  const parsed = status === 200 ? v.safeParse(tokenSchema, bodyJson(response)) : undefined;
  if (parsed === undefined || !parsed.success) {
    throw new ProviderResponseInvalidError(`Action1 answered a token call with ${status} and no usable token`);
  }
  return { accessToken: parsed.output.access_token, expiresInSeconds: parsed.output.expires_in };
}
