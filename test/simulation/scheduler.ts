import type { Clock, Deadline } from '../../functions/core/time.ts';
import { AMBIGUOUS, type Fault, FaultPlan } from './faults.ts';
import { between, chance } from './random.ts';

/** How an effect fails, and how long it takes, in the terms of its port. */
export interface EffectProfile {
  /** Milliseconds there and back. */
  readonly latency: readonly [number, number];
  /** After how long a caller gives up waiting. */
  readonly timeoutMs: number;
  readonly unanswered: () => Error;
  /** What a throttled call comes to: an answer or an error. */
  readonly throttled: () => unknown;
}

/** Which version of the code runs: the one before the present, or this one. */
export type Release = 'before' | 'now';

/** One run of one function: what it begins is lost with it. */
export interface Invocation {
  readonly key: string;
  readonly function: string;
  readonly release: Release;
  readonly clock: Clock;
  readonly deadline: Deadline;
  readonly startedAt: number;
  readonly endsAt: number;
  isDead: boolean;
  isDone: boolean;
  /** Effects under way. */
  pending: number;
  effects: number;
  /** Faults that it met. */
  readonly faults: { readonly fault: Fault; readonly effect: string }[];
  /** Which connection's item or token it touched, and how. */
  readonly touched: { readonly effect: string; readonly name: string }[];
  /** How often a budget that it drew on was used up. */
  waits: number;
  /** Connections that an index named to it. */
  readonly indexed: Set<string>;
  error?: unknown;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Virtual time, and every instant at which something can happen: a port's effect, its reply, a tick, a time-out.
 *
 * Code between two effects runs to its end at once, as it does in one process; which effect comes next is the seed's
 * to say. Nothing else decides an order, so that a seed is a whole history.
 */
export class Scheduler {
  now: number;
  readonly seed: number;
  readonly faults: FaultPlan;
  readonly invocations: Invocation[] = [];
  /** Called after every event at which something took place. */
  afterStep: () => void = () => undefined;
  /** The same for what takes time to look at. */
  afterVerify: (() => Promise<void> | undefined) | undefined;
  /** Told about every effect, in the order in which they take place. */
  trace: ((line: string) => void) | undefined;
  /** Most invocations that ran at the same time. */
  mostAtOnce = 0;
  #alive: Invocation[] = [];
  readonly #mourners = new Map<Invocation, () => void>();
  readonly #events: Event[] = [];
  #order = 0;
  #steps = 0;

  constructor(seed: number, start: Date, faults: FaultPlan) {
    this.seed = seed;
    this.now = start.getTime();
    this.faults = faults;
  }

  get steps(): number {
    return this.#steps;
  }

  at(time: number, run: () => void): void {
    const event = { at: Math.max(time, this.now), order: (this.#order += 1), run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle] as Event;
      // Latest first, so that the next event is popped off the end.
      if (other.at > event.at || (other.at === event.at && other.order > event.order)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  /** Runs what happens until then; each event's code runs until it waits for another. */
  async run(until: number): Promise<void> {
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.at > until) break;
      this.#events.pop();
      this.now = next.at;
      this.#steps += 1;
      next.run();
      await new Promise(setImmediate);
      this.afterStep();
      const verifying = this.afterVerify?.();
      if (verifying !== undefined) await verifying;
    }
    this.now = until;
  }

  /** Starts an invocation; it is ended at its time-out, wherever it is. `skewMs`: how far its clock is off by now. */
  invoke(
    key: string,
    seconds: number,
    skewMs: () => number,
    work: (invocation: Invocation) => Promise<unknown>,
    release: Release = 'now',
  ): Invocation {
    const endsAt = this.now + seconds * 1000;
    const invocation: Invocation = {
      key,
      function: key.split('@')[0] ?? key,
      release,
      clock: { now: () => new Date(this.now + skewMs()) },
      deadline: { remainingMs: () => Math.max(0, endsAt - this.now) },
      startedAt: this.now,
      endsAt,
      isDead: false,
      isDone: false,
      pending: 0,
      effects: 0,
      faults: [],
      touched: [],
      waits: 0,
      indexed: new Set(),
    };
    this.invocations.push(invocation);
    this.#alive = [...this.#alive.filter(({ isDone, isDead }) => !isDone && !isDead), invocation];
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#alive.length);
    this.trace?.(`${this.#clockText()} ${key} begins`);
    const end = (error?: unknown) => {
      if (invocation.isDead) return;
      invocation.isDone = true;
      if (error !== undefined) invocation.error = error;
    };
    work(invocation).then(
      () => end(),
      (error: unknown) => end(error ?? new Error('rejected with nothing')),
    );
    this.at(endsAt, () => {
      if (!invocation.isDone && !invocation.isDead) this.kill(invocation, 'time-out');
    });
    return invocation;
  }

  kill(invocation: Invocation, why: string): void {
    if (invocation.isDead || invocation.isDone) return;
    invocation.isDead = true;
    this.trace?.(`${this.#clockText()} ${invocation.key} is dead: ${why}`);
    this.#mourners.get(invocation)?.();
  }

  whenDead(invocation: Invocation, then: () => void): void {
    this.#mourners.set(invocation, then);
  }

  /** A pause that a function makes on purpose. */
  wait(invocation: Invocation, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, () => {
        if (!invocation.isDead) resolve();
      });
    });
  }

