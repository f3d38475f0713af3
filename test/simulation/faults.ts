import { between, chance, pick } from './random.ts';

/** What can go wrong with one effect. */
export const FAULTS = [
  /** The process ends before the effect reaches anything. */
  'crash-before',
  /** The effect took place, and the process ends before it hears of it. */
  'crash-after',
  /** Took place; the reply never comes. */
  'lost-reply',
  /** Never arrived; no reply comes. */
  'lost-request',
  /** No reply comes, and the request arrives after the caller has given up. */
  'late',
  /** Turned away at once. */
  'throttle',
  /** Answers, but slowly. */
  'delay',
  /** The process stands still before the effect. */
  'freeze-before',
  /** The process stands still between the effect and its reply. */
  'freeze-after',
  /** Some entries of a batch go through and some do not. */
  'partial',
  /** An index answers with what was true a while ago. */
  'stale-index',
  /** An answer that is cut off. */
  'truncated',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Faults after which nobody can know what became of the effect. */
export const AMBIGUOUS: readonly Fault[] = [
  'crash-before',
  'crash-after',
  'lost-reply',
  'lost-request',
  'late',
  'truncated',
];

const EVERYWHERE: readonly Fault[] = [
  'crash-before',
  'crash-after',
  'lost-reply',
  'lost-request',
  'late',
  'throttle',
  'delay',
  'freeze-before',
  'freeze-after',
];
/** What may happen where nothing is allowed to get lost: there the promises hold without an exception. */
const GENTLE: readonly Fault[] = ['throttle', 'delay', 'stale-index', 'partial'];

const SPECIAL: readonly (readonly [RegExp, Fault])[] = [
  [/^publisher\.publish$/u, 'partial'],
  [/^outbox\.markPublished$/u, 'partial'],
  [/^(?:store\.(?:due|rejected)|jobs\.due|alerts\.open)$/u, 'stale-index'],
  [/^send\.token$/u, 'truncated'],
];

/** Where a token or a chain is at stake, and what seldom happens, meets faults more often. */
const OFTEN =
  /^(?:send\.token|store\.(?:lease|commit|change|reject$|disconnect|reopen)|rescue\.|publisher\.|outbox\.markPublished|windows\.|archive\.|breakers\.(?:save|close|addRefusals)|budgets\.block|durable\.|jobs\.(?:find|wake)|lambda\.|signer\.|alerts\.(?:commit|saveCheckpoint)|hooks\.|work\.add|latencies\.)/u;

/** Handlers that run in each history: the others are seldom there, and meet faults more often when they are. */
const EVERYWHERE_RUN = ['token-refresher', 'event-publisher'];

function boostOf(handler: string, effect: string): number {
  if (OFTEN.test(effect)) return 6;
  return EVERYWHERE_RUN.includes(handler) ? 1 : 3;
}

/** Effects that most runs do not have at all, as `handler:effect`. */
const SELDOM =
  /:(?:breakers\.(?:save|close|addRefusals)|budgets\.block|windows\.fail|rescue\.(?:put|remove)|store\.(?:reopen|disconnect|reject)$|work\.(?:done|postpone))|^(?:operator:(?:jobs|windows|store)\.|report-export:archive\.remove)/u;

/** Effects that one run in a hundred has: they are crashed before and after, and nothing else. */
const RAREST =
  /:(?:budgets\.block|jobs\.release|outbox\.setAside|breakers\.(?:close|addRefusals)|authorizations\.finish|hooks\.(?:foundOff|remove))$|^(?:report-export|event-publisher):(?:store\.reject|windows\.fail|lambda\.nudge)$/u;
const CRASHES: readonly Fault[] = ['crash-before', 'crash-after'];

const known = new Map<string, readonly Fault[]>();

/** Which faults make sense at an effect. */
export function faultsFor(effect: string): readonly Fault[] {
  const list = known.get(effect) ?? listFaults(effect);
  known.set(effect, list);
  return list;
}

function listFaults(effect: string): readonly Fault[] {
  const special = SPECIAL.filter(([pattern]) => pattern.test(effect)).map(([, fault]) => fault);
  // A checkpoint of a durable execution and the start of one are AWS's: their answers are lost with the process only.
  const base = effect.startsWith('durable.')
    ? EVERYWHERE.filter((fault) => /^(?:crash|delay)/u.test(fault))
    : EVERYWHERE;
  return [...base, ...special, ...special];
}

export interface InjectedFault {
  readonly key: string;
  readonly effect: string;
  readonly fault: Fault;
}

/** Decides, by seed and key alone, what happens to each effect; remembers what it did. */
export class FaultPlan {
  readonly injected: InjectedFault[] = [];
  /** Steps of the schedule that were taken and need not be. */
  readonly choices: string[] = [];
  /** `handler:effect fault` → how often; `handler:effect` alone counts the effect itself. */
  readonly coverage = new Map<string, number>();
  readonly gentle: boolean;
  calm = false;
  readonly #seed: number;
  readonly #without: ReadonlySet<string>;
  readonly #rate: number;
  readonly #sure: number;
  #count = 0;
  #drawn = 0;

  constructor(seed: number, without: ReadonlySet<string> = new Set()) {
    this.#seed = seed;
    this.#without = without;
    this.gentle = chance(seed, 'gentle') < 0.25;
    this.#rate = pick(seed, 'fault-rate', [0.004, 0.01, 0.02, 0.05]);
    this.#sure = between(seed, 'sure-fault', 30, 140);
  }

  /** Whether a step of the schedule (a duplicate tick, a disconnect) is taken; each is droppable like a fault. */
  allows(key: string): boolean {
    if (this.#without.has(key)) return false;
    this.choices.push(key);
    return true;
  }

  draw(key: string, handler: string, effect: string): Fault | undefined {
    const place = `${handler}:${effect}`;
    this.#count += 1;
    this.#tell(place);
    if (this.calm) return undefined;
    // Every run has a fault: where none has come by itself, one comes then.
    const isSure = (this.#count >= this.#sure && this.#drawn === 0) || this.#isDown(key, effect);
    const isRarest = RAREST.test(place);
    const isSeldom = SELDOM.test(place);
    const usual = Math.min(0.12, this.#rate * boostOf(handler, effect));
    if (!isSure && chance(this.#seed, `fault ${key}`) >= (isRarest ? 0.6 : isSeldom ? 0.3 : usual)) return undefined;
    const isCrash = isRarest || (isSeldom && chance(this.#seed, `crash ${key}`) < 0.4);
    const all = isCrash ? CRASHES : faultsFor(effect);
    const list = this.gentle ? all.filter((fault) => GENTLE.includes(fault)) : all;
    const fault = this.#isDown(key, effect) ? 'throttle' : pick(this.#seed, `kind ${key}`, list);
    if (fault === undefined) return undefined;
    this.#drawn += 1;
    if (this.#without.has(key)) return undefined;
    this.injected.push({ key, effect, fault });
    this.#tell(`${place} ${fault}`);
    return fault;
  }

  /** Some invocations find the table down for every commit that they try: what they bought has to be spilled. */
  #isDown(key: string, effect: string): boolean {
    return effect === 'store.commit' && chance(this.#seed, `table down ${key.split('/')[0]}`) < this.#rate;
  }

  get effects(): number {
    return this.#count;
  }

  #tell(what: string): void {
    this.coverage.set(what, (this.coverage.get(what) ?? 0) + 1);
  }
}
