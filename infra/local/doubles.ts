import { join } from 'node:path';
import { DEMO_SECRETS, type DoubleUrls } from './demo.ts';
import { type Action1Simulator, startAction1Simulator } from './providers/action1/simulator.ts';
import { type ActionstepSimulator, startActionstepSimulator } from './providers/actionstep/simulator.ts';
import { type OpsrampSimulator, startOpsrampSimulator } from './providers/opsramp/simulator.ts';

/** The doubles of the three providers, running. */
export interface Doubles {
  readonly urls: DoubleUrls;
  /** What their records are dated before. */
  readonly anchor: Date;
  readonly action1: Action1Simulator;
  readonly actionstep: ActionstepSimulator;
  readonly opsramp: OpsrampSimulator;
  stop(): Promise<void>;
}

export interface DoublesOptions {
  /** 0: those of the run before where they are free, or any; otherwise this one and the two above it. */
  readonly port: number;
  /** What the doubles' records are dated before. A folder keeps the one that it was begun with. */
  readonly anchor: Date;
  /** Where they remember what happened to them, in `doubles/`. Without it they forget it at the end. */
  readonly directory?: string;
  /** Told what a person should know and nobody has to wait for. */
  readonly onNotice?: (message: string) => void;
  /** 1 is a small firm; everything grows with it. */
  readonly scale: number;
  /** Life of Actionstep's access tokens: short, so that a refresh can be watched. */
  readonly accessLifeSeconds: number;
  /** Rows per organisation of Action1's report `Compliance overview`. */
  readonly reportRows?: number;
}

/**
 * Starts the three. Their limits are off: what they count is for tests, not for watching.
 *
 * @throws ConfigInvalidError where a port is taken, or the folder's doubles were made of other options
 */
export async function startDoubles(given: DoublesOptions): Promise<Doubles> {
  const { anchor, scale, accessLifeSeconds, reportRows } = given;
  const starting = [
    startAction1Simulator({
      ...placeOf(given, 'action1', 0),
      startedAt: anchor,
      credentials: [DEMO_SECRETS.action1.northwind],
      requestsPerMinute: false,
      organizations: 2,
      endpointsPerOrganization: Math.ceil(25 * scale),
      vulnerabilitiesPerOrganization: Math.ceil(60 * scale),
      updatesPerOrganization: Math.ceil(40 * scale),
      requerySeconds: 6,
      ...(reportRows === undefined ? {} : { reportRows }),
    }),
    startActionstepSimulator({
      ...DEMO_SECRETS.actionstep,
      ...placeOf(given, 'actionstep', 1),
      anchor,
      size: Math.ceil(24 * scale),
      accessLifeSeconds,
    }),
    startOpsrampSimulator({
      ...DEMO_SECRETS.opsramp,
      ...placeOf(given, 'opsramp', 2),
      anchor,
      alerts: Math.ceil(60 * scale),
      resources: Math.ceil(40 * scale),
      switches: { rateLimits: false },
    }),
  ] as const;
  const stop = async () => {
    const started = await Promise.allSettled(starting);
    for (const one of started) if (one.status === 'fulfilled') await one.value.stop();
  };
  try {
    const [action1, actionstep, opsramp] = await Promise.all(starting);
    const urls = { action1: action1.url, actionstep: actionstep.url, opsramp: opsramp.url };
    return { urls, anchor: action1.startedAt, action1, actionstep, opsramp, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function placeOf({ port, directory, onNotice }: DoublesOptions, name: string, index: number) {
  return {
    port: port === 0 ? 0 : port + index,
    ...(directory === undefined
      ? {}
      : {
          journal: {
            file: join(directory, 'doubles', `${name}.jsonl`),
            ...(onNotice === undefined ? {} : { onLong: onNotice }),
          },
        }),
  };
}
