import { createHandler as createAlertPoller } from '../../functions/alert-poller/handler.ts';
import { answerCallback } from '../../functions/core/authorization/callback.ts';
import { answerConnect } from '../../functions/core/authorization/begin.ts';
import type { WebRequest, WebResponse } from '../../functions/core/authorization/web.ts';
import { createAnnouncingStore } from '../../functions/core/connections/announcing-store.ts';
import { createConnectionControl } from '../../functions/core/connections/connection-control.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import type { LogFields } from '../../functions/core/log.ts';
import { createRunExport } from '../../functions/core/reports/export.ts';
import { createSweepReports } from '../../functions/core/schedules/sweep-reports.ts';
import { createConnectionEvents } from '../../functions/core/tokens/connection-events.ts';
import { createRefreshSweep } from '../../functions/core/tokens/sweep.ts';
import { type HookDelivery, receiveHook } from '../../functions/core/work/receive-hook.ts';
import { createHandler as createPublisher } from '../../functions/event-publisher/handler.ts';
import { createHandler as createReportPoller } from '../../functions/report-poller/handler.ts';
import { createHandler as createRefresher } from '../../functions/token-refresher/handler.ts';
import { seededRandom } from '../support/token-world.ts';
import { Composition, INVOKE } from './composition.ts';
import { Executions } from './durable.ts';
import { Ports } from './ports.ts';
import { AlertWatch } from './promises/alerts.ts';
import { Looks } from './promises/promises.ts';
import { between } from './random.ts';
import type { Invocation, Release, Scheduler } from './scheduler.ts';
import { type Cloud, createCloud, SHARD } from './state.ts';
import { describeSource, PROVIDERS, Vendors } from './vendors.ts';

/** Versions of the code, as manifests name them. */
export const CODE_VERSIONS: Readonly<Record<Release, string>> = { before: '6', now: '7' };

/** Clocks differ by five seconds at most. */
const SKEW_MS = 2500;
/** Environments of one function at a time. */
const ENVIRONMENTS = 3;

export type RestoredTable = 'connections' | 'state';

export interface LogLine {
  readonly event: string;
  readonly fields: LogFields;
  readonly invocation: string;
  readonly at: number;
}

/** The functions on their ports: each is started as Lambda would start it, several at once, each with its own clock. */
export class World {
  readonly scheduler: Scheduler;
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly ports: Ports;
  readonly executions: Executions;
  readonly lines: LogLine[] = [];
  /** Which version of the code the next invocation runs. */
  release: Release = 'now';
  /** How far the clock of an environment is off. */
  readonly skews: number[];
  /** Backups that were put back, and when: what they say of the time in between is history. */
  readonly restores: { readonly at: number; readonly of: number; readonly what: readonly RestoredTable[] }[] = [];
  /** Items as a restore put them back. */
  readonly restored = new Set<Connection>();
  /** Connections whose last refresh before a restore died between its commit and its high water (DECISIONS 18). */
  readonly unmarked = new Set<string>();
  /** Connections that an operator holds after a restore, each with the generation that was put above what is stored. */
  readonly held = new Map<string, number>();
  /** Fingerprints that ever stood in the table. */
  readonly stored = new Set<string>();
  /** A clock was off by more than leases allow for. */
  beyondSkew = false;
  readonly looks = new Looks();
  readonly alerts: AlertWatch;
  /** `connection/job/`: what a job may write under. */
  readonly prefixes: string[] = [];

  /** `lives`: seconds that access tokens live, where they are not short. */
  constructor(scheduler: Scheduler, start: Date, lives?: number) {
    const now = () => new Date(scheduler.now);
    this.scheduler = scheduler;
    this.vendors = new Vendors(scheduler.seed, start, now, this.looks, lives);
    this.cloud = createCloud(now, this.vendors);
    this.alerts = new AlertWatch(this.vendors, this.looks);
    this.ports = new Ports(this);
    this.skews = Array.from({ length: ENVIRONMENTS }, (_, environment) =>
      between(scheduler.seed, `skew ${environment}`, -SKEW_MS, SKEW_MS),
    );
    // A running export stays on the version that it was begun with, whatever is deployed meanwhile.
    this.executions = new Executions(scheduler, (invocation, { input, release }, durable) =>
      createRunExport(new Composition(this, invocation).exports(CODE_VERSIONS[release]))(input, durable),
    );
  }

