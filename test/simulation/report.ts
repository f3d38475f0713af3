import { type Fault, FAULTS, faultsFor } from './faults.ts';
import { PROMISES } from './promises/promises.ts';
import { type RunOptions, runSeed } from './run.ts';
import { shrink } from './shrink.ts';

/** Figures of many runs, added up. Plain data: it crosses from thread to thread. */
export interface Totals {
  seeds: number;
  effects: number;
  fewestEffects: number;
  fewestConnections: number;
  fewestWorkers: number;
  faults: number;
  fewestFaults: number;
  refreshes: number;
  published: number;
  manifests: number;
  gaps: number;
  fills: number;
  required: number;
  modelSteps: number;
  seconds: number;
  /** `handler:effect` and `handler:effect fault` → how often. */
  readonly coverage: Record<string, number>;
  /** How often each promise was looked at. */
  readonly looks: Record<string, number>;
  /** Histories of each story. */
  readonly stories: Record<string, number>;
  readonly failures: { readonly seed: number; readonly failure: string }[];
}

export function noTotals(): Totals {
  return {
    seeds: 0,
    effects: 0,
    fewestEffects: Infinity,
    faults: 0,
    fewestFaults: Infinity,
    fewestConnections: Infinity,
    fewestWorkers: Infinity,
    refreshes: 0,
    published: 0,
    manifests: 0,
    gaps: 0,
    fills: 0,
    required: 0,
    modelSteps: 0,
    seconds: 0,
    coverage: {},
    looks: {},
    stories: {},
    failures: [],
  };
}

const SUMS = [
  'seeds',
  'effects',
  'faults',
  'refreshes',
  'published',
  'manifests',
  'gaps',
  'fills',
  'required',
  'modelSteps',
  'seconds',
] as const;

const FEWEST = ['fewestEffects', 'fewestFaults', 'fewestConnections', 'fewestWorkers'] as const;

export function addTotals(into: Totals, more: Totals): void {
  for (const name of SUMS) into[name] += more[name];
  for (const name of FEWEST) into[name] = Math.min(into[name], more[name]);
  for (const kind of ['coverage', 'looks', 'stories'] as const) {
    for (const [name, count] of Object.entries(more[kind])) into[kind][name] = (into[kind][name] ?? 0) + count;
  }
  into.failures.push(...more.failures);
}

/** Failures after which going on tells nothing more. */
const MOST_FAILURES = 5;

/** Runs seeds one after another, until `until` (epoch milliseconds) at the latest; `told` after each. */
export async function runSeeds(
  seeds: Iterable<number>,
  until = Infinity,
  told: (failures: Totals['failures']) => void = () => undefined,
): Promise<Totals> {
  const totals = noTotals();
  const began = performance.now();
  for (const seed of seeds) {
    if (Date.now() >= until || totals.failures.length >= MOST_FAILURES) break;
    const run = await runSeed(seed);
    const failures = run.failure === undefined ? [] : [{ seed, failure: run.failure }];
    addTotals(totals, {
      ...noTotals(),
      seeds: 1,
      effects: run.effects,
      fewestEffects: run.effects,
      faults: run.faults.length,
      fewestFaults: run.faults.length,
      fewestConnections: run.connections,
      fewestWorkers: run.workers,
      refreshes: run.refreshes,
      published: run.published,
      manifests: run.manifests,
      gaps: run.gaps,
      fills: run.fills,
      required: run.required,
      modelSteps: run.modelSteps,
      coverage: Object.fromEntries(run.coverage),
      looks: Object.fromEntries(run.looks),
      stories: { [run.story]: 1 },
      failures,
    });
    told(failures);
  }
  totals.seconds = (performance.now() - began) / 1000;
  return totals;
}

/** An effect that was met less often cannot be crashed in both ways for sure; unit tests crash at every effect. */
const OFTEN_ENOUGH = 20;

/** Effects at which the process never died before, or never died after. */
export function neverCrashed({ coverage }: Totals): readonly string[] {
  const met = effectsOf(coverage).filter((effect) => (coverage[effect] ?? 0) >= OFTEN_ENOUGH);
  return met.flatMap((effect) =>
    (['crash-before', 'crash-after'] as const)
      .filter((fault) => (coverage[`${effect} ${fault}`] ?? 0) === 0)
      .map((fault) => `${effect} ${fault}`),
  );
}

function effectsOf(coverage: Readonly<Record<string, number>>): readonly string[] {
  return Object.keys(coverage)
    .filter((name) => !name.includes(' '))
    .toSorted();
}

