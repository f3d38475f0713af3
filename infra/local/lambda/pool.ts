import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, type EnvironmentOptions, startEnvironment } from './environment.ts';
import type { Invocation, Outcome } from './runtime-api.ts';

/** The environments of one function: started on demand, kept warm, at most `maxEnvironments` at a time. */
export interface Pool {
  run(event: Omit<Invocation, 'deadlineMs'>): Promise<PoolOutcome>;
  /** Environments started so far: each is one cold start. */
  readonly coldStarts: number;
  readonly environments: readonly Environment[];
  /** Takes no more events, lets those that run end for a while, and ends the processes. */
  stop(): Promise<void>;
}

export interface PoolOutcome {
  readonly outcome: Outcome;
  readonly environmentId: string;
  readonly cold: boolean;
}

/** Long enough for a token to be stored that has just been fetched; Ctrl-C should not take longer. */
const DRAIN_MS = 4000;

export const HOST_STOPPED = { errorType: 'Host.Stopped', errorMessage: 'The local host has stopped.' };

export function createPool(options: EnvironmentOptions & { readonly maxEnvironments: number }): Pool {
  const environments = new Set<Environment>();
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<Outcome>>();
  let coldStarts = 0;
  let starting = 0;
  let stopped = false;

  const start = async (): Promise<Environment> => {
    starting += 1;
    coldStarts += 1;
    try {
      return await startEnvironment(options);
    } finally {
      starting -= 1;
    }
  };
  const keep = (environment: Environment) => {
    environments.add(environment);
    void environment.gone.then(() => {
      environments.delete(environment);
      waiting.shift()?.();
    });
  };

  const watch = async (run: Promise<Outcome>): Promise<Outcome> => {
    running.add(run);
    const outcome = await run;
    running.delete(run);
    // Nobody has to hear of a process that we ended ourselves.
    return stopped && isKilled(outcome) ? { error: HOST_STOPPED } : outcome;
  };

  return {
    get coldStarts() {
      return coldStarts;
    },
    get environments() {
      return [...environments];
    },
    async run(event) {
      for (;;) {
        if (stopped) return { outcome: { error: HOST_STOPPED }, environmentId: 'none', cold: false };
        const warm = [...environments].find((environment) => environment.idle);
        if (warm === undefined && environments.size + starting >= options.maxEnvironments) {
          await new Promise<void>((resolve) => waiting.push(resolve));
          continue;
        }
        // Nothing is awaited between finding a warm environment and giving it the event: nobody else can take it.
        const environment = warm ?? (await start());
        if (warm === undefined) keep(environment);
        if (stopped) await environment.kill();
        const outcome = await watch(environment.run(event));
        waiting.shift()?.();
        return { outcome, environmentId: environment.id, cold: warm === undefined };
      }
    },
    async stop() {
      stopped = true;
      for (const wake of waiting.splice(0)) wake();
      const late = new AbortController();
      await Promise.race([Promise.all(running), sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => {})]);
      late.abort();
      await Promise.all([...environments].map((environment) => environment.kill()));
    },
  };
}

function isKilled(outcome: Outcome): boolean {
  return 'error' in outcome && outcome.error.errorType === 'Runtime.ExitError';
}
