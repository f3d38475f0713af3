import type { LatencyDigest } from '../schedules/latency.ts';

/** How long the versions of each job took from the provider's change to SNS: figures for people, a week of them. */
export interface LatencyStore {
  /** Adds to the figures of the day; one write for each job. */
  add(shard: string, latenciesMs: ReadonlyMap<string, readonly number[]>, now: Date): Promise<void>;
  /** The figures of a shard's jobs over the last days. */
  read(shard: string): Promise<ReadonlyMap<string, LatencyDigest>>;
}
