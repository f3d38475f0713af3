import { createEncoders } from '../../functions/adapters/encoding/encoders.ts';
import { createOpenApi } from '../../functions/core/api.ts';
import { createBrowserCookies } from '../../functions/core/authorization/cookies.ts';
import type { AuthorizationDependencies } from '../../functions/core/authorization/dependencies.ts';
import { createConnectionAccess } from '../../functions/core/connections/connection-access.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { LogFields } from '../../functions/core/log.ts';
import type { ExportDependencies } from '../../functions/core/reports/run-types.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { createConnectionEvents } from '../../functions/core/tokens/connection-events.ts';
import type { TokenDependencies } from '../../functions/core/tokens/dependencies.ts';
import { callTokenEndpoint } from '../../functions/core/tokens/token-call.ts';
import { createKeepHooks } from '../../functions/core/work/keep-hooks.ts';
import { seededRandom } from '../support/token-world.ts';
import { storeOfTheReleaseBefore } from './release-before.ts';
import type { EffectProfile, Invocation } from './scheduler.ts';
import { PROVIDERS, REDIRECT_URI } from './vendors.ts';
import type { World } from './worlds.ts';

/** Where people and providers reach the API. */
export const BASE_URL = 'https://steward.test';

export const INVOKE: EffectProfile = {
  latency: [5, 40],
  timeoutMs: 3000,
  unanswered: () => new StoreUnavailableError('Lambda did not answer'),
  throttled: () => {
    throw new StoreUnavailableError('throttled');
  },
};

/** What one invocation is composed of, as an `index.ts` does it: every port is the scheduler's. */
export class Composition {
  readonly #world: World;
  readonly #invocation: Invocation;
  #nudges = 0;

  constructor(world: World, invocation: Invocation) {
    this.#world = world;
    this.#invocation = invocation;
  }

  port<T extends object>(label: string, target: T): T {
    return this.#world.ports.store(this.#invocation, label, target);
  }

  base() {
    const { lines, scheduler } = this.#world;
    const note = (event: string, fields: LogFields = {}) =>
      void lines.push({ event, fields, invocation: this.#invocation.key, at: scheduler.now });
    return {
      clock: this.#invocation.clock,
      log: { info: note, warn: note, error: note },
      metrics: { add: () => undefined },
    };
  }

  wait = (ms: number): Promise<void> => this.#world.scheduler.wait(this.#invocation, ms);

  nudge = async (_shard: string): Promise<void> => {
    const { scheduler } = this.#world;
    this.#nudges += 1;
    const key = `${this.#invocation.key}-nudge${this.#nudges}`;
    try {
      await scheduler.effect(this.#invocation, 'lambda.nudge', INVOKE, async () => {
        scheduler.after(30, () => this.#world.publish(key));
      });
    } catch {
      // As the adapter does: a nudge may fail, the tick catches what it missed.
    }
  };

  connections() {
    const { connections } = this.#world.cloud;
    const isOld = this.#invocation.release === 'before';
    return this.port('store', isOld ? storeOfTheReleaseBefore(connections) : connections);
  }

  tokens(): TokenDependencies {
    const { cloud, ports, scheduler } = this.#world;
    const base = this.base();
    const random = seededRandom(`${scheduler.seed} ${this.#invocation.key}`);
    return {
      ...base,
      random,
      store: this.connections(),
      rescue: this.port('rescue', cloud.rescue),
      sealer: createSealer({ keys: this.port('keys', cloud.keys), clock: base.clock, random }),
      credentials: this.port('credentials', cloud.credentials),
      budgets: this.port('budgets', cloud.budgets),
      breakers: this.port('breakers', cloud.breakers),
      send: ports.send(this.#invocation),
      wait: this.wait,
      events: createConnectionEvents('test'),
      providers: PROVIDERS,
      redirectUri: () => REDIRECT_URI,
      owner: this.#invocation.key,
    };
  }

  authorization(): AuthorizationDependencies {
    const tokens = this.tokens();
    return {
      ...tokens,
      authorizations: this.port('authorizations', this.#world.cloud.authorizations),
      cookies: createBrowserCookies(BASE_URL),
      announce: this.nudge,
      // The exchange of oauth4webapi waits for the platform's cryptography, whose order is nobody's to say.
      exchange: (exchange) =>
        callTokenEndpoint(tokens, {
          ...exchange,
          grant: { type: 'authorization-code', code: exchange.code, redirectUri: exchange.redirectUri },
          budgetMs: 6000,
        }),
    };
  }

  openApi() {
    const { sealer, store, budgets, send, clock } = this.tokens();
    const access = createConnectionAccess({ store, sealer, clock });
    return createOpenApi({ access, budgets, send, clock, providers: PROVIDERS });
  }

  keepHooks() {
    const { clock, log } = this.base();
    return createKeepHooks({
      hooks: this.port('hooks', this.#world.cloud.hooks),
      baseUrl: BASE_URL,
      origin: { stage: 'test' },
      clock,
      log,
      random: seededRandom(`${this.#world.scheduler.seed} ${this.#invocation.key} hooks`),
    });
  }

  exports(codeVersion: string): ExportDependencies {
    const { cloud } = this.#world;
    return {
      ...this.base(),
      stage: 'test',
      codeVersion,
      jobs: this.port('jobs', cloud.jobs),
      windows: this.port('windows', cloud.windows),
      archive: this.port('archive', cloud.archive),
      signer: this.port('signer', cloud.signer),
      encoders: createEncoders(),
      openApi: this.openApi(),
      providers: PROVIDERS,
      pause: this.wait,
      nudge: this.nudge,
      partBytes: 600,
    };
  }
}
