/**
 * How long things took, as counts per bin: bin `i` holds what took at most 2^(i/4) milliseconds. However much is
 * counted, there are some hundred bins at most, and a quantile is right within a fifth. Empty bins are left out.
 */
export type LatencyDigest = Readonly<Record<number, number>>;

const BINS_PER_OCTAVE = 4;

/** The digest with some more latencies (milliseconds) in it. */
export function addLatencies(digest: LatencyDigest | undefined, latenciesMs: readonly number[]): LatencyDigest {
  const bins: Record<number, number> = { ...digest };
  for (const latency of latenciesMs) {
    const bin = Math.ceil(BINS_PER_OCTAVE * Math.log2(Math.max(1, latency)));
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}

/** Two digests as one. */
export function mergeLatencies(a: LatencyDigest | undefined, b: LatencyDigest): LatencyDigest {
  const bins: Record<number, number> = { ...a };
  for (const [bin, count] of Object.entries(b)) bins[Number(bin)] = (bins[Number(bin)] ?? 0) + count;
  return bins;
}

/** Upper bound, in milliseconds, of the bin that quantile `q` (0–1) falls in; `undefined` when nothing was counted. */
export function latencyQuantile(digest: LatencyDigest | undefined, q: number): number | undefined {
  // Keys that are integers come in ascending order.
  const bins = Object.entries(digest ?? {});
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bin, count] of bins) {
    seen += count;
    if (seen >= q * total) return Math.round(2 ** (Number(bin) / BINS_PER_OCTAVE));
  }
  return undefined;
}
