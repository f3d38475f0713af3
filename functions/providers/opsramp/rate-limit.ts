import type { HttpResponse } from '../../core/http.ts';
import { parseHttpDate } from './http-date.ts';

/** The limits are counted in minutes; a wait far beyond one is a clock that is wrong, not a wish. */
const MOST_MS = 120_000;
const LEAST_MS = 1000;

/**
 * How long the provider wants to be left alone: `X-RateLimit-Reset` is the second at which its minute ends.
 *
 * Values may come in quotes. The instant is the provider's, so it is compared with the answer's own `Date` where
 * there is one: two clocks need not agree.
 */
export function waitMs({ headers }: Pick<HttpResponse, 'headers'>, now?: Date): number | undefined {
  const retryAfter = headerNumber(headers['retry-after']);
  if (retryAfter !== undefined) return clamp(retryAfter * 1000);
  const reset = headerNumber(headers['x-ratelimit-reset']);
  const theirNow = parseHttpDate(headers.date) ?? now;
  if (reset === undefined || theirNow === undefined) return undefined;
  const resetMs = reset > 1e12 ? reset : reset * 1000;
  return clamp(resetMs - theirNow.getTime());
}

/** The end of the minute when an answer says that it was the last one of it: others of the tenant count, too. */
export function pausedUntil(response: Pick<HttpResponse, 'headers'>, now: Date): Date | undefined {
  if (headerNumber(response.headers['x-ratelimit-remaining']) !== 0) return undefined;
  const wait = waitMs(response, now);
  return wait === undefined ? undefined : new Date(now.getTime() + wait);
}

function headerNumber(value: string | undefined): number | undefined {
  const text = value?.replace(/["\s]/gu, '').split(',')[0] ?? '';
  return /^\d{1,15}(?:\.\d+)?$/u.test(text) ? Number(text) : undefined;
}

function clamp(ms: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, Math.ceil(ms)));
}
