/** What a killed process looks like to its own code: nothing works any more. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Where a process dies: before or after its n-th effect. */
export interface KillPoint {
  readonly effect: number;
  readonly when: 'before' | 'after';
}

/** One process: its effects are counted, and after its death nothing it does has any effect. */
export class Process {
  effects = 0;
  isDead = false;
  readonly names: string[] = [];
  readonly #kill: KillPoint | undefined;

  constructor(kill?: KillPoint) {
    this.#kill = kill;
  }

  async run<T>(name: string, effect: () => Promise<T>): Promise<T> {
    if (this.isDead) throw new Killed(name);
    const number = this.effects;
    this.effects += 1;
    this.names.push(name);
    const isHere = this.#kill?.effect === number;
    if (isHere && this.#kill?.when === 'before') return this.#die(name);
    const result = await effect();
    if (this.isDead || isHere) return this.#die(name);
    return result;
  }

  #die(name: string): never {
    this.isDead = true;
    throw new Killed(name);
  }
}

/** A port whose every asynchronous call is an effect of the process. */
export function throughProcess<T extends object>(
  process: Process,
  label: string,
  port: T,
  only?: readonly string[],
): T {
  return new Proxy(port, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== 'function' || typeof property !== 'string') return value;
      if (only !== undefined && !only.includes(property)) return value;
      return (...args: unknown[]) =>
        process.run(`${label}.${property}`, () =>
          Promise.resolve((value as (...of: unknown[]) => unknown).apply(target, args)),
        );
    },
  });
}
