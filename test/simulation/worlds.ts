import { createEncoders } from '../../functions/adapters/encoding/encoders.ts';
import { createHandler as createAlertPoller } from '../../functions/alert-poller/handler.ts';
import { createOpenApi } from '../../functions/core/api.ts';
import { completeAuthorization } from '../../functions/core/authorization/complete.ts';
import type { AuthorizationDependencies } from '../../functions/core/authorization/dependencies.ts';
import { createAnnouncingStore } from '../../functions/core/connections/announcing-store.ts';
import { createConnectionAccess } from '../../functions/core/connections/connection-access.ts';
import { createConnectionControl } from '../../functions/core/connections/connection-control.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { LogFields } from '../../functions/core/log.ts';
import { createRunExport } from '../../functions/core/reports/export.ts';
import { createSweepReports } from '../../functions/core/schedules/sweep-reports.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { createConnectionEvents } from '../../functions/core/tokens/connection-events.ts';
import type { TokenDependencies } from '../../functions/core/tokens/dependencies.ts';
import { createRefreshSweep } from '../../functions/core/tokens/sweep.ts';
import { callTokenEndpoint } from '../../functions/core/tokens/token-call.ts';
import { createHandler as createPublisher } from '../../functions/event-publisher/handler.ts';
import { createHandler as createReportPoller } from '../../functions/report-poller/handler.ts';
import { createHandler as createRefresher } from '../../functions/token-refresher/handler.ts';
import { seededRandom } from '../support/token-world.ts';
import { Executions } from './durable.ts';
import { Ports } from './ports.ts';
import { between } from './random.ts';
import type { EffectProfile, Invocation, Scheduler } from './scheduler.ts';
import { type Cloud, createCloud, SHARD } from './state.ts';
import { PROVIDERS, REDIRECT_URI, Vendors } from './vendors.ts';

const INVOKE: EffectProfile = {
  latency: [5, 40],
  timeoutMs: 3000,
  unanswered: () => new StoreUnavailableError('Lambda did not answer'),
  throttled: () => {
    throw new StoreUnavailableError('throttled');
  },
};

/** The functions on their ports: each is started as Lambda would start it, several at once, each with its own clock. */
export class World {
  readonly scheduler: Scheduler;
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly ports: Ports;
  readonly executions: Executions;
  readonly lines: { readonly event: string; readonly fields: LogFields; readonly invocation: string }[] = [];

  constructor(scheduler: Scheduler, start: Date) {
    const now = () => new Date(scheduler.now);
    this.scheduler = scheduler;
    this.vendors = new Vendors(scheduler.seed, start, now);
    this.cloud = createCloud(now, this.vendors);
    this.ports = new Ports(scheduler, this.cloud, this.vendors);
    this.executions = new Executions(scheduler, (invocation, input, durable) =>
      createRunExport(this.#exportDependencies(invocation))(input, durable),
    );
  }

  refresh(key: string): Invocation {
    return this.#invoke(`token-refresher@${key}`, 55, (invocation) => {
      const dependencies = this.#tokenDependencies(invocation);
      const { store, announce } = createAnnouncingStore(dependencies.store, this.#nudge(invocation));
      const sweep = createRefreshSweep({ ...dependencies, store });
      return createRefresher({ sweep, announce })({ shard: SHARD }, { deadline: invocation.deadline });
    });
  }

