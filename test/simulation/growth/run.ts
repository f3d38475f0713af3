import { createRefreshSweep } from '../../../functions/core/tokens/sweep.ts';
import { SECOND_MS } from '../../../functions/core/time.ts';
import { functionShape } from '../../../infra/functions.ts';
import { createGrowth, type Growth, type GrowthSize, isStarving, isWeak, minuteOf } from './world.ts';

export interface GrowthOptions extends GrowthSize {
  readonly minutes: number;
  /** Minutes from the start in which one token endpoint takes no connection. */
  readonly outage?: { readonly from: number; readonly to: number } | undefined;
  readonly onMinute?: (minute: number) => void;
}

export interface GrowthResult {
  readonly options: GrowthOptions;
  readonly refreshes: number;
  /** Mean of a refresh, from the read of its item to its commit. */
  readonly refreshSeconds: number;
  /** How long after it was due a refresh was committed; where nothing was down. */
  readonly late: { readonly p50Ms: number; readonly p99Ms: number; readonly mostMs: number };
  /** The least access life that was left at a commit, of connections with a job every few minutes; where nothing was down. */
  readonly leastLeftMs: number;
  /** Such connections whose access token is over at the end. */
  readonly starving: number;
  /** Minutes after the outage until no such connection was without a live token. */
  readonly caughtUpAfterMinutes?: number;
  readonly sweeps: number;
  /** The most that one sweep refreshed. */
  readonly busiestSweep: number;
  readonly longestSweepMs: number;
  /** Sweeps that were still at work when the next tick of their shard came. */
  readonly overruns: number;
  readonly providerCalls: number;
  readonly mostInFlight: number;
  readonly refused: number;
  /** The most calls of one Action1 enterprise in any 60 seconds. */
  readonly busiestMinute: number;
  readonly namesRead: number;
  readonly pagesRead: number;
  readonly kmsCalls: number;
}

/** What refreshes came to, summed up as they are committed. */
class Tally {
  readonly late: number[] = [];
  refreshes = 0;
  tookMs = 0;
  leastLeftMs = Infinity;
  /** Of the sweep that runs; sweeps of other shards run beside it. */
  longestSweepMs = 0;
  busiestSweep = 0;
  overruns = 0;
  caughtUp: number | undefined;
}

/** Ticks of the production refresher for as long as it is told, on every shard, with nothing else in the way. */
export async function runGrowth(options: GrowthOptions): Promise<GrowthResult> {
  const tally = new Tally();
  const growth = await createGrowth(options, ({ tookMs, lateMs, leftMs, weak }) => {
    tally.refreshes += 1;
    tally.tookMs += tookMs;
    if (weak && options.outage !== undefined) return;
    tally.late.push(lateMs);
    if (leftMs !== undefined) tally.leastLeftMs = Math.min(tally.leastLeftMs, leftMs);
  });
  const { outage, minutes } = options;
  const tick = createTicks(growth, options.shards, tally);
  for (let minute = 0; minute < minutes; minute += 1) {
    if (minute === outage?.from) growth.endpoints.downUntil = minuteOf(outage.to);
    tick();
    await growth.time.runUntil(minuteOf(minute + 1));
    const isOver = outage !== undefined && minute >= outage.to && tally.caughtUp === undefined;
    if (isOver && starving(growth) === 0) tally.caughtUp = minute + 1 - outage.to;
    options.onMinute?.(minute);
  }
  return sum(options, growth, tally);
}

/** One tick of every shard; a sweep that is still at work does not keep the next one from starting, as in Lambda. */
function createTicks({ time, dependenciesOf }: Growth, shards: number, tally: Tally): () => void {
  const timeoutMs = functionShape('token-refresher').timeoutSeconds * SECOND_MS;
  const lanes = Array.from({ length: shards }, (_, index) => {
    const shard = String(index);
    return { shard, sweep: createRefreshSweep(dependenciesOf(shard)), running: 0 };
  });
  return () => {
    const began = time.now().getTime();
    const deadline = { remainingMs: () => began + timeoutMs - time.now().getTime() };
    for (const lane of lanes) {
      if (lane.running > 0) tally.overruns += 1;
      lane.running += 1;
      void lane.sweep({ shard: lane.shard, slot: new Date(began).toISOString() }, deadline).then((report) => {
        lane.running -= 1;
        tally.longestSweepMs = Math.max(tally.longestSweepMs, time.now().getTime() - began);
        if (!report.stale) tally.busiestSweep = Math.max(tally.busiestSweep, report.counts.refreshed ?? 0);
      });
    }
  };
}

function sum(options: GrowthOptions, growth: Growth, tally: Tally): GrowthResult {
  const { endpoints, reads, keyCalls } = growth;
  const late = tally.late.toSorted((a, b) => a - b);
  const at = (share: number) => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  return {
    options,
    refreshes: tally.refreshes,
    refreshSeconds: tally.tookMs / Math.max(1, tally.refreshes) / SECOND_MS,
    late: { p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) },
    leastLeftMs: tally.leastLeftMs,
    starving: starving(growth),
    ...(tally.caughtUp === undefined ? {} : { caughtUpAfterMinutes: tally.caughtUp }),
    sweeps: options.minutes * options.shards,
    busiestSweep: tally.busiestSweep,
    longestSweepMs: tally.longestSweepMs,
    overruns: tally.overruns,
    providerCalls: endpoints.calls,
    mostInFlight: endpoints.mostInFlight,
    refused: endpoints.refused,
    busiestMinute: endpoints.busiestMinute,
    namesRead: reads.names,
    pagesRead: reads.pages,
    kmsCalls: keyCalls.generate + keyCalls.open,
  };
}

function starving({ items, time, endpoints }: Growth): number {
  const now = time.now();
  const isDown = endpoints.downUntil > now.getTime();
  return [...items.values()].filter((item) => isStarving(item, now) && !(isDown && isWeak(item))).length;
}
