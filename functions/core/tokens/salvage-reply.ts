import { bodyJson, type HttpResponse } from '../http.ts';
import type { TokenReply } from '../provider.ts';
import { isToken, LONGEST_LIFE_SECONDS } from './check-reply.ts';

/** Believed of an access token whose life cannot be read: shorter than any that a provider documents. */
const UNREAD_LIFE_SECONDS = 900;

/**
 * What a success that cannot be taken as it is has to be kept for all the same: the refresh token was replaced by the
 * one in it, and whatever else is odd, without that one the grant is gone.
 *
 * An access token that cannot be used is left out: the set is one whose access has run out already. Everything else that
 * the reply names is passed over. `undefined` where there is no refresh token that could be one.
 */
export function salvageReply(response: HttpResponse): TokenReply | undefined {
  const body = bodyJson(response);
  if (typeof body !== 'object' || body === null) return undefined;
  const { access_token: access, refresh_token: refresh, expires_in: life } = body as Record<string, unknown>;
  if (typeof refresh !== 'string' || !isToken(refresh)) return undefined;
  const isUsable = typeof access === 'string' && isToken(access);
  return {
    accessToken: isUsable ? access : '',
    expiresInSeconds: isUsable ? readLife(life) : 0,
    refreshToken: refresh,
    refused: ['form'],
  };
}

function readLife(life: unknown): number {
  const isText = typeof life === 'string' && /^[0-9]{1,9}$/.test(life);
  const seconds = typeof life === 'number' || isText ? Number(life) : Number.NaN;
  return seconds > 0 && seconds <= LONGEST_LIFE_SECONDS ? seconds : UNREAD_LIFE_SECONDS;
}
