import { type Hook, type Suite, suitesOf, type Test } from './collect.ts';

export interface Outcome {
  readonly test: Test;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly failure: string | undefined;
}

async function within(milliseconds: number, work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${milliseconds} ms`)), milliseconds);
  });
  await Promise.race([Promise.resolve().then(work), late]).finally(() => clearTimeout(timer));
}

const failureOf = (work: Promise<void>) => work.then(() => undefined, String);

async function callAll(suites: readonly Suite[], hook: Hook): Promise<void> {
  for (const suite of suites) for (const action of suite[hook]) await action();
}

/** Calls tests with what is declared around them; what is declared for all of a suite's tests, once. */
export class TestRun {
  private readonly begun = new Set<Suite>();

  async call(test: Test, patience: number): Promise<Outcome> {
    const start = performance.now();
    const cpuStart = process.cpuUsage();
    const suites = suitesOf(test);
    const failures = [
      await failureOf(within(patience, () => this.body(test, suites))),
      await failureOf(within(patience, () => callAll(suites.toReversed(), 'afterEach'))),
    ];
    const cpu = process.cpuUsage(cpuStart);
    return {
      test,
      wallMs: performance.now() - start,
      cpuMs: (cpu.user + cpu.system) / 1000,
      failure: failures.find((one) => one !== undefined),
    };
  }

  async end(): Promise<void> {
    await callAll([...this.begun].toReversed(), 'afterAll');
  }

  private async body(test: Test, suites: readonly Suite[]): Promise<void> {
    for (const suite of suites.filter((one) => !this.begun.has(one))) {
      this.begun.add(suite);
      await callAll([suite], 'beforeAll');
    }
    await callAll(suites, 'beforeEach');
    await test.body();
  }
}
