import type { Model } from './explore.ts';
import type { Item, Rules } from './rules.ts';

export type Mode = 'strict' | 'grace' | 'revokes';

type Worker =
  | { readonly at: 'idle' }
  | { readonly at: 'seen'; readonly spends: number }
  /** `leased` is the item as the lease's own write returned it: what is sent is its token. */
  | { readonly at: 'held'; readonly attempt: number; readonly spends: number; readonly leased: Item }
  | { readonly at: 'asked' | 'refused'; readonly attempt: number; readonly spends: number }
  | { readonly at: 'has'; readonly attempt: number; readonly spends: number; readonly token: number }
  /** Its commit stands; the high water is yet to be raised. */
  | { readonly at: 'stored'; readonly generation: number };

/** A request on the wire: it may arrive after its sender has given up. */
interface Request {
  readonly attempt: number;
  readonly kind: 'refresh' | 'consent';
  readonly token: number;
}

interface Bounds {
  readonly refreshes: number;
  readonly crashes: number;
  readonly losses: number;
  /** Commits that find the table down. */
  readonly outages: number;
  readonly consents: number;
  readonly disconnects: number;
  /** Looks at what a lagging index, or a slow reader, still holds for true. */
  readonly lags: number;
}

export interface RefreshState {
  readonly item: Item;
  /** Tokens that the provider takes, and what each spent one was replaced by. */
  readonly live: readonly number[];
  readonly successor: Readonly<Record<number, number>>;
  readonly grant: Readonly<Record<number, number>>;
  readonly next: number;
  readonly rescue: Readonly<Record<number, number>>;
  readonly workers: readonly Worker[];
  readonly person: Worker;
  readonly wire: readonly Request[];
  readonly left: Bounds;
  readonly attempt: number;
  /** Times that a spent token was presented again. */
  readonly again: number;
  /** The highest generation that is known to have been committed. */
  readonly highWater: number;
}

export interface RefreshModelOptions extends Partial<Bounds> {
  readonly mode: Mode;
  readonly rules: Rules;
  readonly workers?: number;
}

/** One connection, its provider, two or three refreshers, a person, and everything that can get lost. */
export function refreshModel(options: RefreshModelOptions): Model<RefreshState> {
  const { mode, rules, workers = 2, ...given } = options;
  const bounds: Bounds = {
    refreshes: 3,
    crashes: 0,
    losses: 0,
    outages: 0,
    consents: 0,
    disconnects: 0,
    lags: 0,
    ...given,
  };
  return {
    initial: {
      item: { token: 1, generation: 1, health: 'connected', lease: 0, attempts: [], refused: 0 },
      live: [1],
      successor: {},
      grant: { 1: 1 },
      next: 2,
      rescue: {},
      workers: Array.from({ length: workers }, () => ({ at: 'idle' }) as const),
      person: { at: 'idle' },
      wire: [],
      left: bounds,
      attempt: 0,
      again: 0,
      highWater: 1,
    },
    *steps(state) {
      for (let index = 0; index < workers; index += 1) {
        for (const [label, next] of stepsOfWorker(state, state.workers[index] as Worker, rules, 'refresh', index)) {
          yield [`worker ${index} ${label}`, next];
        }
      }
      for (const [label, next] of stepsOfPerson(state, rules)) yield [`person ${label}`, next];
      yield* stepsOfWire(state, mode);
      yield* stepsOfTime(state, rules);
    },
    violation: (state) => violationOf(state, bounds),
  };
}

type Steps = Iterable<readonly [string, RefreshState]>;

function withWorker(state: RefreshState, place: number | 'person', worker: Worker): RefreshState {
  if (place === 'person') return { ...state, person: worker };
  return { ...state, workers: state.workers.map((other, index) => (index === place ? worker : other)) };
}

function spend(state: RefreshState, what: keyof Bounds): RefreshState {
  return { ...state, left: { ...state.left, [what]: state.left[what] - 1 } };
}

function released(item: Item, attempt: number, resolves: readonly number[]): Item {
  return {
    ...item,
    lease: item.lease === attempt ? 0 : item.lease,
    attempts: item.attempts.filter(({ id }) => !resolves.includes(id)),
  };
}

function committed(item: Item, attempt: number, token: number): Item {
  const { cause: _, ...rest } = item;
  return {
    ...rest,
    token,
    generation: item.generation + 1,
    health: 'connected',
    lease: item.lease === attempt ? 0 : item.lease,
    attempts: [],
    refused: 0,
  };
}

