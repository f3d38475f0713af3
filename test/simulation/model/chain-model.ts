import type { Model } from './explore.ts';

export type Action = 'export' | 'gap' | 'fill';

/** A record as it stands in the archive. `fills`: the number of the gap record that an export fills. */
interface Standing {
  readonly window: number;
  readonly kind: 'export' | 'gap';
  readonly sequence: number;
  readonly fills: number;
}

interface ModelWindow {
  readonly state: 'new' | 'running' | 'failed' | 'gap' | 'exported';
  readonly action: Action;
  readonly attempt: number;
  /** A record that nobody was told of may stand. */
  readonly mayStand: boolean;
  readonly asked: boolean;
}

/** One run of one attempt; `sequence` is the number after the chain's head that it read. */
interface Runner {
  readonly at: 'idle' | 'planned' | 'read' | 'written';
  readonly window: number;
  readonly attempt: number;
  readonly action: Action;
  readonly sequence: number;
  /** A record stood when it planned, and counts. */
  readonly adopts: boolean;
}

export interface ChainState {
  readonly windows: readonly ModelWindow[];
  /** The window that runs; -1 is none. */
  readonly current: number;
  readonly sequence: number;
  readonly archive: readonly Standing[];
  /** Places in the archive of the records that are in the chain, in its order. */
  readonly sealed: readonly number[];
  /** Windows whose parts are written. */
  readonly parts: readonly number[];
  readonly runners: readonly Runner[];
  readonly crashes: number;
  readonly stalls: number;
  readonly failures: number;
  readonly asks: number;
}

export interface ChainOptions {
  readonly windows?: number;
  readonly crashes?: number;
  /** Attempts that are given up while their run may only be asleep. */
  readonly stalls?: number;
  /** Attempts that end without a record, after which a window may be given up. */
  readonly failures?: number;
  /** Gaps that somebody asks to be filled. */
  readonly asks?: number;
  readonly rules?: ChainRules;
}

/** What beginning an attempt hangs on. */
export interface BeginConditions {
  /** A window of the job runs. */
  readonly isBusy: boolean;
  readonly action: Action;
  readonly state: ModelWindow['state'];
  /** A record of another window may stand, unknown to the chain. */
  readonly standsElsewhere: boolean;
}

/** What the writing of a record hangs on. */
export interface RecordConditions {
  /** The attempt is still the running one. */
  readonly runs: boolean;
  /** Its place in the archive is taken. */
  readonly isTaken: boolean;
  /** Everything that it names is there: parts, and the gap that it fills. */
  readonly hasAll: boolean;
}

/** The protocol's conditions, which the trace check asks too. */
export interface ChainRules {
  mayBegin(conditions: BeginConditions): boolean;
  mayWrite(conditions: RecordConditions): boolean;
  /** `fits`: the record follows the chain's head. */
  maySeal(conditions: { readonly runs: boolean; readonly fits: boolean }): boolean;
}

export const CHAIN_RULES: ChainRules = {
  mayBegin: ({ isBusy, action, state, standsElsewhere }) =>
    !isBusy && !standsElsewhere && (action === 'fill' ? state === 'gap' : state === 'new' || state === 'failed'),
  mayWrite: ({ runs, isTaken, hasAll }) => runs && !isTaken && hasAll,
  maySeal: ({ runs, fits }) => runs && fits,
};

const NEW: ModelWindow = { state: 'new', action: 'export', attempt: 0, mayStand: false, asked: false };
const IDLE: Runner = { at: 'idle', window: -1, attempt: 0, action: 'export', sequence: 0, adopts: false };

