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
    console.log(`  ${what.padEnd(widest)}  ${value.padStart(14)}  ${(budget ?? '').padEnd(14)} ${verdict}`.trimEnd());
  }
}

/** A figure with a ceiling. */
export function atMost(value: number, limit: number, unit: string, digits = 2): Omit<Figure, 'what'> {
  return { value: `${value.toFixed(digits)} ${unit}`, budget: `≤ ${limit} ${unit}`, within: value <= limit };
}

/** A figure with a floor. */
export function atLeast(value: number, limit: number, unit: string, digits = 2): Omit<Figure, 'what'> {
  return { value: `${value.toFixed(digits)} ${unit}`, budget: `≥ ${limit} ${unit}`, within: value >= limit };
}

/** A figure without a budget. */
export function plain(what: string, value: number, unit: string, digits = 2): Figure {
  return { what, value: `${value.toLocaleString('en', { maximumFractionDigits: digits })} ${unit}` };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Runs every subject in turn, `rounds` times over, and gives what each measured.
 *
 * In turn, so that what else the machine does falls on all of them alike.
 */
export async function inTurn<const N extends string>(
  rounds: number,
  subjects: Readonly<Record<N, () => Promise<number> | number>>,
): Promise<Record<N, number[]>> {
  const names = Object.keys(subjects) as N[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<N, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured[name].push(await subjects[name]());
  }
  return measured;
}
