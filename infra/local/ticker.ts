import { allShards } from '../../functions/core/events.ts';
import type { LambdaBackend } from './aws/lambda.ts';

export interface TickerOptions {
  /** Each function with its schedule, as `infra/functions.ts` has them; the others are left out. */
  readonly functions: readonly { readonly name: string; readonly everySeconds?: number }[];
  readonly shardCount: number;
  readonly host: Pick<LambdaBackend, 'invoke'>;
  /** Overrides every function's own interval: a demonstration does not wait for minutes. */
  readonly everySeconds?: number;
  readonly onTick?: (tick: StartedTick) => void;
}

export interface StartedTick {
  readonly functionName: string;
  readonly shard: string;
  /** The scheduled time, ISO 8601. */
  readonly slot: string;
  /** Resolves when the function has ended, however it ended. */
  readonly ended: Promise<void>;
}

export interface Ticker {
  /** Ticks every function and shard once, now, and waits for all of them. */
  tickAll(): Promise<void>;
  /** No tick starts any more; what runs, runs on. */
  stop(): void;
}

/**
 * What EventBridge Scheduler is in an account: one schedule per function and shard, no retries, and no waiting for
 * the tick before.
 */
export function startTicker(options: TickerOptions): Ticker {
  const shards = allShards(options.shardCount);
  const scheduled = options.functions.flatMap(({ name, everySeconds }) =>
    everySeconds === undefined ? [] : [{ name, everyMs: (options.everySeconds ?? everySeconds) * 1000 }],
  );
  const start = (functionName: string, shard: string, at: number): Promise<void> => {
    const slot = new Date(at).toISOString();
    const ended = options.host.invoke(functionName, JSON.stringify({ shard, slot })).then(
      () => {},
      () => {},
    );
    options.onTick?.({ functionName, shard, slot, ended });
    return ended;
  };
  const timers = new Set<NodeJS.Timeout>();
  const schedule = (name: string, everyMs: number, at: number) => {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        for (const shard of shards) void start(name, shard, at);
        schedule(name, everyMs, Math.max(at + everyMs, nextSlot(Date.now(), everyMs)));
      },
      Math.max(0, at - Date.now()),
    );
    timers.add(timer);
  };
  for (const { name, everyMs } of scheduled) schedule(name, everyMs, nextSlot(Date.now(), everyMs));
  return {
    async tickAll() {
      const at = Date.now();
      await Promise.all(scheduled.flatMap(({ name }) => shards.map((shard) => start(name, shard, at))));
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** The next multiple of the interval: a slot is a time of the clock, as a schedule's is. */
function nextSlot(now: number, everyMs: number): number {
  return (Math.floor(now / everyMs) + 1) * everyMs;
}
