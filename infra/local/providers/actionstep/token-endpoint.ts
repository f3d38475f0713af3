import { challengeOf, type IssuedCode } from './authorize.ts';
import type { ActionstepSimulatorOptions } from './options.ts';
import { derived, phpJson, type ModelRequest, type ModelResponse } from './wire.ts';

/** One consent: everything that came of it lives and dies together where the mode says so. */
export interface Grant {
  readonly id: string;
  readonly system: string;
  readonly scopes: readonly string[];
  alive: boolean;
}

interface RefreshToken {
  readonly grant: Grant;
  readonly expiresAt: number;
  usedAt?: number;
  /** The answer that replaced it, for an idempotent replay. */
  successor?: Readonly<Record<string, unknown>>;
}

interface AccessToken {
  readonly grant: Grant;
  expiresAt: number;
}

/** One call of the token endpoint, as it was judged. */
export interface TokenCall {
  readonly at: Date;
  readonly grantType: string;
  readonly grant?: string;
  /** `ok`, or the error code of the answer. */
  readonly outcome: string;
  /** The refresh token had been presented before. */
  readonly reused: boolean;
}

export interface TokenEndpoint {
  handle(request: ModelRequest, now: Date): ModelResponse;
  readonly calls: readonly TokenCall[];
  readonly grants: ReadonlyMap<string, Grant>;
  /** The grant behind a live access token. */
  authenticate(accessToken: string, now: Date): Grant | undefined;
  /** The grant that a refresh token belongs to, live or not. */
  grantOf(refreshToken: string): Grant | undefined;
  expireAccessTokens(now: Date): void;
  revoke(grant?: string): void;
  /** Whether any refresh token that was handed out would still be taken for a grant. */
  isRefreshable(grant: string, now: Date): boolean;
}

type Parameters = Readonly<Record<string, string | undefined>>;

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  invalid_grant: 'Invalid refresh_token',
  invalid_client: 'The client credentials are invalid',
  redirect_uri_mismatch: 'The redirect URI is missing or do not match',
  invalid_request: 'The grant type was not specified in the request',
  unsupported_grant_type: 'Grant type not supported',
};

