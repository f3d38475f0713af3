import { type JournalPlace, startDouble } from '../double.ts';
import { createOpsrampModel, type OpsrampControl } from './model.ts';
import type { OpsrampModelOptions } from './options.ts';

export interface OpsrampSimulatorOptions extends Omit<OpsrampModelOptions, 'now'> {
  /** Default: the machine's. */
  readonly clock?: () => Date;
  /** When the tenant's past ends. Default: now. */
  readonly anchor?: Date;
  /** Default: any free one, the one of the run before first. */
  readonly port?: number;
  /** Where it remembers what happened. Default: nowhere. */
  readonly journal?: JournalPlace;
}

export interface OpsrampSimulator {
  /** `http://127.0.0.1:<port>`: the `endpoint` of a connection's settings. */
  readonly url: string;
  readonly control: OpsrampControl;
  stop(): Promise<void>;
}

/**
 * OpsRamp on loopback: one tenant, over real HTTP, so that a client that cannot take a 407 is found out.
 */
export async function startOpsrampSimulator(given: OpsrampSimulatorOptions = {}): Promise<OpsrampSimulator> {
  const { clock = () => new Date(), anchor = clock(), port = 0, journal, ...options } = given;
  let control: OpsrampControl | undefined;
  const { url, actions, stop } = await startDouble({
    port,
    clock,
    anchor,
    options: { ...options },
    run: {},
    ...(journal === undefined ? {} : { journal }),
    create(made) {
      const model = createOpsrampModel({ ...options, now: made.anchor });
      control = model.control(clock);
      return {
        answer(request, now) {
          const answer = model.handle(request, now);
          // The simulated service's own clock, which need not be this machine's.
          return { ...answer, headers: { ...answer.headers, date: now.toUTCString() } };
        },
        changes: (request) => model.changes(request),
        actions(now) {
          const { alertIds: _a, resources: _r, counters: _c, ...changing } = model.control(now);
          return changing;
        },
      };
    },
  });
  if (control === undefined) throw new Error('The model was not made');
  return { url, control: { ...control, ...actions }, stop };
}
