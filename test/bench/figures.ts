/** One measured thing. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  /** What it may be, and whether it is. */
  readonly budget?: string;
  readonly within?: boolean;
}

export type Bench = () => Promise<readonly Figure[]>;

export function report(figures: readonly Figure[]): void {
  const widest = Math.max(...figures.map(({ what }) => what.length));
  for (const { what, value, budget, within } of figures) {
    const verdict = within === undefined ? '' : within ? 'ok' : 'OVER';
    console.log(`  ${what.padEnd(widest)}  ${value.padStart(12)}  ${(budget ?? '').padEnd(14)} ${verdict}`);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
