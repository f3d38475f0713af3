import type { LatencyStore } from '../../functions/core/publishing/latency-store.ts';
import { addLatencies, type LatencyDigest } from '../../functions/core/schedules/latency.ts';

/** `LatencyStore` in memory, and how many writes it took. */
export function createMemoryLatencies(): LatencyStore & { writes: number } {
  const digests = new Map<string, Map<string, LatencyDigest>>();
  const store = {
    writes: 0,
    async add(shard: string, latenciesMs: ReadonlyMap<string, readonly number[]>) {
      const jobs = digests.get(shard) ?? new Map<string, LatencyDigest>();
      for (const [job, latencies] of latenciesMs) {
        jobs.set(job, addLatencies(jobs.get(job), latencies));
        store.writes += 1;
      }
      digests.set(shard, jobs);
    },
    read: async (shard: string) => digests.get(shard) ?? new Map<string, LatencyDigest>(),
  };
  return store;
}
