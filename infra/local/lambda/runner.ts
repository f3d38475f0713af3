import { randomUUID } from 'node:crypto';
import type { InvocationType } from '../aws/lambda.ts';
import type { LocalCloud } from '../cloud.ts';
import type { HostLog } from './log.ts';
import type { Pool } from './pool.ts';
import type { Outcome } from './runtime-api.ts';

/** Runs one event in a pool and reports it. */
export interface Runner {
  run(name: string, payload: string, type: InvocationType): Promise<Outcome>;
}

/** Six megabytes: what Lambda takes as an answer. */
const MAX_RESPONSE_BYTES = 6_291_556;

export function createRunner(options: {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly cloud: LocalCloud;
  readonly log: HostLog;
}): Runner {
  return {
    async run(name, payload, type) {
      const pool = options.pools.get(name);
      if (!pool) throw new RangeError(`No function ${name}`);
      const requestId = randomUUID();
      const startedMs = performance.now();
      const ran = await pool.run({ requestId, payload, functionArn: options.cloud.functionArn(name, '1') });
      const outcome = withinLimit(ran.outcome);
      options.log({
        kind: 'invocation-ended',
        function: name,
        environmentId: ran.environmentId,
        requestId,
        cold: ran.cold,
        durationMs: performance.now() - startedMs,
        type,
        ...('error' in outcome ? { error: outcome.error } : {}),
      });
      return outcome;
    },
  };
}

function withinLimit(outcome: Outcome): Outcome {
  if ('error' in outcome || Buffer.byteLength(outcome.payload) <= MAX_RESPONSE_BYTES) return outcome;
  const bytes = Buffer.byteLength(outcome.payload);
  const errorMessage = `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
  return { error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
}
