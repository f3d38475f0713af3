import type { OpsrampSwitches } from './options.ts';
import { oauthError, type SimulatedResponse } from './wire.ts';

/** What a request counts as. */
export interface Bucket {
  readonly category: 'alerts' | 'devices' | 'tickets' | 'other';
  readonly kind: 'page' | 'read' | 'write';
}

export interface RateLimiter {
  /** Counts the request; the headers for its answer, and the answer itself where there are too many. */
  count(
    bucket: Bucket,
    now: number,
  ): { readonly headers: Record<string, string>; readonly refusal?: SimulatedResponse };
}

const MINUTE_MS = 60_000;
const WRITES: Readonly<Record<Bucket['category'], number>> = { alerts: 200, devices: 25, tickets: 50, other: 50 };

/** Fixed minutes per category and kind. After the first refusal nothing more is served in that minute. */
export function createRateLimiter(switches: () => OpsrampSwitches): RateLimiter {
  const counters = new Map<string, { minute: number; used: number }>();

  return {
    count(bucket, now) {
      const { rateLimits, pagesPerMinute, readsPerMinute, quotedRateHeaders } = switches();
      if (!rateLimits) return { headers: {} };
      const limits = { page: pagesPerMinute, read: readsPerMinute, write: WRITES[bucket.category] };
      const limit = limits[bucket.kind];
      const minute = Math.floor(now / MINUTE_MS);
      const key = `${bucket.category}/${bucket.kind}`;
      const counter = counters.get(key);
      const used = (counter?.minute === minute ? counter.used : 0) + 1;
      counters.set(key, { minute, used });
      const quote = (value: number) => (quotedRateHeaders ? `"${value}"` : String(value));
      const headers = {
        'x-ratelimit-limit': quote(limit),
        'x-ratelimit-remaining': quote(Math.max(0, limit - used)),
        'x-ratelimit-reset': quote((minute + 1) * (MINUTE_MS / 1000)),
        'x-ratelimit-bucket': key,
      };
      if (used <= limit) return { headers };
      return { headers, refusal: oauthError(429, 'throttled', 'Too Many Requests') };
    },
  };
}
