import { type RunOptions, type RunResult, runSeed } from './run.ts';

/** A failing run with everything dropped that it does not need. */
export interface Shrunk {
  readonly result: RunResult;
  readonly without: ReadonlySet<string>;
  readonly tries: number;
}

/** The promise that a message is about: what has to go on failing while faults are dropped. */
function promiseOf(failure: string | undefined): string | undefined {
  return failure
    ?.split(':')[0]
    ?.split(' returned')[0]
    ?.replace(/@[^ ]*/u, '');
}

/**
 * Drops faults and steps of the schedule, half of them at a time, then one by one, while the same promise still does
 * not hold. Every decision hangs on its own key, so that what is left goes on as before.
 */
export async function shrink(failed: RunResult, options: RunOptions = {}, mostTries = 200): Promise<Shrunk> {
  const wanted = promiseOf(failed.failure);
  let without = new Set<string>();
  let result = failed;
  let tries = 0;
  const drop = async (keys: readonly string[]): Promise<boolean> => {
    if (keys.length === 0 || tries >= mostTries) return false;
    tries += 1;
    const more = new Set([...without, ...keys]);
    const next = await runSeed(failed.seed, { ...options, without: more });
    if (promiseOf(next.failure) !== wanted) return false;
    without = more;
    result = next;
    return true;
  };
  for (let size = Math.ceil(failed.faults.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let start = 0;
    while (start < result.faults.length) {
      const keys = result.faults.slice(start, start + size).map(({ key }) => key);
      if (!(await drop(keys))) start += size;
    }
  }
  for (const key of result.choices) if (!without.has(key)) await drop([key]);
  return { result, without, tries };
}
