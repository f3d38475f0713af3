import { json, type Action1Answer } from './answers.ts';
import type { Action1State } from './state.ts';

const WINDOW_MS = 60_000;

/** Counts a request among those of the last 60 seconds, or says how long to wait. A refused one does not count. */
export function admit(state: Action1State, now: number): Action1Answer | undefined {
  const { requestsPerMinute, switches } = state.settings;
  state.sentAt = state.sentAt.filter((at) => at > now - WINDOW_MS);
  if (requestsPerMinute === false || state.sentAt.length < requestsPerMinute) {
    state.sentAt.push(now);
    return undefined;
  }
  const oldest = state.sentAt[0] ?? now;
  const seconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - now) / 1000));
  const body = {
    id: '0',
    type: 'Error',
    status: 429,
    developer_message: 'Request rate limit exceeded.',
    user_message: 'Too many requests.',
    ...(switches.retryAfterInBody ? { details: { retry_after: seconds } } : {}),
  };
  return json(429, body, switches.retryAfterInHeader ? { 'retry-after': String(seconds) } : {});
}