function* stepsOfWorker(
  state: RefreshState,
  worker: Worker,
  rules: Rules,
  kind: 'refresh' | 'consent',
  place: number | 'person',
): Steps {
  const { item, left } = state;
  const to = (next: Worker, base = state) => withWorker(base, place, next);
  const idle = { at: 'idle' } as const;
  if (worker.at !== 'idle' && left.crashes > 0) yield ['dies', to(idle, spend(state, 'crashes'))];
  switch (worker.at) {
    case 'idle': {
      const isLeft = item.health === 'required' && item.attempts.some((one) => one.kind === 'consent');
      const isDue = item.token !== 0 && (item.health === 'connected' || item.health === 'suspect');
      if (left.refreshes > 0 && item.lease === 0 && isDue) {
        yield ['looks', to({ at: 'seen', spends: item.token }, spend(state, 'refreshes'))];
      }
      if (left.lags > 0 && isDue) {
        for (const spent of Object.keys(state.successor)) {
          yield ['looks at what was', to({ at: 'seen', spends: Number(spent) }, spend(state, 'lags'))];
        }
      }
      if (isLeft && item.lease === 0) yield ['recovers', recovered(state)];
      return;
    }
    case 'seen': {
      if (!rules.mayLease(item, worker.spends)) {
        yield ['leaves', to(idle)];
        return;
      }
      const attempt = state.attempt + 1;
      const attempts = [...item.attempts, { id: attempt, kind, spends: worker.spends, young: true }];
      const leased = { ...item, lease: attempt, attempts };
      yield ['leases', to({ at: 'held', attempt, spends: worker.spends, leased }, { ...state, attempt, item: leased })];
      return;
    }
    case 'held':
      yield* fromHeld(state, worker, rules, to);
      return;
    case 'asked': {
      const isOnWire = state.wire.some(({ attempt }) => attempt === worker.attempt);
      if (isOnWire && left.losses === 0) return;
      const dead = item.attempts.filter(({ id }) => id !== worker.attempt).map(({ id }) => id);
      const base = isOnWire ? spend(state, 'losses') : state;
      // The attempt and the lease stay: an answer may still be on its way.
      const settled = item.lease === worker.attempt ? released({ ...item, lease: -1 }, 0, dead) : item;
      yield [
        'gives up',
        to(idle, { ...base, item: item.lease === worker.attempt ? { ...settled, lease: item.lease } : item }),
      ];
      return;
    }
    case 'has':
      if (left.outages > 0) {
        const rescue = { ...state.rescue, [worker.spends]: worker.token };
        yield ['spills', to(idle, { ...spend(state, 'outages'), rescue })];
      }
      if (rules.raisesFirst && state.highWater <= item.generation) {
        yield ['raises', to(worker, { ...state, highWater: item.generation + 1 })];
      } else if (rules.mayCommit(item, worker.attempt, worker.spends)) {
        yield ['commits', storedBy(state, place, committed(item, worker.attempt, worker.token))];
      } else yield ['is superseded', to(idle)];
      return;
    case 'stored':
      yield ['raises', raised(state, place, worker.generation)];
      return;
    case 'refused': {
      const verdict = rules.judge(item, worker.attempt, worker.spends);
      yield [verdict, to(idle, { ...state, item: judged(item, worker, verdict) })];
      return;
    }
    default:
      worker satisfies never;
  }
}

function storedBy(state: RefreshState, place: number | 'person', item: Item): RefreshState {
  return withWorker({ ...state, item }, place, { at: 'stored', generation: item.generation });
}

/** A write of its own, after the commit; it never falls. */
function raised(state: RefreshState, place: number | 'person', generation: number): RefreshState {
  return withWorker({ ...state, highWater: Math.max(state.highWater, generation) }, place, { at: 'idle' });
}

function judged(item: Item, { attempt, spends }: { attempt: number; spends: number }, verdict: string): Item {
  if (verdict === 'superseded' || item.lease !== attempt) return released(item, attempt, [attempt]);
  if (verdict === 'suspect') return { ...released(item, attempt, [attempt]), health: 'suspect', refused: spends };
  const rivals = item.attempts.filter((one) => one.id !== attempt && one.spends === spends);
  const cause = rivals.length > 0 ? 'ambiguous' : 'refused';
  return { ...item, lease: 0, attempts: [], health: 'required', refused: 0, cause };
}

