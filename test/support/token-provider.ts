import { ProviderUnavailableError } from '../../functions/core/errors.ts';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
} from '../../functions/core/errors.ts';
import { bodyJson, type HttpRequest, type HttpResponse, type SendHttp } from '../../functions/core/http.ts';
import type { Provider, TokenReply } from '../../functions/core/provider.ts';
import { DAY_MS } from '../../functions/core/time.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What becomes of a refresh token once it was used. */
export type RotationMode = 'strict' | 'grace' | 'revokes';

/** What happens to one request on its way, or to its answer. */
export type Weather =
  | 'fine'
  | 'lost-request'
  | 'late-request'
  | 'lost-reply'
  | 'refused-connection'
  | 'truncated'
  | number;

/** A token endpoint that keeps book: a double of a provider with rotating refresh tokens or client credentials. */
export interface TokenEndpoint {
  send: SendHttp;
  mode: RotationMode;
  /** Taken by the next requests in turn, then `fine`. */
  readonly weather: Weather[];
  /** Answers with this status while it is set. */
  outage: Weather | undefined;
  readonly clientSecrets: Set<string>;
  expiresIn: number;
  retryAfter: string | undefined;
  /** Sends no new refresh token, or the same. */
  rotation: 'new' | 'same' | 'none';
  /** Members that replace those of a token reply. */
  extra: Record<string, unknown>;
  /** Everybody is refused: an incident of the provider. */
  refusesAll: boolean;
  /** Requests that arrived, in order: what was presented. */
  readonly presented: string[];
  /** Requests in flight now, and the most there ever were, per grant. */
  readonly inFlight: Map<string, number>;
  mostInFlight: number;
  /** Called while a request is with the provider, before it is answered. */
  during: (() => Promise<void>) | undefined;
  /** A grant as a person gives it: a code to exchange. */
  issueCode(grant: string): string;
  /** A first refresh token, without the code. */
  issueRefreshToken(grant: string): string;
  /** Whether the provider would still take some token of the grant, and which. */
  liveToken(grant: string): string | undefined;
  revoke(grant: string): void;
}

interface Issued {
  readonly grant: string;
  used?: { readonly successor: string; readonly accessToken: string };
}

export function createTokenEndpoint(clock: VirtualClock): TokenEndpoint {
  const refreshTokens = new Map<string, Issued>();
  const codes = new Map<string, { readonly grant: string; used: boolean }>();
  const revoked = new Set<string>();
  /** Under way for longer than anybody waits; they arrive before the next one does. */
  const late: HttpRequest[] = [];
  let count = 0;

  const newRefreshToken = (grant: string): string => {
    const token = `canary-refresh-${grant}-${(count += 1)}`;
    refreshTokens.set(token, { grant });
    return token;
  };
  const success = (grant: string, refreshToken: string | undefined, accessToken = `canary-access-${(count += 1)}`) =>
    json(200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: endpoint.expiresIn,
      ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      orgkey: grant,
      ...endpoint.extra,
    });

  const refreshed = (token: string): HttpResponse => {
    const issued = refreshTokens.get(token);
    if (issued === undefined || revoked.has(issued.grant)) return json(400, { error: 'invalid_grant' });
    if (endpoint.rotation !== 'new') return success(issued.grant, endpoint.rotation === 'same' ? token : undefined);
    if (issued.used !== undefined) {
      if (endpoint.mode === 'grace') return success(issued.grant, issued.used.successor, issued.used.accessToken);
      if (endpoint.mode === 'revokes') revoked.add(issued.grant);
      return json(400, { error: 'invalid_grant' });
    }
    const successor = newRefreshToken(issued.grant);
    const accessToken = `canary-access-${(count += 1)}`;
    issued.used = { successor, accessToken };
    return success(issued.grant, successor, accessToken);
  };

  const answer = (form: URLSearchParams): HttpResponse => {
    if (!endpoint.clientSecrets.has(form.get('client_secret') ?? '')) return json(401, { error: 'invalid_client' });
    if (endpoint.refusesAll) return json(400, { error: 'invalid_grant' });
    const type = form.get('grant_type');
    if (type === 'client_credentials') return success('client', undefined);
    if (type === 'refresh_token') return refreshed(form.get('refresh_token') ?? '');
    const code = codes.get(form.get('code') ?? '');
    if (code === undefined || code.used) return json(400, { error: 'invalid_grant' });
    code.used = true;
    return success(code.grant, endpoint.rotation === 'none' ? undefined : newRefreshToken(code.grant));
  };

  const receive = async (request: HttpRequest): Promise<HttpResponse> => {
    const form = new URLSearchParams(request.body ?? '');
    const presented = form.get('refresh_token') ?? form.get('code') ?? form.get('client_id') ?? '';
    const grant = refreshTokens.get(presented)?.grant ?? presented;
    endpoint.presented.push(presented);
    const flying = (endpoint.inFlight.get(grant) ?? 0) + 1;
    endpoint.inFlight.set(grant, flying);
    endpoint.mostInFlight = Math.max(endpoint.mostInFlight, flying);
    try {
      await endpoint.during?.();
      return answer(form);
    } finally {
      endpoint.inFlight.set(grant, flying - 1);
    }
  };

  const endpoint: TokenEndpoint = {
    mode: 'strict',
    weather: [],
    outage: undefined,
    clientSecrets: new Set(['canary-secret']),
    expiresIn: 3600,
    retryAfter: undefined,
    rotation: 'new',
    extra: {},
    refusesAll: false,
    presented: [],
    inFlight: new Map(),
    mostInFlight: 0,
    during: undefined,
    async send(request, allowed) {
      if (!allowed(request.url)) throw new Error(`Egress to ${request.url.origin} is not allowed`);
      const weather = endpoint.outage ?? endpoint.weather.shift() ?? 'fine';
      for (const other of late.splice(0)) await receive(other);
      if (weather === 'refused-connection') throw new ProviderUnavailableError('connection refused', { sent: false });
      if (weather === 'late-request') late.push(request);
      if (weather === 'lost-request' || weather === 'late-request') {
        clock.advance(request.timeoutMs ?? 0);
        throw new ProviderUnavailableError('timed out', { sent: true });
      }
      if (typeof weather === 'number') {
        endpoint.presented.push('');
        return json(weather, { message: 'later' }, endpoint.retryAfter);
      }
      const response = await receive(request);
      if (weather === 'lost-reply') throw new ProviderUnavailableError('connection reset', { sent: true });
      if (weather === 'truncated') return { ...response, body: response.body.slice(0, 20) };
      return response;
    },
    issueCode(grant) {
      const code = `canary-code-${(count += 1)}`;
      codes.set(code, { grant, used: false });
      return code;
    },
    issueRefreshToken: newRefreshToken,
    liveToken(grant) {
      if (revoked.has(grant)) return undefined;
      return [...refreshTokens].find(([, issued]) => issued.grant === grant && issued.used === undefined)?.[0];
    },
    revoke: (grant) => void revoked.add(grant),
  };
  return endpoint;
}

