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
export async function inTurn<const N extends string, T>(
  rounds: number,
  subjects: Readonly<Record<N, () => Promise<T> | T>>,
): Promise<Record<N, T[]>> {
  const names = Object.keys(subjects) as N[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured[name].push(await subjects[name]());
  }
  return measured;
}

/** Work that was timed: per second by the clock, and the milliseconds of this process's own time that each took. */
export interface Rate {
  readonly perSecond: number;
  /** What others do on the machine does not change it. */
  readonly cpuMs: number;
}

export async function rateOf(count: number, work: () => Promise<unknown>): Promise<Rate> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMs: (user + system) / 1000 / count };
}

/** How much of the bound's rate a subject reaches, by the clock and by this process's own time. */
export function share(subject: readonly Rate[], bound: readonly Rate[]) {
  const of = (rates: readonly Rate[], member: keyof Rate) => median(rates.map((rate) => rate[member]));
  return {
    perSecond: of(subject, 'perSecond'),
    clock: of(subject, 'perSecond') / of(bound, 'perSecond'),
    cpu: of(bound, 'cpuMs') / of(subject, 'cpuMs'),
  };
}