function* fromHeld(
  state: RefreshState,
  worker: Extract<Worker, { at: 'held' }>,
  rules: Rules,
  to: (next: Worker, base?: RefreshState) => RefreshState,
): Steps {
  const { item } = state;
  const { leased } = worker;
  const dead = leased.attempts.filter(({ id }) => id !== worker.attempt);
  if (rules.looksIntoRescue) {
    const found = dead.find(
      ({ kind, spends }) => state.rescue[spends] !== undefined && (kind === 'consent' || spends === leased.token),
    );
    if (found !== undefined) {
      const { [found.spends]: token = 0, ...rescue } = state.rescue;
      const isMine = item.attempts.some(({ id }) => id === worker.attempt) && item.generation === leased.generation;
      const holds = found.kind === 'consent' ? isMine : item.token === found.spends;
      yield holds
        ? [
            'merges',
            to(storing(item, worker, token), { ...state, rescue, item: committed(item, worker.attempt, token) }),
          ]
        : ['is superseded', to({ at: 'idle' })];
      return;
    }
  }
  if (leased.refused === worker.spends) {
    yield ['required', to({ at: 'idle' }, { ...state, item: judged(item, worker, 'required') })];
    return;
  }
  const request = { attempt: worker.attempt, kind: 'refresh', token: leased.token } as const;
  yield ['asks', to({ at: 'asked', ...pickWork(worker) }, { ...state, wire: [...state.wire, request] })];
}

function storing(item: Item, { attempt }: { readonly attempt: number }, token: number): Worker {
  return { at: 'stored', generation: committed(item, attempt, token).generation };
}

function pickWork({ attempt, spends }: { readonly attempt: number; readonly spends: number }) {
  return { attempt, spends };
}

/** Nothing is due but what a dead consent may have left: merged, or forgotten. */
function recovered(state: RefreshState): RefreshState {
  const { item } = state;
  const found = item.attempts.find(({ spends }) => state.rescue[spends] !== undefined);
  if (found === undefined) return { ...state, item: { ...item, attempts: [] } };
  const { [found.spends]: token = 0, ...rescue } = state.rescue;
  const merged = committed(item, 0, token);
  return { ...state, rescue, item: merged, highWater: Math.max(state.highWater, merged.generation) };
}

function* stepsOfPerson(state: RefreshState, rules: Rules): Steps {
  const { item, person, left } = state;
  if (left.disconnects > 0 && item.health !== 'disconnected') {
    const gone = { token: 0, generation: item.generation, health: 'disconnected', lease: 0, attempts: [], refused: 0 };
    yield ['disconnects', { ...spend(state, 'disconnects'), item: gone as Item }];
  }
  if (person.at === 'idle') {
    if (left.consents === 0 || item.health === 'disconnected' || (rules.leasesConsent && item.lease !== 0)) return;
    const attempt = state.attempt + 1;
    const attempts = [...item.attempts, { id: attempt, kind: 'consent', spends: -attempt, young: true } as const];
    const lease = rules.leasesConsent ? attempt : item.lease;
    yield [
      'consents',
      {
        ...spend(state, 'consents'),
        attempt,
        item: { ...item, lease, attempts },
        person: { at: 'asked', attempt, spends: -attempt },
        wire: [...state.wire, { attempt, kind: 'consent', token: 0 }],
      },
    ];
    return;
  }
  if (person.at === 'has') {
    if (left.crashes > 0) yield ['dies', { ...spend(state, 'crashes'), person: { at: 'idle' } }];
    if (left.outages > 0) {
      const rescue = { ...state.rescue, [person.spends]: person.token };
      yield ['spills', { ...spend(state, 'outages'), rescue, person: { at: 'idle' } }];
    }
    yield rules.mayConsent(item, person.attempt)
      ? ['commits', storedBy(state, 'person', committed(item, person.attempt, person.token))]
      : ['is superseded', { ...state, person: { at: 'idle' } }];
    return;
  }
  if (person.at === 'stored') {
    if (left.crashes > 0) yield ['dies', { ...spend(state, 'crashes'), person: { at: 'idle' } }];
    yield ['raises', raised(state, 'person', person.generation)];
    return;
  }
  if (person.at === 'asked' && !state.wire.some(({ attempt }) => attempt === person.attempt)) {
    yield ['gives up', { ...state, item: released(item, person.attempt, [person.attempt]), person: { at: 'idle' } }];
  }
}

