// A test runner for Stryker that loads an area's tests once, in its own process, and calls for each mutant those that
// reach it. Vitest starts a thread and loads every module again for each: a second's work for a millisecond's test.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, TestRun } from './call.ts';
import type { Test } from './collect.ts';
import { loadTests, redirectImports } from './load.ts';

/** What the instrumented code reads and writes: `INSTRUMENTER_CONSTANTS` of @stryker-mutator/api. */
interface Instruments {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>> };
}
/** What the run without a mutant tells of a test: what it took, and which mutants it reaches. */
interface Known extends Pick<Outcome, 'wallMs' | 'cpuMs'> {
  readonly reached: readonly string[];
}
interface MutantRun {
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly activeMutant: { readonly id: string };
  readonly sandboxFileName: string;
  readonly mutantActivation: 'runtime' | 'static';
  readonly reloadEnvironment: boolean;
}

const instruments: Instruments = ((globalThis as { __stryker__?: Instruments }).__stryker__ ??= {});
const PASSED = 0;
const FAILED = 1;
/** How long a test may take before it counts as hanging: so much, and so many times what it took without a mutant. */
const FIRST_PATIENCE_MS = 300_000;
const PATIENCE_MS = 3000;
const PATIENCE_FACTOR = 20;

/** A test that takes the processor longer would take it for every mutant that it reaches: it judges none. */
const SLOW_MS = 1000;
/** In the sandbox: what is known of each test, for the processes that stand in for one that hung. */
const KNOWN = 'known-tests.json';

class InProcessRunner {
  private tests: readonly Test[] = [];
  private known: ReadonlyMap<string, Known>;
  private readonly sandbox: string;

  constructor(sandbox: string) {
    this.sandbox = sandbox;
    const known = join(sandbox, KNOWN);
    this.known = new Map(existsSync(known) ? (JSON.parse(readFileSync(known, 'utf8')) as [string, Known][]) : []);
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    this.tests = await loadTests(this.sandbox);
    const outcomes = await this.run(this.tests, { bail: false, onTest: (id) => void (instruments.currentTestId = id) });
    const reached = instruments.mutantCoverage?.perTest ?? {};
    this.known = new Map(
      outcomes.map(({ test: { id }, wallMs, cpuMs }) => [
        id,
        { wallMs, cpuMs, reached: Object.keys(reached[id] ?? {}) },
      ]),
    );
    writeFileSync(join(this.sandbox, KNOWN), JSON.stringify([...this.known]));
    return { status: 'complete', tests: outcomes.map(toResult), mutantCoverage: instruments.mutantCoverage };
  }

  async mutantRun(options: MutantRun) {
    if (options.mutantActivation === 'static') instruments.activeMutant = options.activeMutant.id;
    try {
      if (options.mutantActivation === 'static') {
        this.tests = await loadTests(this.sandbox, this.filesThatReach(options.sandboxFileName));
      } else if (options.reloadEnvironment || this.tests.length === 0) this.tests = await loadTests(this.sandbox);
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

  /** What a module computes when it is loaded is judged by the tests that use the module; by all where none does more. */
  private filesThatReach(mutated: string): readonly string[] | undefined {
    const ids = new Set(readFileSync(mutated, 'utf8').match(/(?<=stryMutAct_9fa48\(")\d+(?="\))/g));
    const tests = [...this.known].filter(([, { reached }]) => reached.some((id) => ids.has(id)));
    const files = new Set(tests.map(([id]) => id.slice(0, id.indexOf('#'))));
    return files.size === 0 ? undefined : [...files];
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
    const cost = ({ id }: Test) => this.known.get(id)?.cpuMs ?? 0;
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
      const usual = this.known.get(test.id);
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