  /** One effect of one invocation: when it takes place, and whether and when its caller hears of it. */
  effect<T>(
    invocation: Invocation,
    name: string,
    profile: EffectProfile,
    apply: (fault: Fault | undefined) => Promise<T>,
  ): Promise<T> {
    // Nothing of a dead process runs on.
    if (invocation.isDead) return new Promise(() => undefined);
    const key = `${invocation.key}/${invocation.effects}:${name}`;
    invocation.effects += 1;
    const fault = this.faults.draw(key, invocation.function, name);
    if (fault !== undefined) invocation.faults.push({ fault, effect: name });
    invocation.pending += 1;
    return new Promise<T>((resolve, reject) => {
      const [low, high] = profile.latency;
      const there = between(this.seed, `there ${key}`, low, high);
      const answer = (settle: () => void) => {
        if (invocation.isDead) return;
        invocation.pending -= 1;
        settle();
      };
      const note = (what: string) => this.trace?.(`${this.#clockText()} ${key}${what}${fault ? ` [${fault}]` : ''}`);
      /** On the wire when its process died: it may arrive all the same. */
      const arrives = () => !invocation.isDead || chance(this.seed, `wire ${key}`) < 0.5;
      const takePlace = (reply: (settle: () => void) => void) => {
        if (!arrives()) return;
        note('');
        apply(fault).then(
          (value) => reply(() => resolve(value)),
          (error: unknown) => reply(() => reject(error)),
        );
      };
      const giveUp = () => this.after(profile.timeoutMs, () => answer(() => reject(profile.unanswered())));
      const usual = (replyAfter: number) =>
        takePlace((settle) => {
          if (replyAfter === 0) answer(settle);
          else this.after(replyAfter, () => answer(settle));
        });
      const back = chance(this.seed, `back ${key}`) < 0.35 ? between(this.seed, `reply ${key}`, low, high) : 0;
      const pause = between(this.seed, `pause ${key}`, 15_000, 60_000);
      switch (fault) {
        case 'crash-before':
          return this.after(there, () => this.kill(invocation, `before ${name}`));
        case 'crash-after':
          return this.after(there, () => {
            takePlace(() => undefined);
            this.kill(invocation, `after ${name}`);
          });
        case 'lost-reply':
          giveUp();
          return this.after(there, () => takePlace(() => undefined));
        case 'lost-request':
          note(' never arrives');
          return giveUp();
        case 'late':
          giveUp();
          return this.after(profile.timeoutMs + (pause >> 2), () => {
            note(' arrives late');
            void apply(fault).catch(() => undefined);
          });
        case 'throttle':
          note('');
          return this.after(there, () =>
            answer(() => {
              try {
                resolve(profile.throttled() as T);
              } catch (error) {
                reject(error);
              }
            }),
          );
        case 'delay':
          return this.after(there + (pause >> 3), () => usual(0));
        case 'freeze-before':
          // A process that is over when it thaws sends nothing any more.
          return this.after(pause, () => {
            if (!invocation.isDead) usual(0);
          });
        case 'freeze-after':
          return this.after(there, () => usual(pause));
        case undefined:
        case 'partial':
        case 'stale-index':
        case 'truncated':
          // The port makes these true, if it was reached at all.
          return this.after(there, () => usual(back));
      }
    });
  }

  #clockText(): string {
    return new Date(this.now).toISOString().slice(8, 23);
  }
}

/** Whether an invocation met anything after which the fate of an effect is unknown. */
export function wasDisturbed(invocation: Invocation): boolean {
  return invocation.isDead || invocation.faults.some(({ fault }) => AMBIGUOUS.includes(fault));
}
