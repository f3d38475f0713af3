import { createHash } from 'node:crypto';
import type { OpsrampSwitches } from './options.ts';
import { json, oauthError, type SimulatedRequest, type SimulatedResponse } from './wire.ts';

interface IssuedToken {
  readonly value: string;
  readonly endsAt: number;
}

export interface TokenDesk {
  request(request: SimulatedRequest, now: number): SimulatedResponse;
  /** The answer to a bearer that is missing, unknown or over; `undefined` for a good one. */
  refuse(request: SimulatedRequest, now: number): SimulatedResponse | undefined;
  expireAll(): void;
  /** How many different tokens were handed out. */
  issued(): number;
}

export interface TokenDeskOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly lifeSeconds: number;
  readonly seed: number;
  readonly switches: () => OpsrampSwitches;
}

/** The token endpoint, under both of its paths. */
export function createTokenDesk(options: TokenDeskOptions): TokenDesk {
  let current: IssuedToken | undefined;
  let counter = 0;
  const live = new Map<string, IssuedToken>();

  const issue = (now: number): IssuedToken => {
    counter += 1;
    const digest = createHash('sha256').update(`${options.seed}/${counter}`).digest('hex');
    const value = [8, 4, 4, 4, 12]
      .reduce<{ rest: string; parts: string[] }>(
        ({ rest, parts }, length) => ({ rest: rest.slice(length), parts: [...parts, rest.slice(0, length)] }),
        { rest: digest, parts: [] },
      )
      .parts.join('-');
    const token = { value, endsAt: now + options.lifeSeconds * 1000 };
    live.set(value, token);
    current = token;
    return token;
  };

  return {
    request(request, now) {
      const form = new URLSearchParams(request.body);
      const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
      const grant = isForm ? (form.get('grant_type') ?? '') : '';
      if (request.method !== 'POST') return oauthError(405, 'method_not_allowed', `${request.method} is not supported`);
      if (grant !== 'client_credentials') {
        return oauthError(400, 'unsupported_grant_type', `Unsupported grant type: ${grant}`);
      }
      const { clientId, clientSecret } = options;
      if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
        return oauthError(401, 'unauthorized', 'Bad API credentials');
      }
      const { sameToken, expiresInAsString } = options.switches();
      const reusable = sameToken && current !== undefined && current.endsAt > now ? current : undefined;
      const token = reusable ?? issue(now);
      const life = Math.floor((token.endsAt - now) / 1000);
      return json(200, {
        access_token: token.value,
        token_type: 'bearer',
        expires_in: expiresInAsString ? String(life) : life,
        scope: 'global:manage',
      });
    },

    refuse({ headers }, now) {
      const bearer = /^Bearer (\S+)$/u.exec(headers.authorization ?? '')?.[1];
      if (bearer === undefined) return oauthError(401, 'unauthorized', 'Full authentication is required');
      const token = live.get(bearer);
      if (token !== undefined && token.endsAt > now) return undefined;
      const { rejectedTokenStatus } = options.switches();
      return oauthError(rejectedTokenStatus, 'invalid_token', 'Invalid access token');
    },

    expireAll() {
      live.clear();
      current = undefined;
    },

    issued: () => counter,
  };
}