  refresh(key: string): Invocation {
    return this.invoke(`token-refresher@${key}`, 55, (invocation, composition) => {
      const dependencies = composition.tokens();
      const { store, announce } = createAnnouncingStore(dependencies.store, composition.nudge);
      const sweep = createRefreshSweep({ ...dependencies, store });
      return createRefresher({ sweep, announce })({ shard: SHARD }, { deadline: invocation.deadline });
    });
  }

  pollAlerts(key: string): Invocation {
    return this.invoke(`alert-poller@${key}`, 55, ({ deadline, key: requestId }, composition) => {
      const { cloud } = this;
      const handler = createAlertPoller({
        ...composition.base(),
        store: composition.port('alerts', cloud.alerts),
        jobs: composition.port('jobs', cloud.jobs),
        work: composition.port('work', cloud.work),
        openApi: composition.openApi(),
        keepHooks: composition.keepHooks(),
        origin: { stage: 'test' },
        nudge: composition.nudge,
      });
      return handler({ shard: SHARD }, { deadline, requestId });
    });
  }

  publish(key: string): Invocation {
    return this.invoke(`event-publisher@${key}`, 55, (invocation, composition) => {
      const handler = createPublisher({
        ...composition.base(),
        outbox: composition.port('outbox', this.cloud.outbox),
        latencies: composition.port('latencies', this.cloud.latencies),
        publisher: this.ports.publisher(invocation),
        pause: composition.wait,
        nudge: composition.nudge,
      });
      return handler({ shard: SHARD }, { deadline: invocation.deadline, requestId: invocation.key });
    });
  }

  pollReports(key: string): Invocation {
    return this.invoke(`report-poller@${key}`, 55, (invocation, composition) => {
      const base = composition.base();
      const sweep = createSweepReports({
        ...base,
        stage: 'test',
        jobs: composition.port('jobs', this.cloud.jobs),
        windows: composition.port('windows', this.cloud.windows),
        describe: describeSource,
        start: (name, input) =>
          this.scheduler.effect(invocation, 'lambda.start', INVOKE, async () =>
            this.executions.start(name, input, invocation.release),
          ),
        nudge: composition.nudge,
      });
      return createReportPoller({ sweep, clock: base.clock, log: base.log })(
        { shard: SHARD },
        { deadline: invocation.deadline, requestId: invocation.key },
      );
    });
  }

  /** A browser asks for one of the pages of consent; `then` gets the answer, if one comes. */
  browse(key: string, request: WebRequest, then: (response: WebResponse) => void): Invocation {
    return this.invoke(`oauth-callback@${key}`, 29, async (invocation, composition) => {
      const dependencies = composition.authorization();
      const [, ticket = ''] = /^\/connect\/(.+)$/u.exec(request.path) ?? [];
      const response =
        ticket === ''
          ? await answerCallback(dependencies, request, 'actionstep', invocation.deadline)
          : await answerConnect(dependencies, request, ticket);
      this.scheduler.after(20, () => then(response));
    });
  }

  /** A provider's webhook comes in; `then` gets whether it was taken, `false` where nobody answered. */
  receive(key: string, delivery: HookDelivery, then: (taken: boolean) => void): Invocation {
    const invocation = this.invoke(`event-receiver@${key}`, 10, async (_, composition) => {
      const isTaken = await receiveHook(
        {
          ...composition.base(),
          hooks: composition.port('hooks', this.cloud.hooks),
          work: composition.port('work', this.cloud.work),
          hints: (provider, body) => PROVIDERS[provider]?.hooks?.hints(body) ?? [],
          random: seededRandom(`${this.scheduler.seed} ${key}`),
        },
        delivery,
      );
      then(isTaken);
    });
    this.scheduler.whenDead(invocation, () => then(false));
    return invocation;
  }

  disconnect(connection: string, key: string): Invocation {
    return this.invoke(`operator@${key}`, 29, (_, composition) => {
      const { clock } = composition.base();
      const control = createConnectionControl({
        store: composition.connections(),
        events: createConnectionEvents('test'),
        clock,
      });
      return control.disconnect(connection, 'operator');
    });
  }

  invoke(
    key: string,
    seconds: number,
    work: (invocation: Invocation, composition: Composition) => Promise<unknown>,
  ): Invocation {
    const environment = between(this.scheduler.seed, `environment ${key}`, 0, ENVIRONMENTS - 1);
    return this.scheduler.invoke(
      key,
      seconds,
      () => this.skews[environment] ?? 0,
      (invocation) => work(invocation, new Composition(this, invocation)),
      this.release,
    );
  }
}
