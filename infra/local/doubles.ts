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
  /** 0: any that is free; otherwise this one and the two above it. */
  readonly port: number;
  /** What the doubles' records are dated before. */
  readonly anchor: Date;
  /** 1 is a small firm; everything grows with it. */
  readonly scale: number;
  /** Life of Actionstep's access tokens: short, so that a refresh can be watched. */
  readonly accessLifeSeconds: number;
  /** Rows per organisation of Action1's report `Compliance overview`. */
  readonly reportRows?: number;
}

/** Starts the three. Their limits are off: what they count is for tests, not for watching. */
export async function startDoubles({
  port,
  anchor,
  scale,
  accessLifeSeconds,
  reportRows,
}: DoublesOptions): Promise<Doubles> {
  const portOf = (index: number) => (port === 0 ? 0 : port + index);
  const [action1, actionstep, opsramp] = await Promise.all([
    startAction1Simulator({
      port: portOf(0),
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
      port: portOf(1),
      anchor,
      size: Math.ceil(24 * scale),
      accessLifeSeconds,
    }),
    startOpsrampSimulator({
      ...DEMO_SECRETS.opsramp,
      port: portOf(2),
      alerts: Math.ceil(60 * scale),
      resources: Math.ceil(40 * scale),
      switches: { rateLimits: false },
    }),
  ]);
  return {
    urls: { action1: action1.url, actionstep: actionstep.url, opsramp: opsramp.url },
    anchor,
    action1,
    actionstep,
    opsramp,
    async stop() {
      await Promise.all([action1.stop(), actionstep.stop(), opsramp.stop()]);
    },
  };
}
