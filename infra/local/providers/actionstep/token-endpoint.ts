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
  return new TokenServer(options, codes);
}

class TokenServer implements TokenEndpoint {
  readonly grants = new Map<string, Grant>();
  readonly calls: TokenCall[] = [];
  private readonly refreshTokens = new Map<string, RefreshToken>();
  private readonly accessTokens = new Map<string, AccessToken>();
  private readonly options: ActionstepSimulatorOptions;
  private readonly codes: ReadonlyMap<string, IssuedCode>;
  private issued = 0;

  constructor(options: ActionstepSimulatorOptions, codes: ReadonlyMap<string, IssuedCode>) {
    this.options = options;
    this.codes = codes;
  }

  handle(request: ModelRequest, now: Date): ModelResponse {
    const grantType = parametersOf(request).grant_type ?? '';
    const { body, error, grant, reused } = this.answer(request, grantType, now);
    this.calls.push({ at: now, grantType, outcome: error ?? 'ok', reused, ...(grant ? { grant: grant.id } : {}) });
    return respond(request.method === 'POST' ? this.options.tokenErrorStatus : 405, body, error);
  }

  authenticate(accessToken: string, now: Date): Grant | undefined {
    const token = this.accessTokens.get(accessToken);
    return token !== undefined && token.grant.alive && token.expiresAt > now.getTime() ? token.grant : undefined;
  }

  grantOf(refreshToken: string): Grant | undefined {
    return this.refreshTokens.get(refreshToken)?.grant;
  }

  expireAccessTokens(now: Date): void {
    for (const token of this.accessTokens.values()) token.expiresAt = now.getTime();
  }

  revoke(id?: string): void {
    for (const grant of this.grants.values()) if (id === undefined || grant.id === id) grant.alive = false;
  }

  isRefreshable(id: string, now: Date): boolean {
    return [...this.refreshTokens.values()].some(
      ({ grant, usedAt, expiresAt }) =>
        grant.id === id && grant.alive && usedAt === undefined && expiresAt >= now.getTime(),
    );
  }

  private answer(request: ModelRequest, grantType: string, now: Date): Answer {
    const parameters = parametersOf(request);
    if (request.method !== 'POST' || grantType === '') return refused('invalid_request');
    if (!isClient(request, parameters, this.options)) return refused('invalid_client');
    if (grantType === 'authorization_code') return this.exchange(parameters, now);
    return grantType === 'refresh_token' ? this.refresh(parameters, now) : refused('unsupported_grant_type');
  }

  private exchange(parameters: Parameters, now: Date): Answer {
    const { redirectUriChecked, pkce, consentKillsEarlier } = this.options;
    const code = this.codes.get(parameters.code ?? '');
    if (code === undefined || code.used || code.expiresAt < now.getTime()) return refused('invalid_grant');
    if (redirectUriChecked && parameters.redirect_uri !== code.redirectUri) return refused('redirect_uri_mismatch');
    const proof = challengeOf(parameters.code_verifier ?? '');
    if (pkce === 'checked' && code.challenge !== undefined && proof !== code.challenge) return refused('invalid_grant');
    code.used = true;
    for (const earlier of this.grants.values()) {
      if (consentKillsEarlier && earlier.system === code.system) earlier.alive = false;
    }
    const grant = { id: `grant-${this.grants.size + 1}`, system: code.system, scopes: code.scopes, alive: true };
    this.grants.set(grant.id, grant);
    return { body: this.issue(grant, now, true), grant, reused: false };
  }

  private refresh(parameters: Parameters, now: Date): Answer {
    const token = this.refreshTokens.get(parameters.refresh_token ?? '');
    if (token === undefined) return refused('invalid_grant');
    const { grant } = token;
    const reused = token.usedAt !== undefined;
    if (!grant.alive || token.expiresAt < now.getTime()) return { ...refused('invalid_grant'), grant, reused };
    if (token.usedAt !== undefined) return { ...this.replay(token, token.usedAt, now), grant, reused };
    // A server that sends no new refresh token goes on taking the old one.
    if (this.options.refreshReturnsToken) token.usedAt = now.getTime();
    token.successor = this.issue(grant, now, this.options.refreshReturnsToken);
    return { body: token.successor, grant, reused };
  }

  private endAccess(grant: Grant, now: Date): void {
    for (const token of this.accessTokens.values()) if (token.grant === grant) token.expiresAt = now.getTime();
  }

  private replay(token: RefreshToken, usedAt: number, now: Date): Answer {
    const { rotation, graceSeconds } = this.options;
    if (rotation === 'grace' && now.getTime() - usedAt <= graceSeconds * 1000 && token.successor) {
      return { body: token.successor, reused: true };
    }
    if (rotation === 'reuse-revokes') token.grant.alive = false;
    return refused('invalid_grant');
  }

  /** Tokens for a grant, in the form that was recorded. A consent always brings a refresh token. */
  private issue(grant: Grant, now: Date, rotates: boolean): Readonly<Record<string, unknown>> {
    const { options } = this;
    this.issued += 1;
    if (options.refreshKillsAccessToken) this.endAccess(grant, now);
    const accessToken = jwt(options, grant, this.issued, now);
    const refreshToken = Buffer.from(derived(options.seed, 'refresh', this.issued).slice(0, 45)).toString('base64');
    this.accessTokens.set(accessToken, { grant, expiresAt: now.getTime() + options.accessLifeSeconds * 1000 });
    if (rotates) {
      this.refreshTokens.set(refreshToken, { grant, expiresAt: now.getTime() + options.refreshLifeSeconds * 1000 });
    }
    return {
      access_token: accessToken,
      token_type: 'bearer',
      expires_in: options.expiresInAsText ? String(options.accessLifeSeconds) : options.accessLifeSeconds,
      api_endpoint: options.apiEndpoint ?? `${options.origin}/api/`,
      orgkey: grant.system,
      ...(rotates ? { refresh_token: refreshToken } : {}),
    };
  }
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
