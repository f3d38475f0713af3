import type { OpenApi } from '../api.ts';
import { type Deadline, SECOND_MS } from '../time.ts';

/** What recording and giving the job back take after the last answer. */
const AFTERWARDS_MS = 8 * SECOND_MS;
const SHORTEST_MS = SECOND_MS;
const USUAL_MS = 20 * SECOND_MS;

/**
 * The API, each call of which ends while there is time left for what follows: a provider that hangs costs its own jobs
 * this pass, and not every job of the invocation.
 */
export function boundedApi(api: OpenApi, deadline: Deadline): OpenApi {
  return {
    ...api,
    call: (request) => {
      const left = Math.max(SHORTEST_MS, deadline.remainingMs() - AFTERWARDS_MS);
      return api.call({ ...request, timeoutMs: Math.min(request.timeoutMs ?? USUAL_MS, left) });
    },
  };
}
