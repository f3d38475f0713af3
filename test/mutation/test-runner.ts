// A test runner for Stryker that loads an area's tests once, in its own process, and calls for each mutant those that
// reach it. Vitest starts a thread and loads every module again for each: a second's work for a millisecond's test.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, TestRun } from './call.ts';
import { collect, type Test } from './collect.ts';

/** What the instrumented code reads and writes: `INSTRUMENTER_CONSTANTS` of @stryker-mutator/api. */
interface Instruments {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: unknown;
}
type Times = Pick<Outcome, 'wallMs' | 'cpuMs'>;
interface MutantRun {
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly activeMutant: { readonly id: string };
  readonly mutantActivation: 'runtime' | 'static';
  readonly reloadEnvironment: boolean;
}

const instruments: Instruments = ((globalThis as { __stryker__?: Instruments }).__stryker__ ??= {});
const COLLECT = new URL('collect.ts', import.meta.url).href;
const PASSED = 0;
const FAILED = 1;
/** How long a test may take before it counts as hanging: so much, and so many times what it took without a mutant. */
const FIRST_PATIENCE_MS = 300_000;
const PATIENCE_MS = 3000;
const PATIENCE_FACTOR = 20;

/** A test that takes the processor longer would take it for every mutant that it reaches: it judges none. */
const SLOW_MS = 500;
/** Nor does what starts processes and measures their memory. */
const PROCESS_TESTS = ['**/{export,send}-memory.test.ts'];

/** In the sandbox: what each test took, for the processes that stand in for one that hung. */
const TIMES = 'test-times.json';

/** Modules of the sandbox carry the number of their loading, so that they can be loaded afresh. */
let loading = 0;

function redirectImports(sandbox: string): void {
  const own = ['functions', 'test', 'infra'].map((room) => pathToFileURL(join(sandbox, room)).href);
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'vitest' && context.parentURL !== COLLECT) return { url: COLLECT, shortCircuit: true };
      const resolved = next(specifier, context);
      const { url } = resolved;
      const isOwn = !url.includes('?') && own.some((room) => url.startsWith(`${room}/`));
      return isOwn ? { ...resolved, url: `${url}?${loading}` } : resolved;
    },
  });
}

async function loadTests(sandbox: string): Promise<readonly Test[]> {
  loading += 1;
  const patterns = (process.env['MUTATION_TESTS'] ?? 'test/unit').split(',');
  const files = patterns.flatMap((path) =>
    globSync(path.endsWith('.ts') ? path : `${path}/**/*.test.ts`, { cwd: sandbox, exclude: PROCESS_TESTS }).toSorted(),
  );
  const tests: Test[] = [];
  for (const file of new Set(files)) {
    tests.push(...(await collect(file, () => import(pathToFileURL(join(sandbox, file)).href))));
  }
  return tests;
}

class InProcessRunner {
  private tests: readonly Test[] = [];
  private usual: ReadonlyMap<string, Times>;
  private readonly sandbox: string;

  constructor(sandbox: string) {
    this.sandbox = sandbox;
    const times = join(sandbox, TIMES);
    this.usual = new Map(existsSync(times) ? (JSON.parse(readFileSync(times, 'utf8')) as [string, Times][]) : []);
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    this.tests = await loadTests(this.sandbox);
    const outcomes = await this.run(this.tests, { bail: false, onTest: (id) => void (instruments.currentTestId = id) });
    this.usual = new Map(outcomes.map(({ test, wallMs, cpuMs }) => [test.id, { wallMs, cpuMs }]));
    writeFileSync(join(this.sandbox, TIMES), JSON.stringify([...this.usual]));
    return { status: 'complete', tests: outcomes.map(toResult), mutantCoverage: instruments.mutantCoverage };
  }

  async mutantRun(options: MutantRun) {
    if (options.mutantActivation === 'static') instruments.activeMutant = options.activeMutant.id;
    try {
      if (options.reloadEnvironment || this.tests.length === 0) this.tests = await loadTests(this.sandbox);
      const verdict = await this.judge(options);
      if (verdict.status !== 'killed' || options.mutantActivation === 'static' || (await this.isSound(verdict.by))) {
        return verdict.result;
      }
      this.tests = await loadTests(this.sandbox);
      return (await this.judge(options)).result;
    } catch (error) {
      return { status: 'error', errorMessage: String(error) };
    } finally {
      instruments.activeMutant = undefined;
    }
  }

  /** A test that found a mutant passes without it, or the mutants before have left something behind. */
  private async isSound(test: Test): Promise<boolean> {
    instruments.activeMutant = undefined;
    instruments.hitLimit = undefined;
    const [outcome] = await this.run([test], { bail: true });
    return outcome?.failure === undefined;
  }

  private async judge({ activeMutant, testFilter, hitLimit }: MutantRun) {
    const wanted = testFilter && new Set(testFilter);
    const cost = ({ id }: Test) => this.usual.get(id)?.cpuMs ?? 0;
    const tests = this.tests
      .filter((test) => (wanted?.has(test.id) ?? true) && cost(test) <= SLOW_MS)
      .toSorted((one, other) => cost(one) - cost(other));
    Object.assign(instruments, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    const outcomes = await this.run(tests, { bail: true });
    const nrOfTests = outcomes.length;
    if (hitLimit !== undefined && (instruments.hitCount ?? 0) > hitLimit) {
      return { status: 'timeout', result: { status: 'timeout', reason: 'hit limit' } } as const;
    }
    const last = outcomes.at(-1);
    if (last?.failure === undefined) return { status: 'survived', result: { status: 'survived', nrOfTests } } as const;
    const result = { status: 'killed', killedBy: [last.test.id], failureMessage: last.failure, nrOfTests };
    return { status: 'killed', by: last.test, result } as const;
  }

  private async run(tests: readonly Test[], how: { bail: boolean; onTest?: (id: string | undefined) => void }) {
    const run = new TestRun();
    const outcomes: Outcome[] = [];
    for (const test of tests) {
      how.onTest?.(test.id);
      const usual = this.usual.get(test.id);
      const outcome = await run.call(test, usual ? PATIENCE_MS + PATIENCE_FACTOR * usual.wallMs : FIRST_PATIENCE_MS);
      how.onTest?.(undefined);
      outcomes.push(outcome);
      if (how.bail && outcome.failure !== undefined) break;
    }
    await run.end();
    return outcomes;
  }
}

const toResult = ({ test, cpuMs, failure }: Outcome) => ({
  id: test.id,
  name: test.name,
  fileName: join(process.cwd(), test.file),
  timeSpentMs: cpuMs,
  ...(failure === undefined ? { status: PASSED } : { status: FAILED, failureMessage: failure }),
});

function createInProcessRunner(): InProcessRunner {
  const sandbox = process.cwd();
  redirectImports(sandbox);
  return new InProcessRunner(sandbox);
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: createInProcessRunner }];