/** The token endpoint: authorization codes and rotating refresh tokens, in the three modes that servers have. */
export function createTokenEndpoint(
  options: ActionstepSimulatorOptions,
  codes: ReadonlyMap<string, IssuedCode>,
): TokenEndpoint {
  const grants = new Map<string, Grant>();
  const refreshTokens = new Map<string, RefreshToken>();
  const accessTokens = new Map<string, AccessToken>();
  const calls: TokenCall[] = [];
  let issued = 0;

  function issue(grant: Grant, now: Date): Readonly<Record<string, unknown>> {
    issued += 1;
    if (options.refreshKillsAccessToken) endAccess(grant, now);
    const accessToken = jwt(options, grant, issued, now);
    const refreshToken = Buffer.from(derived(options.seed, 'refresh', issued).slice(0, 45)).toString('base64');
    accessTokens.set(accessToken, { grant, expiresAt: now.getTime() + options.accessLifeSeconds * 1000 });
    refreshTokens.set(refreshToken, { grant, expiresAt: now.getTime() + options.refreshLifeSeconds * 1000 });
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: options.expiresInAsText ? String(options.accessLifeSeconds) : options.accessLifeSeconds,
      api_endpoint: options.apiEndpoint ?? `${options.origin}/api/`,
      orgkey: grant.system,
      ...(options.refreshReturnsToken ? { refresh_token: refreshToken } : {}),
    };
  }

  const endAccess = (grant: Grant, now: Date) => {
    for (const token of accessTokens.values()) if (token.grant === grant) token.expiresAt = now.getTime();
  };

  function exchange(parameters: Parameters, now: Date): Answer {
    const code = codes.get(parameters.code ?? '');
    if (code === undefined || code.used || code.expiresAt < now.getTime()) return refused('invalid_grant');
    if (options.redirectUriChecked && parameters.redirect_uri !== code.redirectUri)
      return refused('redirect_uri_mismatch');
    if (options.pkce === 'checked' && code.challenge !== undefined) {
      if (challengeOf(parameters.code_verifier ?? '') !== code.challenge) return refused('invalid_grant');
    }
    code.used = true;
    if (options.consentKillsEarlier) {
      for (const grant of grants.values()) if (grant.system === code.system) grant.alive = false;
    }
    const grant: Grant = { id: `grant-${grants.size + 1}`, system: code.system, scopes: code.scopes, alive: true };
    grants.set(grant.id, grant);
    return { body: issue(grant, now), grant, reused: false };
  }

  function refresh(parameters: Parameters, now: Date): Answer {
    const token = refreshTokens.get(parameters.refresh_token ?? '');
    if (token === undefined) return refused('invalid_grant');
    const { grant } = token;
    const reused = token.usedAt !== undefined;
    if (!grant.alive || token.expiresAt < now.getTime()) return { ...refused('invalid_grant'), grant, reused };
    if (token.usedAt !== undefined) return { ...replay(token, token.usedAt, now), grant, reused };
    token.usedAt = now.getTime();
    const body = issue(grant, now);
    token.successor = body;
    if (!options.refreshReturnsToken) delete token.usedAt;
    return { body, grant, reused };
  }

  function replay(token: RefreshToken, usedAt: number, now: Date): Answer {
    if (options.rotation === 'grace' && now.getTime() - usedAt <= options.graceSeconds * 1000 && token.successor) {
      return { body: token.successor, reused: true };
    }
    if (options.rotation === 'reuse-revokes') token.grant.alive = false;
    return refused('invalid_grant');
  }

  function answer(request: ModelRequest, now: Date): Answer & { grantType: string } {
    const parameters = parametersOf(request);
    const grantType = parameters.grant_type ?? '';
    if (request.method !== 'POST' || grantType === '') return { ...refused('invalid_request'), grantType };
    if (!isClient(request, parameters, options)) return { ...refused('invalid_client'), grantType };
    if (grantType === 'authorization_code') return { ...exchange(parameters, now), grantType };
    if (grantType === 'refresh_token') return { ...refresh(parameters, now), grantType };
    return { ...refused('unsupported_grant_type'), grantType };
  }

  return {
    calls,
    grants,
    handle(request, now) {
      const { body, error, grant, reused, grantType } = answer(request, now);
      calls.push({ at: now, grantType, outcome: error ?? 'ok', reused, ...(grant ? { grant: grant.id } : {}) });
      return respond(request.method === 'POST' ? options.tokenErrorStatus : 405, body, error);
    },
    authenticate(accessToken, now) {
      const token = accessTokens.get(accessToken);
      return token !== undefined && token.grant.alive && token.expiresAt > now.getTime() ? token.grant : undefined;
    },
    grantOf: (refreshToken) => refreshTokens.get(refreshToken)?.grant,
    expireAccessTokens: (now) => {
      for (const token of accessTokens.values()) token.expiresAt = now.getTime();
    },
    revoke: (id) => {
      for (const grant of grants.values()) if (id === undefined || grant.id === id) grant.alive = false;
    },
    isRefreshable: (id, now) =>
      [...refreshTokens.values()].some(
        (token) =>
          token.grant.id === id && token.grant.alive && token.usedAt === undefined && token.expiresAt >= now.getTime(),
      ),
  };
}

interface Answer {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly grant?: Grant;
  readonly reused: boolean;
}

function refused(error: string): Answer {
  return { error, reused: false };
}

function respond(
  errorStatus: number,
  body: Readonly<Record<string, unknown>> | undefined,
  error: string | undefined,
): ModelResponse {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (error === undefined) return { status: 200, headers, body: phpJson(body) };
  const answer = {
    error,
    error_description: DESCRIPTIONS[error] ?? error,
    error_uri: 'http://tools.ietf.org/html/rfc6749#section-4.1.3',
  };
  return { status: errorStatus, headers, body: phpJson(answer) };
}

/** The form; any other content type is read as no parameters at all. */
export function parametersOf(request: ModelRequest): Parameters {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) return {};
  return Object.fromEntries(new URLSearchParams(request.body));
}

/** In the body or as HTTP Basic: both are taken. */
function isClient(request: ModelRequest, parameters: Parameters, options: ActionstepSimulatorOptions): boolean {
  const basic = /^Basic (.+)$/u.exec(request.headers.authorization ?? '')?.[1];
  const [id, secret] =
    basic === undefined
      ? [parameters.client_id, parameters.client_secret]
      : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
  return id === options.clientId && secret === options.clientSecret;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Three parts like the real one; nobody has the key, so the last one is no signature. */
function jwt({ seed, accessLifeSeconds }: ActionstepSimulatorOptions, grant: Grant, count: number, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000);
  const claims = {
    a: derived(seed, 'session', count),
    b: grant.system,
    nbf: seconds - 10,
    exp: seconds + accessLifeSeconds,
  };
  return `${encode({ typ: 'JWT', alg: 'RS256' })}.${encode(claims)}.${derived(seed, 'signature', count)}`;
}