function json(status: number, body: unknown, retryAfter?: string): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }) },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}

/** A provider on top of the endpoint, written as the folders of the real ones are. */
export function tokenProvider(id: string, overrides: Partial<Provider> = {}): Provider {
  const host = `${id}.example`;
  return {
    id,
    title: id,
    grant: 'authorization-code',
    parseSettings: (input) => input as never,
    allows: (url) => url.protocol === 'https:' && (url.host === host || url.host.endsWith(`.${host}`)),
    apiBase: ({ apiEndpoint }) => new URL(apiEndpoint ?? `https://${host}/api/`),
    budgetAccount: () => id,
    budgets: { default: { perMinute: 600 } },
    ...(overrides.grant === 'client-credentials'
      ? {}
      : {
          authorization: {
            authorizationEndpoint: () => new URL(`https://${host}/authorize`),
            scopes: () => ['read', 'write'],
            pkce: () => true,
          },
        }),
    token: {
      tokenEndpoint: () => new URL(`https://${host}/token`),
      request(grant, _settings, { clientId, clientSecret }) {
        const form = new URLSearchParams({ client_id: clientId, client_secret: clientSecret });
        if (grant.type === 'client-credentials') form.set('grant_type', 'client_credentials');
        if (grant.type === 'refresh-token') {
          form.set('grant_type', 'refresh_token');
          form.set('refresh_token', grant.refreshToken);
        }
        if (grant.type === 'authorization-code') {
          form.set('grant_type', 'authorization_code');
          form.set('code', grant.code);
          form.set('redirect_uri', grant.redirectUri);
          if (grant.codeVerifier !== undefined) form.set('code_verifier', grant.codeVerifier);
        }
        return {
          method: 'POST',
          url: new URL(`https://${host}/token`),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form.toString(),
        };
      },
      reply: judgeReply,
      assumedRefreshTokenLifetimeMs: () => 21 * DAY_MS,
    },
    judge: () => undefined,
    sources: {},
    alertSources: {},
    ...overrides,
  };
}

function judgeReply(response: HttpResponse): TokenReply {
  const body = (bodyJson(response) ?? {}) as Record<string, unknown>;
  if (response.status === 429) {
    const seconds = Number(response.headers['retry-after']);
    throw new ProviderRateLimitedError('429', Number.isFinite(seconds) ? seconds * 1000 : undefined);
  }
  if (response.status >= 500) throw new ProviderUnavailableError(`answered ${response.status}`, { sent: true });
  if (body.error === 'invalid_grant') throw new GrantRejectedError('invalid_grant');
  if (body.error === 'invalid_client') throw new ClientRejectedError('invalid_client');
  if (response.status !== 200 || typeof body.access_token !== 'string') {
    throw new ProviderResponseInvalidError('not a token reply');
  }
  return {
    accessToken: body.access_token,
    expiresInSeconds: Number(body.expires_in),
    ...(typeof body.refresh_token === 'string' ? { refreshToken: body.refresh_token } : {}),
    ...(typeof body.orgkey === 'string' && body.orgkey !== 'client' ? { account: body.orgkey } : {}),
    ...(typeof body.scope === 'string' ? { scopes: body.scope.split(' ') } : {}),
    ...(typeof body.api_endpoint === 'string' ? { apiEndpoint: body.api_endpoint } : {}),
  };
}