/** Windows of one job, their attempts, the records of each, and the chain's head. */
export function chainModel(options: ChainOptions = {}): Model<ChainState> {
  const { windows = 2, crashes = 1, stalls = 1, failures = 0, asks = 0, rules = CHAIN_RULES } = options;
  const withRunner = (state: ChainState, place: number, runner: Runner): ChainState => ({
    ...state,
    runners: state.runners.map((other, at) => (at === place ? runner : other)),
  });
  const withWindow = (state: ChainState, place: number, change: Partial<ModelWindow>): ChainState => ({
    ...state,
    windows: state.windows.map((window, at) => (at === place ? { ...window, ...change } : window)),
  });
  const runs = ({ current, windows: all }: ChainState, { window, attempt }: Runner) =>
    current === window && all[window]?.attempt === attempt;

  /** An attempt that ended without its record: a gap that could not be filled stays one. */
  const ended = (state: ChainState, place: number, mayStand: boolean): ChainState => {
    const { action, mayStand: stood, asked } = state.windows[place] as ModelWindow;
    const isFill = action === 'fill';
    const stands = mayStand || (action === 'gap' && stood);
    const change = { mayStand: stands, asked: isFill ? stands : asked } as const;
    return { ...withWindow(state, place, { ...change, state: isFill ? 'gap' : 'failed' }), current: -1 };
  };

  function* begin(state: ChainState): Generator<readonly [string, ChainState]> {
    const next = state.windows.findIndex((window) => !['gap', 'exported'].includes(window.state));
    const may = (place: number, action: Action) =>
      rules.mayBegin({
        isBusy: state.current >= 0,
        action,
        state: (state.windows[place] as ModelWindow).state,
        standsElsewhere: state.windows.some((window, at) => at !== place && window.mayStand),
      });
    for (const [place, { attempt, action: before, asked, mayStand, state: was }] of state.windows.entries()) {
      const isNext = place === next;
      const actions: Action[] = isNext && before !== 'gap' ? ['export'] : [];
      // A window is given up after failures; a snapshot that was missed at once.
      if (isNext) actions.push('gap');
      // What failed is tried again before anything behind it is begun.
      if (asked && was === 'gap' && (mayStand || state.windows[next]?.state !== 'failed')) actions.push('fill');
      for (const action of actions.filter((one) => may(place, one))) {
        const begun = withWindow(state, place, { state: 'running', action, attempt: attempt + 1 });
        yield [`the poller begins to ${action} window ${place}`, { ...begun, current: place }];
      }
    }
  }

  function* act(state: ChainState, place: number): Generator<readonly [string, ChainState]> {
    const runner = state.runners[place] as Runner;
    const name = `run ${place}`;
    if (runner.at === 'idle') {
      // A durable execution has one run at a time; those of an attempt that was given up may overlap with its successor's.
      const isTwin = state.runners.some((other) => other.at !== 'idle' && runs(state, other));
      if (state.current >= 0 && !isTwin) yield [`${name} plans`, plan(state, place)];
      return;
    }
    // The steps before are kept: it begins again with the one that was cut off.
    const again = withRunner(state, place, { ...runner, at: runner.action === 'gap' ? 'planned' : 'read' });
    if (state.crashes > 0 && runner.at === 'written' && !runner.adopts) {
      yield [`${name} dies`, { ...again, crashes: state.crashes - 1 }];
    }
    if (state.failures > 0 && runs(state, runner) && runner.at !== 'written') {
      const mayStand = runner.action === 'gap' || runner.at === 'read';
      const failed = withRunner(ended(state, runner.window, mayStand), place, IDLE);
      yield [`${name} fails`, { ...failed, failures: state.failures - 1 }];
    }
    if (runner.at === 'planned' && runner.action !== 'gap') {
      const read = withRunner(state, place, { ...runner, at: 'read' });
      yield [
        `${name} writes parts`,
        { ...read, parts: [...new Set([...state.parts, runner.window])].toSorted((a, b) => a - b) },
      ];
    }
    const isEarly = runner.at === 'planned' && rules.mayWrite(conditionsOf(state, runner));
    if (runner.at === 'read' || isEarly) yield [`${name} writes the record`, written(state, place, runner)];
    if (runner.at === 'written') yield [`${name} seals`, sealed(state, place, runner)];
  }

  /** Reads the chain, and whether a run before it left a record: that one counts then. */
  function plan(state: ChainState, place: number): ChainState {
    const window = state.current;
    const { attempt, action } = state.windows[window] as ModelWindow;
    const sequence = state.sequence + 1;
    const adopts = recordOf(state, window, action, sequence) !== undefined;
    return withRunner(state, place, { at: adopts ? 'written' : 'planned', window, attempt, action, sequence, adopts });
  }

  /** What stands at this window's place: of a gap that is being filled its export; else whichever has the next number. */
  function recordOf(state: ChainState, window: number, action: Action, sequence: number): Standing | undefined {
    const own = state.archive.filter((standing) => standing.window === window);
    if (action === 'fill') return own.find(({ kind }) => kind === 'export');
    const kind = action === 'gap' ? 'gap' : 'export';
    return own.find((standing) => standing.kind === kind) ?? own.find((standing) => standing.sequence === sequence);
  }

  function conditionsOf(state: ChainState, runner: Runner): RecordConditions {
    const { window, action } = runner;
    const kind = action === 'gap' ? 'gap' : 'export';
    return {
      runs: runs(state, runner),
      isTaken: state.archive.some((standing) => standing.window === window && standing.kind === kind),
      hasAll: action === 'gap' || state.parts.includes(window),
    };
  }

  /** Only once, if it is not there; a run whose attempt was given up writes none. */
  function written(state: ChainState, place: number, runner: Runner): ChainState {
    const next = withRunner(state, place, { ...runner, at: 'written' });
    if (!rules.mayWrite(conditionsOf(state, runner))) return next;
    const { window, action, sequence } = runner;
    const gap = state.archive.find((standing) => standing.window === window && standing.kind === 'gap');
    const kind = action === 'gap' ? 'gap' : 'export';
    const fills = action === 'fill' ? (gap?.sequence ?? 0) : 0;
    return { ...next, archive: [...state.archive, { window, kind, sequence, fills }] };
  }

  function sealed(state: ChainState, place: number, runner: Runner): ChainState {
    const { window, action } = runner;
    const idle = withRunner(state, place, IDLE);
    const standing = recordOf(state, window, action, runner.sequence);
    if (standing === undefined) return idle;
    const fits = standing.sequence === state.sequence + 1;
    if (!rules.maySeal({ runs: runs(state, runner), fits })) return idle;
    const told = withWindow(idle, window, {
      state: standing.kind === 'gap' ? 'gap' : 'exported',
      mayStand: false,
      asked: false,
    });
    const at = state.archive.indexOf(standing);
    return { ...told, current: -1, sequence: standing.sequence, sealed: [...state.sealed, at] };
  }

  return {
    initial: {
      windows: Array.from({ length: windows }, () => NEW),
      current: -1,
      sequence: 0,
      archive: [],
      sealed: [],
      parts: [],
      runners: [IDLE, IDLE],
      crashes,
      stalls,
      failures,
      asks,
    },
    *steps(state) {
      yield* begin(state);
      if (state.current >= 0 && state.stalls > 0) {
        yield ['the poller gives an attempt up', { ...ended(state, state.current, true), stalls: state.stalls - 1 }];
      }
      for (const [place, window] of state.windows.entries()) {
        if (state.asks === 0 || window.state !== 'gap' || window.asked) continue;
        yield [
          `somebody asks for window ${place}`,
          { ...withWindow(state, place, { asked: true }), asks: state.asks - 1 },
        ];
      }
      for (const place of state.runners.keys()) yield* act(state, place);
    },
    violation: violationOf,
  };
}

/** What `steward verify` would find, now or for good. */
function violationOf({ archive, parts, sealed, sequence }: ChainState): string | undefined {
  if (archive.some(({ kind, window }) => kind === 'export' && !parts.includes(window))) {
    return 'I18: a manifest names parts that are not there';
  }
  if (new Set(sealed).size !== sealed.length) return 'I19: a record is sealed twice';
  if (sealed.length !== sequence) return 'I19: the chain’s head is not the number of its records';
  if (sealed.some((at, place) => archive[at]?.sequence !== place + 1))
    return 'I19: a record names another one before it';
  if (archive.some((standing, at) => standing.sequence <= sequence && !sealed.includes(at))) {
    return 'I19: a record stands whose number another one has';
  }
  const tiles = sealed.map((at) => archive[at] as Standing).filter(({ fills }) => fills === 0);
  if (tiles.some(({ window }, place) => window !== place)) return 'I19: windows do not tile';
  for (const { window, fills } of archive.filter((standing) => standing.fills > 0)) {
    const gap = archive.find((standing) => standing.kind === 'gap' && standing.sequence === fills);
    if (gap?.window !== window) return 'I19: an export fills no gap of its window';
  }
  return undefined;
}