  pollAlerts(key: string): Invocation {
    return this.#invoke(`alert-poller@${key}`, 55, (invocation) => {
      const { clock, log, metrics } = this.#base(invocation);
      const { ports, cloud } = this;
      const handler = createAlertPoller({
        clock,
        log,
        metrics,
        store: ports.store(invocation, 'alerts', cloud.alerts),
        jobs: ports.store(invocation, 'jobs', cloud.jobs),
        work: ports.store(invocation, 'work', cloud.work),
        openApi: this.#openApi(invocation),
        origin: { stage: 'test' },
        nudge: this.#nudge(invocation),
      });
      return handler({ shard: SHARD }, { deadline: invocation.deadline, requestId: invocation.key });
    });
  }

  publish(key: string): Invocation {
    return this.#invoke(`event-publisher@${key}`, 55, (invocation) => {
      const handler = createPublisher({
        ...this.#base(invocation),
        outbox: this.ports.store(invocation, 'outbox', this.cloud.outbox),
        latencies: this.ports.store(invocation, 'latencies', this.cloud.latencies),
        publisher: this.ports.publisher(invocation),
        pause: (ms) => this.scheduler.wait(invocation, ms),
        nudge: this.#nudge(invocation),
      });
      return handler({ shard: SHARD }, { deadline: invocation.deadline, requestId: invocation.key });
    });
  }

  pollReports(key: string): Invocation {
    return this.#invoke(`report-poller@${key}`, 55, (invocation) => {
      const base = this.#base(invocation);
      const sweep = createSweepReports({
        ...base,
        stage: 'test',
        jobs: this.ports.store(invocation, 'jobs', this.cloud.jobs),
        windows: this.ports.store(invocation, 'windows', this.cloud.windows),
        describe: (job) => {
          const source = PROVIDERS[job.provider]?.sources[job.source];
          if (source === undefined) throw new Error(`No source ${job.source}`);
          return source.describe(source.parseOptions(job.options));
        },
        start: (name, input) =>
          this.scheduler.effect(invocation, 'lambda.start', INVOKE, async () => this.executions.start(name, input)),
        nudge: this.#nudge(invocation),
      });
      return createReportPoller({ sweep, clock: base.clock, log: base.log })(
        { shard: SHARD },
        { deadline: invocation.deadline, requestId: invocation.key },
      );
    });
  }

  /** A person consents: the browser comes back with a code. */
  consent(connection: string, key: string): Invocation {
    return this.#invoke(`callback@${key}`, 29, async (invocation) => {
      const dependencies = this.#tokenDependencies(invocation);
      const code = this.vendors.code(connection, new Date(this.scheduler.now));
      const authorization: AuthorizationDependencies = {
        ...dependencies,
        authorizations: {} as AuthorizationDependencies['authorizations'],
        cookies: {} as AuthorizationDependencies['cookies'],
        announce: this.#nudge(invocation),
        exchange: (exchange) =>
          callTokenEndpoint(dependencies, {
            ...exchange,
            grant: { type: 'authorization-code', code: exchange.code, redirectUri: exchange.redirectUri },
            budgetMs: 6000,
          }),
      };
      const pending = {
        stateHash: `state-${key}`,
        ticketHash: `ticket-${key}`,
        connection,
        provider: 'actionstep',
        browserHash: 'browser',
        redirectUri: REDIRECT_URI,
        scopes: ['all'],
        replaceAccount: false,
        expiresAt: new Date(this.scheduler.now + 600_000),
      };
      await completeAuthorization(authorization, pending, code, invocation.deadline);
      await authorization.announce(SHARD);
    });
  }

  disconnect(connection: string, key: string): Invocation {
    return this.#invoke(`operator@${key}`, 29, (invocation) => {
      const { clock } = this.#base(invocation);
      const store = this.ports.store(invocation, 'store', this.cloud.connections);
      const control = createConnectionControl({ store, events: createConnectionEvents('test'), clock });
      return control.disconnect(connection, 'operator');
    });
  }

  /** What a provider's access token that is no longer taken looks like from outside: everybody asks for another. */
  reopen(connection: string, key: string): Invocation {
    return this.#invoke(`operator@${key}`, 29, (invocation) => {
      const store = this.ports.store(invocation, 'store', this.cloud.connections);
      const provider = this.vendors.connections.find(({ name }) => name === connection)?.provider;
      return store.reopen(connection, provider?.grant ?? 'authorization-code', invocation.clock.now());
    });
  }

  #invoke(key: string, seconds: number, work: (invocation: Invocation) => Promise<unknown>): Invocation {
    // One of three environments, whose clocks differ by five seconds at most.
    const environment = between(this.scheduler.seed, `environment ${key}`, 0, 2);
    const skew = between(this.scheduler.seed, `skew ${environment}`, -2500, 2500);
    return this.scheduler.invoke(key, seconds, skew, work);
  }

  #nudge(invocation: Invocation): (shard: string) => Promise<void> {
    let count = 0;
    return async () => {
      count += 1;
      const key = `${invocation.key}-nudge${count}`;
      try {
        await this.scheduler.effect(invocation, 'lambda.nudge', INVOKE, async () => {
          this.scheduler.after(30, () => this.publish(key));
        });
      } catch {
        // As the adapter does: a nudge may fail, the tick catches what it missed.
      }
    };
  }

  #base(invocation: Invocation) {
    const note = (event: string, fields: LogFields = {}) =>
      void this.lines.push({ event, fields, invocation: invocation.key });
    return {
      clock: invocation.clock,
      log: { info: note, warn: note, error: note },
      metrics: { add: () => undefined },
    };
  }

  #tokenDependencies(invocation: Invocation): TokenDependencies {
    const { ports, cloud } = this;
    const base = this.#base(invocation);
    const random = seededRandom(`${this.scheduler.seed} ${invocation.key}`);
    return {
      ...base,
      random,
      store: ports.store(invocation, 'store', cloud.connections),
      rescue: ports.store(invocation, 'rescue', cloud.rescue),
      sealer: createSealer({ keys: ports.store(invocation, 'keys', cloud.keys), clock: base.clock, random }),
      credentials: ports.store(invocation, 'credentials', cloud.credentials),
      budgets: ports.store(invocation, 'budgets', cloud.budgets),
      breakers: ports.store(invocation, 'breakers', cloud.breakers),
      send: ports.send(invocation),
      wait: (ms) => this.scheduler.wait(invocation, ms),
      events: createConnectionEvents('test'),
      providers: PROVIDERS,
      redirectUri: () => REDIRECT_URI,
      owner: invocation.key,
    };
  }

  #openApi(invocation: Invocation) {
    const { sealer, store, budgets, send, clock } = this.#tokenDependencies(invocation);
    const access = createConnectionAccess({ store, sealer, clock });
    return createOpenApi({ access, budgets, send, clock, providers: PROVIDERS });
  }

  #exportDependencies(invocation: Invocation) {
    const { ports, cloud } = this;
    return {
      ...this.#base(invocation),
      stage: 'test',
      codeVersion: '7',
      jobs: ports.store(invocation, 'jobs', cloud.jobs),
      windows: ports.store(invocation, 'windows', cloud.windows),
      archive: ports.store(invocation, 'archive', cloud.archive),
      signer: ports.store(invocation, 'signer', cloud.signer),
      encoders: createEncoders(),
      openApi: this.#openApi(invocation),
      providers: PROVIDERS,
      pause: (ms: number) => this.scheduler.wait(invocation, ms),
      nudge: this.#nudge(invocation),
      partBytes: 600,
    };
  }
}
