import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ServiceError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { Deadline } from '../../core/time.ts';

/** What a handler is given besides its event. */
export interface Invocation {
  readonly deadline: Deadline;
  readonly requestId: string;
}

/**
 * Wraps a handler as Lambda calls it: a log line when it starts and ends, the failure's code when it fails.
 *
 * The event is never logged: it may carry an authorization code. Errors are thrown on, so that Lambda's own error
 * metric is true.
 */
export function createEntry<E, R>(log: Log, handler: (event: E, invocation: Invocation) => Promise<R>) {
  return middy<E, R>()
    .onError(({ error }) => {
      if (!error) return;
      const code = error instanceof ServiceError ? error.code : 'UNKNOWN';
      log.error('invocation.failed', { code, name: error.name, message: error.message });
      for (const cause of error instanceof AggregateError ? error.errors : []) {
        if (cause instanceof Error) log.error('invocation.failed', { name: cause.name, message: cause.message });
      }
    })
    .handler(async (event: E, context: Context) =>
      handler(event, {
        deadline: { remainingMs: () => context.getRemainingTimeInMillis() },
        requestId: context.awsRequestId,
      }),
    );
}
