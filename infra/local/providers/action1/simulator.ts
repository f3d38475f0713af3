import { type JournalPlace, startDouble } from '../double.ts';
import type { Action1Control } from './control.ts';
import { createAction1Model } from './model.ts';
import type { Action1Options } from './options.ts';

export interface Action1SimulatorOptions extends Omit<Action1Options, 'baseUrl'> {
  /** Default: any that is free, the one of the run before first. */
  readonly port?: number;
  readonly now?: () => Date;
  /** Before each answer. */
  readonly latencyMs?: number;
  /** Before the answers that are slow in the real service: `fields=*` and updates. */
  readonly slowMs?: number;
  /** Where it remembers what happened. Default: nowhere. */
  readonly journal?: JournalPlace;
}

export interface Action1Simulator {
  /** The origin: `endpoint` of a connection's settings. */
  readonly url: string;
  /** What its data is dated from. */
  readonly startedAt: Date;
  readonly control: Action1Control;
  stop(): Promise<void>;
}

/** Serves the model on loopback. */
export async function startAction1Simulator(given: Action1SimulatorOptions = {}): Promise<Action1Simulator> {
  const { port = 0, now = () => new Date(), latencyMs = 0, slowMs = 0, startedAt, journal, ...options } = given;
  let control: Action1Control | undefined;
  const { url, anchor, actions, stop } = await startDouble({
    port,
    clock: now,
    anchor: startedAt ?? now(),
    options: { ...options },
    run: {},
    ...(journal === undefined ? {} : { journal }),
    latencyMs: (request) => latencyMs + (/fields=(\*|%2A)|\/updates\//i.test(request.url) ? slowMs : 0),
    create(made) {
      const model = createAction1Model({ ...options, startedAt: made.anchor, baseUrl: `${made.url}/api/3.0` });
      control = model.control;
      const { organizations: _o, counters: _c, requests: _r, ...changing } = model.control;
      return {
        answer: (request, at) => model.handle(request, at),
        changes: (request) => model.changes(request),
        actions: () => changing,
      };
    },
  });
  if (control === undefined) throw new Error('The model was not made');
  return { url, startedAt: anchor, control: { ...control, ...actions }, stop };
}