const SHORT: Readonly<Record<Fault, string>> = {
  'crash-before': 'crash<',
  'crash-after': 'crash>',
  'lost-reply': 'lost>',
  'lost-request': 'lost<',
  late: 'late',
  throttle: 'throt',
  delay: 'delay',
  'freeze-before': 'freeze<',
  'freeze-after': 'freeze>',
  partial: 'part',
  'stale-index': 'stale',
  truncated: 'trunc',
};

function table(title: string, rows: readonly (readonly [name: string, cells: readonly string[]])[]): string {
  const width = Math.max(title.length, ...rows.map(([name]) => name.length)) + 1;
  const head = [title.padEnd(width), 'times'.padStart(9), ...FAULTS.map((fault) => SHORT[fault].padStart(8))].join('');
  const lines = rows.map(([name, [times = '', ...cells]]) =>
    [name.padEnd(width), times.padStart(9), ...cells.map((cell) => cell.padStart(8))].join(''),
  );
  return [head, ...lines].join('\n');
}

/** Which fault was injected at which effect of which handler how often. */
export function coverageTable({ coverage }: Totals): string {
  const rows = effectsOf(coverage).map((place) => {
    const effect = place.split(':')[1] ?? '';
    const cells = FAULTS.map((fault) => {
      const count = coverage[`${place} ${fault}`];
      return count === undefined && !faultsFor(effect).includes(fault) ? '·' : String(count ?? 0);
    });
    return [place, [String(coverage[place]), ...cells]] as const;
  });
  return table('handler:effect', rows);
}

/** The same, added up by handler. */
export function coverageByHandler({ coverage }: Totals): string {
  const handlers = [...new Set(effectsOf(coverage).map((place) => place.split(':')[0] ?? ''))];
  const sum = (handler: string, tail: (name: string) => boolean) =>
    Object.entries(coverage)
      .filter(([name]) => name.startsWith(`${handler}:`) && tail(name))
      .reduce((total, [, count]) => total + count, 0);
  const rows = handlers.map((handler) => {
    const effects = effectsOf(coverage).filter((place) => place.startsWith(`${handler}:`)).length;
    const cells = FAULTS.map((fault) => String(sum(handler, (name) => name.endsWith(` ${fault}`))));
    return [
      `${handler} (${effects} effects)`,
      [String(sum(handler, (name) => !name.includes(' '))), ...cells],
    ] as const;
  });
  return table('handler', rows);
}

/** Promises and how often each was looked at. */
export function looksLine({ looks }: Totals): string {
  return Object.keys(PROMISES)
    .map((id) => `${id} ${looks[id] ?? 0}`)
    .join(', ');
}

/** Promises that no history had anything to look at for. */
export function neverLooked({ looks }: Totals): readonly string[] {
  return Object.keys(PROMISES).filter((id) => (looks[id] ?? 0) === 0);
}

export function figures(totals: Totals): string {
  const { seeds, effects, fewestEffects, faults, fewestFaults, refreshes, published, required, modelSteps } = totals;
  const { manifests, gaps, fills } = totals;
  return [
    `${seeds} seeds, each with ${totals.fewestConnections} connections and ${totals.fewestWorkers} invocations at once at least:`,
    `${effects} effects (${fewestEffects} at least), ${faults} faults (${fewestFaults} at least),`,
    `${Object.entries(totals.stories)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')};`,
    `${refreshes} token requests, ${published} messages, ${manifests} manifests, ${gaps} gap records of which ${fills} were filled, ${required} connections that wait for a person, ${modelSteps} steps that the models allow.`,
  ].join(' ');
}

/** A failure for people: what did not hold, what is left when everything needless is dropped, and how to see it again. */
export async function explain(seed: number, options: RunOptions = {}): Promise<string> {
  const first = await runSeed(seed, options);
  if (first.failure === undefined) return `Seed ${seed} holds.`;
  const { result, without, tries } = await shrink(first, options);
  const lines: string[] = [];
  await runSeed(seed, { ...options, without, trace: (line) => lines.push(line) });
  const faults = result.faults.map(({ key, fault }) => `  ${fault.padEnd(13)} ${key}`);
  const choices = result.choices.filter((key) => !without.has(key)).map((key) => `  ${key}`);
  return [
    `Seed ${seed} does not hold: ${result.failure ?? first.failure}`,
    `at ${result.at ?? first.at ?? '?'} on the virtual clock, after ${result.effects} effects.`,
    `Faults that it takes (${first.faults.length} at first, ${tries} runs to find out):`,
    ...faults,
    ...(choices.length === 0 ? [] : ['Steps of the schedule that it takes:', ...choices]),
    'The last effects:',
    ...lines.slice(-60).map((line) => `  ${line}`),
    `Replay: npm run simulate -- --seed ${seed}`,
  ].join('\n');
}
