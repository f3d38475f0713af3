import type { DurableContext } from '@aws/durable-execution-sdk-js';
import type { Durable } from '../../core/reports/run-types.ts';

/**
 * Core's `Durable` on Lambda's durable context.
 *
 * No step is tried again by the SDK: what can be waited for, core waits for; anything else ends the attempt. A step
 * that was cut off by a crash is run again all the same.
 */
export function toDurable(context: DurableContext): Durable {
  return {
    step: async (name, work) => context.step(name, work, { retryStrategy: () => ({ shouldRetry: false }) }),
    wait: async (name, ms) => context.wait(name, { seconds: Math.max(1, Math.ceil(ms / 1000)) }),
    deadline: { remainingMs: () => context.lambdaContext.getRemainingTimeInMillis() },
    isInterruption,
    endsExecution,
  };
}

/** The SDK's own mark on errors that it ends an invocation or an execution with; its classes are not exported. */
function isInterruption(error: unknown): boolean {
  return error instanceof Error && (error as { readonly isUnrecoverable?: unknown }).isUnrecoverable === true;
}

/** Of these, the ones at which the SDK answers that the execution has failed instead of asking for another invocation. */
function endsExecution(error: unknown): boolean {
  return (
    isInterruption(error) &&
    (error as { readonly isUnrecoverableExecution?: unknown }).isUnrecoverableExecution === true
  );
}
