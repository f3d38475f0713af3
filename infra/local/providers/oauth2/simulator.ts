import { type JournalPlace, startDouble } from '../double.ts';
import { createOauth2Model, type Oauth2Actions, type Oauth2Model } from './model.ts';
import type { Oauth2ModelOptions } from './options.ts';

export interface Oauth2SimulatorOptions extends Partial<Omit<Oauth2ModelOptions, 'origin'>> {
  /** Default: the machine's. */
  readonly clock?: () => Date;
  /** Default: any free one, the one of the run before first. */
  readonly port?: number;
  /** Where it remembers what happened. Default: nowhere. */
  readonly journal?: JournalPlace;
}

export interface Oauth2Simulator {
  /** `http://127.0.0.1:<port>`: the `endpoint` of a connection's settings. */
  readonly url: string;
  readonly control: Oauth2Actions & Pick<Oauth2Model, 'granted' | 'calls'>;
  stop(): Promise<void>;
}

/** An API behind OAuth 2.0, on loopback. */
export async function startOauth2Simulator(given: Oauth2SimulatorOptions = {}): Promise<Oauth2Simulator> {
  const { clock = () => new Date(), port = 0, journal, ...options } = given;
  let model: Oauth2Model | undefined;
  const { url, actions, stop } = await startDouble({
    port,
    clock,
    anchor: clock(),
    options,
    run: {},
    ...(journal === undefined ? {} : { journal }),
    create: (made) => (model = createOauth2Model({ ...options, origin: made.url })),
  });
  if (model === undefined) throw new Error('The model was not made');
  const { granted, calls } = model;
  return { url, control: { ...actions, granted, calls }, stop };
}
