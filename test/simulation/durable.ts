import type { Durable, ExportInput } from '../../functions/core/reports/run-types.ts';
import { between } from './random.ts';
import type { EffectProfile, Invocation, Release, Scheduler } from './scheduler.ts';

/** What a durable execution has kept. */
export interface Execution {
  readonly name: string;
  readonly input: ExportInput;
  /** The version that it was begun with: a deploy retains it. */
  readonly release: Release;
  readonly entries: { readonly name: string; readonly result: string; readonly failed: boolean }[];
  state: 'running' | 'done';
  invocations: number;
  crashes: number;
}

const SERVICE: EffectProfile = {
  latency: [5, 40],
  timeoutMs: 4000,
  unanswered: () => new Error('The durable service did not answer'),
  throttled: () => {
    throw new Error('throttled');
  },
};

/** Lambda's durable executions: a name runs once, what a crash cut off is invoked again and replays its steps. */
export class Executions {
  readonly all = new Map<string, Execution>();
  readonly violations: string[] = [];
  readonly #scheduler: Scheduler;
  readonly #run: (invocation: Invocation, execution: Execution, durable: Durable) => Promise<unknown>;

  constructor(
    scheduler: Scheduler,
    run: (invocation: Invocation, execution: Execution, durable: Durable) => Promise<unknown>,
  ) {
    this.#scheduler = scheduler;
    this.#run = run;
  }

  start(name: string, input: ExportInput, release: Release): void {
    if (this.all.has(name)) return;
    const execution: Execution = { name, input, release, entries: [], state: 'running', invocations: 0, crashes: 0 };
    this.all.set(name, execution);
    this.#scheduler.after(50, () => this.#invoke(execution));
  }

  /** Runs a finished execution's input once more from the beginning, as an operator's second start would. */
  again(execution: Execution): void {
    this.#invoke({
      ...execution,
      entries: [],
      state: 'running',
      invocations: 0,
      name: `${execution.name}-again`,
    });
  }

  #invoke(execution: Execution): void {
    if (execution.state === 'done') return;
    execution.invocations += 1;
    const { job, from, attempt } = execution.input;
    const key = `report-export@${job}-${from}-${attempt}${execution.name.endsWith('-again') ? '-again' : ''}#${execution.invocations}`;
    const invocation = this.#scheduler.invoke(
      key,
      900,
      () => 0,
      async (mine) => {
        const durable = this.#durable(execution, mine);
        await this.#run(mine, execution, durable);
        execution.state = 'done';
      },
      execution.release,
    );
    this.#scheduler.whenDead(invocation, () => {
      execution.crashes += 1;
      const wait = between(this.#scheduler.seed, `again ${key}`, 1000, 20_000);
      this.#scheduler.after(wait, () => this.#invoke(execution));
    });
  }

  #durable(execution: Execution, invocation: Invocation): Durable {
    let place = 0;
    const replay = (name: string) => {
      const entry = execution.entries[place];
      if (entry === undefined) return undefined;
      if (entry.name !== name) this.violations.push(`E01: a replay came to ${name} where ${entry.name} was`);
      place += 1;
      return entry;
    };
    const checkpoint = (name: string, result: string, failed = false) =>
      this.#scheduler.effect(invocation, 'durable.checkpoint', SERVICE, async () => {
        if (execution.entries.length === place) execution.entries.push({ name, result, failed });
        place += 1;
      });
    return {
      deadline: invocation.deadline,
      step: async (name, work) => {
        const entry = replay(name);
        if (entry?.failed === true) throw new Error(entry.result);
        if (entry !== undefined) return JSON.parse(entry.result) as Awaited<ReturnType<typeof work>>;
        let result: string;
        try {
          result = JSON.stringify(await work());
        } catch (error) {
          await checkpoint(name, String(error), true);
          throw error;
        }
        await checkpoint(name, result);
        return JSON.parse(result) as Awaited<ReturnType<typeof work>>;
      },
      wait: async (name, ms) => {
        if (replay(name) !== undefined) return;
        await checkpoint(name, 'null');
        // The invocation ends here; nothing of it runs on.
        invocation.isDone = true;
        this.#scheduler.after(ms, () => this.#invoke(execution));
        await new Promise(() => undefined);
      },
    };
  }
}
