import type { Model } from './explore.ts';

/** A record as it stands in the archive: a manifest or a gap record. */
interface Standing {
  readonly window: number;
  readonly sequence: number;
  readonly previous: number;
  readonly whole: boolean;
}

/** One run of one attempt; `sequence` and `previous` are what it read of the chain's head. */
interface Runner {
  readonly at: 'idle' | 'planned' | 'read' | 'written';
  readonly window: number;
  readonly attempt: number;
  readonly sequence: number;
}

export interface ChainState {
  /** The window that runs, and its attempt; 0 is none. */
  readonly current: readonly [window: number, attempt: number];
  readonly sequence: number;
  readonly sealed: readonly number[];
  readonly attempts: readonly number[];
  readonly archive: readonly Standing[];
  /** Parts that are written, by window. */
  readonly parts: readonly number[];
  readonly runners: readonly Runner[];
  readonly crashes: number;
  readonly stalls: number;
}

export interface ChainOptions {
  readonly windows?: number;
  readonly crashes?: number;
  /** Attempts that are given up while their run may only be asleep. */
  readonly stalls?: number;
  readonly rules?: ChainRules;
}

/** What the writing of a record hangs on. */
export interface RecordConditions {
  /** The attempt is still the running one. */
  readonly runs: boolean;
  /** There is a record of this window already. */
  readonly isTaken: boolean;
  /** Everything that it names is there. */
  readonly hasParts: boolean;
}

/** The protocol's conditions, which the trace check asks too. */
export interface ChainRules {
  mayBegin(runningWindow: number): boolean;
  mayWrite(conditions: RecordConditions): boolean;
  /** `fits`: the record follows the chain's head. */
  maySeal(conditions: { readonly runs: boolean; readonly fits: boolean }): boolean;
}

export const CHAIN_RULES: ChainRules = {
  mayBegin: (runningWindow) => runningWindow === 0,
  mayWrite: ({ runs, isTaken, hasParts }) => runs && !isTaken && hasParts,
  maySeal: ({ runs, fits }) => runs && fits,
};

const IDLE: Runner = { at: 'idle', window: 0, attempt: 0, sequence: 0 };

/** Windows of one job, their attempts, the record of each, and the chain's head. */
export function chainModel(options: ChainOptions = {}): Model<ChainState> {
  const { windows = 2, crashes = 1, stalls = 1, rules = CHAIN_RULES } = options;
  const put = (state: ChainState, index: number, runner: Runner): ChainState => ({
    ...state,
    runners: state.runners.map((other, place) => (place === index ? runner : other)),
  });
  const seal = (state: ChainState, index: number, runner: Runner): ChainState | undefined => {
    const standing = state.archive.find(({ window }) => window === runner.window);
    if (standing === undefined) return undefined;
    const runs = state.current[0] === runner.window && state.current[1] === runner.attempt;
    const fits = standing.sequence === state.sequence + 1;
    if (!rules.maySeal({ runs, fits })) return put(state, index, IDLE);
    return {
      ...put(state, index, IDLE),
      current: [0, 0],
      sequence: standing.sequence,
      sealed: [...state.sealed, runner.window],
    };
  };
  return {
    initial: {
      current: [0, 0],
      sequence: 0,
      sealed: [],
      attempts: Array.from({ length: windows + 1 }, () => 0),
      archive: [],
      parts: [],
      runners: [IDLE, IDLE],
      crashes,
      stalls,
    },
    *steps(state) {
      const [window, attempt] = state.current;
      const next = state.sealed.length + 1;
      if (rules.mayBegin(window) && next <= windows) {
        const attempts = state.attempts.map((count, at) => (at === next ? count + 1 : count));
        yield ['the poller begins', { ...state, attempts, current: [next, attempts[next] ?? 1] }];
      }
      if (window !== 0 && state.stalls > 0) {
        yield ['the poller gives an attempt up', { ...state, current: [0, 0], stalls: state.stalls - 1 }];
      }
      for (const [index, runner] of state.runners.entries()) {
        const name = `run ${index}`;
        if (runner.at === 'idle') {
          const planned: Runner = { at: 'planned', window, attempt, sequence: state.sequence + 1 };
          if (window !== 0) yield [`${name} plans`, put(state, index, planned)];
          continue;
        }
        if (state.crashes > 0) yield [`${name} dies`, { ...put(state, index, IDLE), crashes: state.crashes - 1 }];
        if (runner.at === 'planned') {
          const read = put(state, index, { ...runner, at: 'read' });
          yield [`${name} writes parts`, { ...read, parts: [...new Set([...state.parts, runner.window])] }];
        }
        const isEarly = runner.at === 'planned' && !state.parts.includes(runner.window);
        if (runner.at === 'read' || (isEarly && rules.mayWrite(conditionsOf(state, runner)))) {
          yield [`${name} writes the record`, written(state, index, runner)];
        }
        if (runner.at === 'written') {
          const sealedState = seal(state, index, runner);
          if (sealedState !== undefined) yield [`${name} seals`, sealedState];
        }
      }
    },
    violation({ archive, parts, sealed, sequence }) {
      for (const { window, whole } of archive) {
        if (!whole || !parts.includes(window)) return 'I18: a manifest names parts that are not there';
      }
      const perWindow = new Set(archive.map(({ window }) => window));
      if (perWindow.size !== archive.length) return 'I19: two records of one window';
      if (new Set(sealed).size !== sealed.length) return 'I19: a window is sealed twice';
      if (sealed.some((window, place) => window !== place + 1)) return 'I19: windows do not tile';
      if (sealed.length !== sequence) return 'I19: the chain’s head is not the number of its records';
      const inChain = archive.filter(({ window }) => sealed.includes(window));
      if (inChain.some(({ window, sequence: own, previous }) => own !== window || previous !== own - 1)) {
        return 'I19: a record names another one before it';
      }
      return undefined;
    },
  };

  function conditionsOf(state: ChainState, { window, attempt }: Runner): RecordConditions {
    return {
      runs: state.current[0] === window && state.current[1] === attempt,
      isTaken: state.archive.some((standing) => standing.window === window),
      hasParts: state.parts.includes(window),
    };
  }

  /** Only once, if it is not there; a run whose attempt was given up writes none. */
  function written(state: ChainState, index: number, runner: Runner): ChainState {
    const next = put(state, index, { ...runner, at: 'written' });
    if (!rules.mayWrite(conditionsOf(state, runner))) return next;
    const { window, sequence } = runner;
    const standing = { window, sequence, previous: sequence - 1, whole: state.parts.includes(window) };
    return { ...next, archive: [...state.archive, standing] };
  }
}