function* stepsOfWire(state: RefreshState, mode: Mode): Steps {
  for (const [index, request] of state.wire.entries()) {
    const wire = state.wire.filter((_, other) => other !== index);
    const { left } = state;
    if (left.losses > 0) yield ['a request is lost', { ...spend(state, 'losses'), wire }];
    const { base, token } = answered({ ...state, wire }, request, mode);
    yield ['a request arrives', delivered(base, request, token)];
    if (left.losses > 0) yield ['a reply is lost', spend(base, 'losses')];
  }
}

/** What the provider does with a token: 0 is `invalid_grant`. */
function answered(state: RefreshState, request: Request, mode: Mode): { base: RefreshState; token: number } {
  const { live, successor, grant, next } = state;
  const fresh = (grantId: number, without: number) => ({
    base: {
      ...state,
      live: [...live.filter((one) => one !== without), next],
      grant: { ...grant, [next]: grantId },
      successor: without === 0 ? successor : { ...successor, [without]: next },
      next: next + 1,
    },
    token: next,
  });
  if (request.kind === 'consent') return fresh(next, 0);
  const { token } = request;
  const mine = grant[token] ?? 0;
  if (live.includes(token)) return fresh(mine, token);
  const again = { ...state, again: state.again + 1 };
  const after = successor[token] ?? 0;
  if (mode === 'grace' && live.includes(after)) return { base: again, token: after };
  if (mode === 'revokes') return { base: { ...again, live: live.filter((one) => grant[one] !== mine) }, token: 0 };
  return { base: again, token: 0 };
}

/** The answer, to whoever still waits for it. */
function delivered(state: RefreshState, { attempt }: Request, token: number): RefreshState {
  const take = (worker: Worker): Worker => {
    if (worker.at !== 'asked' || worker.attempt !== attempt) return worker;
    const work = pickWork(worker);
    return token === 0 ? { at: 'refused', ...work } : { at: 'has', ...work, token };
  };
  return { ...state, workers: state.workers.map(take), person: take(state.person) };
}

/** A lease is over when its holder is dead and nothing of it is on its way; without that rule, at any time. */
function* stepsOfTime(state: RefreshState, rules: Rules): Steps {
  const { item } = state;
  if (item.lease === 0) return;
  const held = item.lease;
  const isAlive =
    [...state.workers, state.person].some((worker) => 'attempt' in worker && worker.attempt === held) ||
    state.wire.some(({ attempt }) => attempt === held);
  if (isAlive && !rules.expiresEarly) return;
  const attempts = item.attempts.map((one) => ({ ...one, young: isAlive && one.id === held ? one.young : false }));
  yield ['a lease is over', { ...state, item: { ...item, lease: 0, attempts } }];
}

function violationOf(state: RefreshState, bounds: Bounds): string | undefined {
  const { item, live, left, wire } = state;
  const lost = bounds.crashes - left.crashes + bounds.losses - left.losses;
  const isLive = live.includes(item.token);
  if (state.highWater > item.generation) return 'I4: a living grant looks like one out of a backup';
  const asked = wire.filter(({ kind }) => kind === 'refresh').length;
  if (asked > 1) return 'I2: two refreshes in flight';
  if (state.again > lost) return 'I3: a spent token is presented again without a loss before it';
  if (item.health === 'required' && isLive) return 'I5: a person is asked for with a live token in the table';
  const rescued = Object.values(state.rescue).some((token) => live.includes(token));
  if (item.health === 'required' && rescued && item.attempts.length === 0) {
    return 'I5: a person is asked for with a live token in the rescue bucket';
  }
  if (item.health === 'required' && lost === 0) return 'I1: a grant is lost with nothing lost on the way';
  if (item.cause === 'refused' && state.successor[item.token] !== undefined && item.health === 'required') {
    return 'the cause of a loss of our own is told as the provider’s';
  }
  const rests =
    wire.length === 0 && item.lease === 0 && [...state.workers, state.person].every(({ at }) => at === 'idle');
  if (rests && bounds.crashes === left.crashes && state.highWater < item.generation) {
    return 'I4: the high water stays behind although nobody died';
  }
  if (rests && item.health === 'connected' && item.attempts.length === 0 && !isLive) {
    return 'a dead token is called connected and nobody looks after it';
  }
  return undefined;
}
