/**
 * How long things took, as counts per power of two: bin `i` holds what took less than 2^i seconds, the last one the
 * rest. Twenty numbers, however much is counted, and a quantile is right within a factor of two.
 */
export type LatencyDigest = readonly number[];

const BINS = 20;

/** The digest with some more latencies (milliseconds) in it. */
export function addLatencies(digest: LatencyDigest | undefined, latenciesMs: readonly number[]): LatencyDigest {
  const bins = Array.from({ length: BINS }, (_, index) => digest?.[index] ?? 0);
  for (const latency of latenciesMs) {
    const seconds = Math.max(0, latency) / 1000;
    const index = seconds < 1 ? 0 : Math.min(BINS - 1, Math.floor(Math.log2(seconds)) + 1);
    bins[index] = (bins[index] ?? 0) + 1;
  }
  return bins;
}

/** Upper bound, in milliseconds, of the bin that quantile `q` (0–1) falls in; `undefined` when nothing was counted. */
export function latencyQuantile(digest: LatencyDigest | undefined, q: number): number | undefined {
  const total = (digest ?? []).reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [index, count] of (digest ?? []).entries()) {
    seen += count;
    if (seen >= q * total) return 1000 * 2 ** index;
  }
  return undefined;
}
