import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider as OidcServer } from 'oidc-provider';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../functions/core/errors.ts';
import { bodyJson, type HttpResponse } from '../../functions/core/http.ts';
import type { Provider, TokenGrant, TokenReply } from '../../functions/core/provider.ts';
import { DAY_MS, SECOND_MS } from '../../functions/core/time.ts';

export const CLIENT = { clientId: 'steward', clientSecret: 'canary-client-secret-of-the-oidc-server' };
export const ACCESS_LIFE_SECONDS = 3600;
const REFRESH_LIFE_MS = 21 * DAY_MS;

/** An authorization server that we did not write: rotation, reuse detection, PKCE and `iss` as its authors have them. */
export interface RunningOidcServer {
  readonly issuer: string;
  /** Grants that it revoked, for a reuse or because it was asked to. */
  readonly revoked: readonly string[];
  /** Error codes that it answered token requests with. */
  readonly refusals: readonly string[];
  /** Token sets that it gave out, by grant type. */
  readonly granted: readonly string[];
  revoke(refreshToken: string): Promise<number>;
  /** Status of its userinfo endpoint: what an API would say to the access token. */
  use(accessToken: string): Promise<number>;
  stop(): Promise<void>;
}

/** @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#rotaterefreshtoken */
export async function startOidcServer(redirectUri: string): Promise<RunningOidcServer> {
  const server = createServer((request, response) => {
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const oidc = new OidcServer(issuer, {
    clients: [
      {
        client_id: CLIENT.clientId,
        client_secret: CLIENT.clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: () => true,
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    cookies: { keys: ['a key for the cookies of one test run'] },
    ttl: {
      AccessToken: ACCESS_LIFE_SECONDS,
      RefreshToken: REFRESH_LIFE_MS / SECOND_MS,
      Grant: (60 * DAY_MS) / SECOND_MS,
      Session: DAY_MS / SECOND_MS,
      Interaction: 600,
      IdToken: 600,
    },
  });
  const listener = oidc.callback();
  const [revoked, refusals, granted]: [string[], string[], string[]] = [[], [], []];
  oidc.on('grant.revoked', (_context, grantId) => void revoked.push(grantId));
  oidc.on('grant.error', (_context, error) => void refusals.push(error.error));
  oidc.on('grant.success', ({ oidc: { params } }) => void granted.push(String(params?.['grant_type'])));
  return {
    issuer,
    revoked,
    refusals,
    granted,
    async revoke(token) {
      const form = { token, client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret };
      const body = new URLSearchParams({ ...form, token_type_hint: 'refresh_token' });
      return (await fetch(`${issuer}/token/revocation`, { method: 'POST', body })).status;
    },
    async use(accessToken) {
      return (await fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${accessToken}` } })).status;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Any OAuth server by its book, as the folder of a provider would have it: RFC 6749, 7636 and 9207, and no more. */
export function bookProvider(): Provider {
  const at = (path: string, { endpoint }: { readonly endpoint?: string }) => new URL(path, endpoint);
  return {
    id: 'book',
    title: 'By the book',
    grant: 'authorization-code',
    parseSettings: (input) => input as never,
    allows: () => false,
    apiBase: ({ settings }) => at('/', settings),
    budgetAccount: () => 'book',
    budgets: { default: { perMinute: 600 } },
    authorization: {
      // Without `prompt=consent` an OpenID server gives no `offline_access`.
      authorizationEndpoint: (settings) => at('/auth?prompt=consent', settings),
      scopes: () => ['openid', 'offline_access'],
      pkce: () => true,
      issuer: ({ endpoint }) => endpoint,
    },
    token: {
      tokenEndpoint: (settings) => at('/token', settings),
      request: (grant, settings, credentials) => ({
        method: 'POST',
        url: at('/token', settings),
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          ...parameters(grant),
          client_id: credentials.clientId,
          client_secret: credentials.clientSecret,
        }).toString(),
      }),
      reply: judge,
      assumedRefreshTokenLifetimeMs: () => REFRESH_LIFE_MS,
    },
    judge: () => undefined,
    sources: {},
    alertSources: {},
  };
}

function parameters(grant: TokenGrant): Record<string, string> {
  if (grant.type === 'client-credentials') return { grant_type: 'client_credentials' };
  if (grant.type === 'refresh-token') return { grant_type: 'refresh_token', refresh_token: grant.refreshToken };
  const { code, redirectUri, codeVerifier } = grant;
  const proof: Record<string, string> = codeVerifier === undefined ? {} : { code_verifier: codeVerifier };
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...proof };
}

function judge(response: HttpResponse): TokenReply {
  const body = (bodyJson(response) ?? {}) as Readonly<Record<string, unknown>>;
  if (response.status >= 500) throw new ProviderUnavailableError(`answered ${response.status}`, { sent: true });
  if (body['error'] === 'invalid_grant') throw new GrantRejectedError('invalid_grant');
  if (body['error'] === 'invalid_client') throw new ClientRejectedError('invalid_client');
  const { access_token: accessToken, expires_in: life, refresh_token: refreshToken, scope } = body;
  if (response.status !== 200 || typeof accessToken !== 'string') {
    throw new ProviderResponseInvalidError('no token response');
  }
  return {
    accessToken,
    expiresInSeconds: Number(life),
    ...(typeof refreshToken === 'string' ? { refreshToken } : {}),
    ...(typeof scope === 'string' ? { scopes: scope.split(' ') } : {}),
  };
}
