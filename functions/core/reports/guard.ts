import {
  BudgetExhaustedError,
  DeadlineTooNearError,
  ProviderRateLimitedError,
  ServiceError,
  type ServiceErrorCode,
} from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../time.ts';
import type { Durable, Stopped } from './run-types.ts';

/** Longest durable wait in one piece: the window shows a sign of life in between. */
const LONGEST_WAIT_MS = 30 * MINUTE_MS;

/** How often in a row a step may stop for each reason before the attempt fails, and the first wait. */
const PATIENCE: Partial<Record<ServiceErrorCode, { readonly times: number; readonly waitMs: number }>> = {
  ACCESS_TOKEN_REJECTED: { times: 20, waitMs: 5 * SECOND_MS },
  BUDGET_EXHAUSTED: { times: 2000, waitMs: 10 * SECOND_MS },
  DEADLINE_TOO_NEAR: { times: 2000, waitMs: SECOND_MS },
  PROVIDER_RATE_LIMITED: { times: 60, waitMs: MINUTE_MS },
  PROVIDER_RESPONSE_INVALID: { times: 4, waitMs: 30 * SECOND_MS },
  PROVIDER_UNAVAILABLE: { times: 8, waitMs: 30 * SECOND_MS },
  STORE_UNAVAILABLE: { times: 10, waitMs: 20 * SECOND_MS },
};

/** Reasons whose wait doubles each time: nobody said how long it takes. */
const GROWING: readonly string[] = [
  'ACCESS_TOKEN_REJECTED',
  'PROVIDER_RESPONSE_INVALID',
  'PROVIDER_UNAVAILABLE',
  'STORE_UNAVAILABLE',
];

/** Runs a step's work and turns every deliberate failure into data. Bugs are thrown on. */
export async function guarded<T>(work: () => Promise<T | Stopped>): Promise<T | Stopped> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const waitMs =
      error instanceof BudgetExhaustedError || error instanceof ProviderRateLimitedError
        ? error.retryAfterMs
        : undefined;
    return {
      status: 'stopped',
      code: error.code,
      message: error.message,
      retryable: error.retryable,
      ...(waitMs === undefined ? {} : { waitMs }),
    };
  }
}

/** Stops a step that could not end inside the invocation. */
export function needTime({ deadline }: Pick<Durable, 'deadline'>, ms: number): void {
  if (deadline.remainingMs() < ms) throw new DeadlineTooNearError(`Less than ${ms} ms are left of the invocation`);
}

/**
 * Runs a step until it goes through, waiting in between as long as its reason asks for. Each try is a step of its own,
 * `<name>`, `<name>-again-1` …, because a step's result is kept for good. The work is told how the tries before ended.
 *
 * @returns the step's result, or why it was given up
 */
export async function patiently<T extends object>(
  durable: Durable,
  name: string,
  work: (stops: readonly Stopped[]) => Promise<T | Stopped>,
): Promise<T | Stopped> {
  const stops: Stopped[] = [];
  let last: string | undefined;
  let inARow = 0;
  for (let tries = 0; ; tries++) {
    const label = tries === 0 ? name : `${name}-again-${tries}`;
    const result = await durable.step(label, async () => bounded(await guarded(() => work([...stops]))));
    if (!isStopped(result)) return result;
    stops.push(result);
    inARow = result.code === last ? inARow + 1 : 1;
    last = result.code;
    const rule = PATIENCE[result.code as ServiceErrorCode];
    if (rule === undefined || inARow > rule.times) return result;
    const grown = GROWING.includes(result.code) ? rule.waitMs * 2 ** Math.min(inARow - 1, 6) : rule.waitMs;
    await durable.wait(`${label}-wait`, clampWait(result.waitMs ?? grown));
  }
}

/** Lambda keeps 256 KiB of a step's result, and ends an execution that returns more without a word of ours. */
const RESULT_LIMIT_BYTES = 250_000;

/** What is too large to be kept is a place in a source that grew with what the job reads: so many organizations. */
function bounded<T extends object>(result: T | Stopped): T | Stopped {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= RESULT_LIMIT_BYTES) return result;
  const message = `Between two steps this export has to remember ${bytes} bytes, and ${RESULT_LIMIT_BYTES} can be kept: divide the job, say by organizations`;
  return { status: 'stopped', code: 'CONFIG_INVALID', message, retryable: false };
}

/** Waits however long, in pieces, with `beat` between them. */
export async function waitLong(durable: Durable, name: string, ms: number, beat: () => Promise<object>): Promise<void> {
  let left = ms;
  for (let piece = 1; left > 0; piece++) {
    await durable.wait(`${name}-wait-${piece}`, clampWait(left));
    left -= LONGEST_WAIT_MS;
    if (left > 0) await durable.step(`${name}-beat-${piece}`, () => guarded(beat));
  }
}

export function isStopped(result: object): result is Stopped {
  return 'status' in result && result.status === 'stopped';
}

/** Whole seconds, because that is what a durable wait counts in. */
function clampWait(ms: number): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(SECOND_MS, Math.ceil(ms / SECOND_MS) * SECOND_MS));
}
