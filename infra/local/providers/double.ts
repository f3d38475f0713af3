import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Fault, type ProviderAnswer, type ProviderRequest, startListener } from './listener.ts';

/** A provider as a state machine: a function of its options, the requests and actions so far, and their instants. */
export interface DoubleModel<Actions extends object, Run extends object> {
  answer(request: ProviderRequest, now: Date): ProviderAnswer;
  /** Whether a later answer may depend on this request. */
  changes(request: ProviderRequest): boolean;
  /** What people and tests do to it, where that changes anything. Arguments are JSON, and dates. */
  actions(now: () => Date): Actions;
  /** Options of this run, in force from now on. Absent where there are none. */
  adopt?(run: Run): void;
}

export interface DoubleOptions<Actions extends object, Run extends object> {
  /** 0: the one of the run before where it is free, or any. */
  readonly port: number;
  readonly clock: () => Date;
  /** What its records are dated before; a journal keeps the one that it was begun with. */
  readonly anchor: Date;
  /** What it is made of besides, the same for every run of a journal. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Options that may differ between the runs of a journal. */
  readonly run: Run;
  /** Where to remember what happened; without it everything is forgotten at the end. */
  readonly journal?: JournalPlace;
  readonly create: (made: { readonly anchor: Date; readonly url: string }) => DoubleModel<Actions, Run>;
  readonly latencyMs?: (request: ProviderRequest) => number;
  readonly begin?: (request: ProviderRequest) => () => void;
}

export interface JournalPlace {
  readonly file: string;
  readonly onLong?: (message: string) => void;
}

export interface Double<Actions> {
  readonly url: string;
  readonly anchor: Date;
  readonly actions: Actions;
  addFault(fault: Fault): void;
  stop(): Promise<void>;
}

/**
 * Serves a model on loopback. With a journal, what happened in earlier runs happens again first, at its own instants, so
 * that tokens, records and alerts are what they were.
 *
 * @throws ConfigInvalidError where the journal is of other options, or the port is taken
 */
export async function startDouble<Actions extends object, Run extends object>(
  given: DoubleOptions<Actions, Run>,
): Promise<Double<Actions>> {
  const { clock, options, journal: place } = given;
  const journal = place === undefined ? undefined : openJournal({ ...place, anchor: given.anchor, options });
  try {
    const listener = await startListener(given.port, lastPort(journal));
    const anchor = journal?.anchor ?? given.anchor;
    const model = given.create({ anchor, url: listener.url });
    let instant: Date | undefined;
    const actions = model.actions(() => instant ?? clock());
    const act = <T>(at: Date, does: () => T): T => {
      instant = at;
      try {
        return does();
      } finally {
        instant = undefined;
      }
    };
    if (place !== undefined && journal !== undefined) replay(place.file, journal, model, actions, act);
    adopt(journal, model, { ...given.run, port: listener.port }, clock());
    listener.serve({
      ...given,
      answer(request) {
        const now = clock();
        const isChange = model.changes(request);
        const answer = model.answer(request, now);
        if (isChange) journal?.append({ at: now.getTime(), request: remembered(request) });
        return answer;
      },
    });
    return {
      url: listener.url,
      anchor,
      actions: journal === undefined ? actions : recording(journal, actions, clock, act),
      addFault: (fault) => listener.addFault(fault),
      async stop() {
        await listener.close();
        journal?.close();
      },
    };
  } catch (error) {
    journal?.close();
    throw error;
  }
}

type Act = <T>(at: Date, does: () => T) => T;
type Method = (...given: readonly unknown[]) => unknown;

function replay<Actions extends object, Run extends object>(
  file: string,
  { past }: Journal,
  model: DoubleModel<Actions, Run>,
  actions: Actions,
  act: Act,
): void {
  for (const [index, entry] of past.entries()) {
    try {
      const at = new Date(entry.at);
      if ('request' in entry) model.answer(entry.request, at);
      else if ('run' in entry) model.adopt?.(entry.run as Run);
      else act(at, () => methodOf(actions, entry.action)(...entry.arguments));
    } catch (error) {
      // A journal of another version of the double.
      throw new ConfigInvalidError(
        `${file}: what line ${index + 2} tells cannot happen again. Forget what is kept with --reset`,
        { cause: error },
      );
    }
  }
}

function lastPort(journal: Journal | undefined): number {
  const last = journal?.past.findLast((entry) => 'run' in entry);
  const port = last !== undefined && 'run' in last ? last.run['port'] : undefined;
  return typeof port === 'number' ? port : 0;
}

function adopt<Actions extends object, Run extends object>(
  journal: Journal | undefined,
  model: DoubleModel<Actions, Run>,
  run: Run & { readonly port: number },
  now: Date,
): void {
  model.adopt?.(run);
  const last = journal?.past.findLast((entry) => 'run' in entry);
  const before = last !== undefined && 'run' in last ? last.run : undefined;
  if (JSON.stringify(before) !== JSON.stringify(run)) journal?.append({ at: now.getTime(), run: { ...run } });
}

/** The same actions, each written down when it has happened. */
function recording<Actions extends object>(journal: Journal, actions: Actions, clock: () => Date, act: Act): Actions {
  const recorded = Object.entries(methodsOf(actions)).map(([action, method]) => {
    const wrapped: Method = (...given) => {
      const at = clock();
      const result = act(at, () => method(...given));
      journal.append({ at: at.getTime(), action, arguments: given.slice(0, lengthOf(given)) });
      return result;
    };
    return [action, wrapped] as const;
  });
  return Object.fromEntries(recorded) as unknown as Actions;
}

/** Without the arguments that were left out: JSON would make `null` of them. */
function lengthOf(given: readonly unknown[]): number {
  return given.findLastIndex((value) => value !== undefined) + 1;
}

function methodOf(actions: object, name: string): Method {
  const method = methodsOf(actions)[name];
  if (method === undefined) throw new RangeError(`There is no action ${name}`);
  return method;
}

function methodsOf(actions: object): Readonly<Record<string, Method>> {
  return actions as Readonly<Record<string, Method>>;
}

const REMEMBERED_HEADERS = ['authorization', 'content-type', 'cookie'];

/** Models look at no other header. */
function remembered({ method, url, headers, body }: ProviderRequest): ProviderRequest {
  const kept = Object.entries(headers).filter(([name]) => REMEMBERED_HEADERS.includes(name));
  return { method, url, headers: Object.fromEntries(kept), body };
}
