import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Log } from '../../core/log.ts';
import { STORE_PATIENCE } from '../../core/tokens/timing.ts';

/** Wakes the publisher of one shard. Never fails: what a nudge misses, the next tick takes. */
export type Nudge = (shard: string) => Promise<void>;

/** A nudge is an asynchronous invoke of `event-publisher` with a tick that has no slot. */
export function createNudge(options: {
  /** Made here where the caller loads this room late and would load the whole client with it otherwise. */
  readonly client?: LambdaClient;
  readonly functionName: string;
  readonly log: Log;
}): Nudge {
  const { client = new LambdaClient(STORE_PATIENCE), functionName, log } = options;
  return async (shard) => {
    try {
      await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          InvocationType: 'Event',
          Payload: new TextEncoder().encode(JSON.stringify({ shard })),
        }),
      );
    } catch (error) {
      log.warn('publisher.nudge-missed', { shard, reason: error instanceof Error ? error.name : 'unknown' });
    }
  };
}
