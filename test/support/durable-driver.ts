import type { Durable } from '../../functions/core/reports/run-types.ts';

/** The process died here. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** What a durable execution has kept: the results of its steps, as JSON, in order. */
export interface Journal {
  readonly entries: { readonly name: string; readonly result: string }[];
}

export interface DriveOptions {
  readonly journal?: Journal;
  /** Called for each wait, with its milliseconds: a test moves its clock. */
  readonly onWait?: (ms: number) => void;
  /** What an invocation has, and how it runs down. Default: always fifteen minutes. */
  readonly remainingMs?: () => number;
  readonly onInvocation?: () => void;
}

export type Driven<T> = { readonly crashed: false; readonly result: T } | { readonly crashed: true };

/**
 * Runs a durable function in this process as Lambda would: steps once, waits by a new invocation that replays, a crash
 * by ending. Call it again with the same journal to resume. Fails when a replay takes another road than before.
 */
export async function drive<T>(work: (durable: Durable) => Promise<T>, options: DriveOptions = {}): Promise<Driven<T>> {
  const journal = options.journal ?? { entries: [] };
  for (;;) {
    options.onInvocation?.();
    const end = await invoke(work, journal, options);
    if (end.type === 'crash') return { crashed: true };
    if (end.type === 'result') return { crashed: false, result: end.value };
  }
}

type End<T> = { type: 'result'; value: T } | { type: 'suspended' } | { type: 'crash' };

function invoke<T>(work: (durable: Durable) => Promise<T>, journal: Journal, options: DriveOptions): Promise<End<T>> {
  return new Promise<End<T>>((resolve, reject) => {
    let place = 0;
    const replay = (name: string) => {
      const entry = journal.entries[place];
      if (!entry) return undefined;
      if (entry.name !== name) throw new Error(`Replay came to ${name} where ${entry.name} was`);
      place += 1;
      return entry;
    };
    const durable: Durable = {
      deadline: { remainingMs: options.remainingMs ?? (() => 900_000) },
      async step(name, run) {
        const entry = replay(name);
        if (entry) return JSON.parse(entry.result) as Awaited<ReturnType<typeof run>>;
        try {
          const text = JSON.stringify(await run());
          journal.entries.push({ name, result: text });
          place += 1;
          return JSON.parse(text) as Awaited<ReturnType<typeof run>>;
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          resolve({ type: 'crash' });
          return forever();
        }
      },
      async wait(name, ms) {
        if (replay(name)) return;
        journal.entries.push({ name, result: 'null' });
        options.onWait?.(ms);
        resolve({ type: 'suspended' });
        await forever();
      },
    };
    work(durable).then((value) => resolve({ type: 'result', value }), reject);
  });
}

/** Counts effects and crashes before or after one of them. */
export class Effects {
  count = 0;
  #crashAt: number | undefined;
  #after = false;

  crash(at: number, after: boolean): void {
    this.#crashAt = at;
    this.#after = after;
  }

  /** Every async method of `target` becomes an effect. */
  wrap<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const member = Reflect.get(object, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.run(() => (member as (...given: unknown[]) => unknown).apply(object, args));
      },
    });
  }

  async run<T>(effect: () => T): Promise<Awaited<T>> {
    this.count += 1;
    const hit = this.count === this.#crashAt;
    if (hit && !this.#after) throw new Crash('before an effect');
    const result = await effect();
    if (hit) throw new Crash('after an effect');
    return result;
  }
}

/** A dead process answers nobody. */
function forever(): Promise<never> {
  return new Promise(() => {});
}
