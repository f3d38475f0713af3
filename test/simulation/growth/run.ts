import type { Connection } from '../../../functions/core/connections/connection.ts';
import { createRefreshSweep } from '../../../functions/core/tokens/sweep.ts';
import { MINUTE_MS, SECOND_MS } from '../../../functions/core/time.ts';
import { functionShape } from '../../../infra/functions.ts';
import { createGrowth, needsAlways, START } from './world.ts';

export interface GrowthOptions {
  readonly connections: number;
  readonly shards: number;
  readonly minutes: number;
  /** Minutes from the start in which the provider takes no connection. */
  readonly outage?: { readonly from: number; readonly to: number };
  readonly onMinute?: (minute: number) => void;
}

export interface GrowthResult {
  readonly sweeps: number;
  readonly refreshes: number;
  /** How long after it was due a refresh was committed. */
  readonly lateP50Ms: number;
  readonly lateP99Ms: number;
  readonly lateMostMs: number;
  /** The least access life that was left at a commit, of connections with a job every few minutes. */
  readonly leastLeftMs: number;
  /** Such connections whose access token is over at the end. */
  readonly starving: number;
  readonly refused: number;

  readonly longestSweepMs: number;
  /** Names read from the index, and pages asked for. */
  readonly namesRead: number;
  readonly pagesRead: number;
  readonly providerCalls: number;
  readonly providerPeakPerMinute: number;
  readonly kmsCalls: number;
  /** Minutes after the outage until no such connection was without a live token. */
  readonly caughtUpAfterMinutes?: number;
}

/** Ticks of the production refresher for as long as it is told, on every shard, with nothing else in the way. */
export async function runGrowth(options: GrowthOptions): Promise<GrowthResult> {
  const { connections, shards, minutes, outage } = options;
  const late: number[] = [];
  let leastLeft = Infinity;
  let caughtUp: number | undefined;
  const growth = await createGrowth(connections, shards, ({ lateMs, leftMs }) => {
    late.push(lateMs);
    if (leftMs !== undefined) leastLeft = Math.min(leastLeft, leftMs);
  });
  const starving = () => [...growth.items.values()].filter((item) => isStarving(item, growth.time.now())).length;
  const { time, endpoint, reads } = growth;
  const names = Array.from({ length: shards }, (_, shard) => String(shard));
  const sweeps = names.map((shard) => createRefreshSweep(growth.dependenciesOf(shard)));
  const timeoutMs = functionShape('token-refresher').timeoutSeconds * SECOND_MS;
  let longest = 0;
  const running = new Set<Promise<void>>();
  for (let minute = 0; minute < minutes; minute += 1) {
    if (minute === outage?.from) endpoint.downUntil = START.getTime() + outage.to * MINUTE_MS;
    const began = time.now().getTime();
    const deadline = { remainingMs: () => began + timeoutMs - time.now().getTime() };
    for (const [index, shard] of names.entries()) {
      const sweep = sweeps[index]?.({ shard, slot: new Date(began).toISOString() }, deadline);
      const ended = Promise.resolve(sweep).then(() => {
        longest = Math.max(longest, time.now().getTime() - began);
        running.delete(ended);
      });
      running.add(ended);
    }
    await time.runUntil(began + MINUTE_MS);
    if (outage !== undefined && minute >= outage.to && caughtUp === undefined && starving() === 0) {
      caughtUp = minute + 1 - outage.to;
    }
    options.onMinute?.(minute);
  }
  await Promise.all(running);
  late.sort((a, b) => a - b);
  return {
    sweeps: minutes * shards,
    refreshes: late.length,
    lateP50Ms: late[Math.floor(late.length * 0.5)] ?? 0,
    lateP99Ms: late[Math.floor(late.length * 0.99)] ?? 0,
    lateMostMs: late.at(-1) ?? 0,
    leastLeftMs: leastLeft,
    starving: starving(),
    refused: endpoint.refused,
    longestSweepMs: longest,
    namesRead: reads.names,
    pagesRead: reads.pages,
    providerCalls: endpoint.calls,
    providerPeakPerMinute: Math.max(0, ...endpoint.perMinute.values()),
    kmsCalls: growth.keyCalls.generate + growth.keyCalls.open,
    ...(caughtUp === undefined ? {} : { caughtUpAfterMinutes: caughtUp }),
  };
}

/** Whether a job that runs every few minutes finds no token that works. */
function isStarving({ demand, access }: Connection, now: Date): boolean {
  return access !== undefined && access.expiresAt <= now && needsAlways({ demand });
}
