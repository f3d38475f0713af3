import type { BudgetAnswer } from '../../functions/core/budgets/budget.ts';
import { ProviderUnavailableError, StoreUnavailableError } from '../../functions/core/errors.ts';
import type { SendHttp } from '../../functions/core/http.ts';
import type { EventPublisher } from '../../functions/core/publishing/publisher.ts';
import { SNS_LIMIT_BYTES } from '../../functions/core/publishing/message.ts';
import type { StoredRow } from '../../functions/core/publishing/outbox-store.ts';
import type { NamePage } from '../../functions/core/connections/store.ts';
import { SPEND_BUDGET_MS } from '../../functions/core/tokens/timing.ts';
import type { AlertWatch } from './promises/alerts.ts';
import { STORE } from './profiles.ts';
import type { Looks } from './promises/promises.ts';
import { pick } from './random.ts';
import type { EffectProfile, Invocation, Scheduler } from './scheduler.ts';
import { type Cloud, SHARD } from './state.ts';
import { connectionOf, type Step, TraceCheck } from './trace-check.ts';
import { response, SILENCE, Vendors } from './vendors.ts';

/** After so long a publish is given up. */
const PUBLISH_MS = 6000;

/** An index's last answers, by its arguments: what it says when it lags. */
type IndexMemory = Map<string, unknown>;

/** What ports know of their world. */
interface PortsWorld {
  readonly scheduler: Scheduler;
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly alerts: AlertWatch;
  readonly looks: Looks;
  readonly beyondSkew: boolean;
  /** When tables were put back. */
  readonly restores: readonly { readonly at: number }[];
}

/** The ports as one invocation has them: every call is an effect that the scheduler owns. */
export class Ports {
  readonly #scheduler: Scheduler;
  readonly #cloud: Cloud;
  readonly #vendors: Vendors;
  readonly #lagging: IndexMemory = new Map();
  /** Told after each token request that is on its way: how many of a connection are. */
  readonly inFlight = new Map<string, Set<Invocation>>();
  mostInFlight = 0;
  /** Whether clocks left what leases allow for: then two may be at one token at once. */
  readonly mayOverlap: () => boolean;
  readonly trace: TraceCheck;
  readonly violations: string[];

  readonly #alerts: AlertWatch;
  readonly #looks: Looks;
  /** What was done to the archive, by name. */
  readonly archiveEffects = new Set<string>();

  constructor(world: PortsWorld) {
    const { scheduler, cloud, vendors, alerts, looks } = world;
    this.#scheduler = scheduler;
    this.#cloud = cloud;
    this.#vendors = vendors;
    this.#alerts = alerts;
    this.#looks = looks;
    this.violations = alerts.violations;
    this.mayOverlap = () => world.beyondSkew;
    this.trace = new TraceCheck(cloud, this.mayOverlap, (since) => world.restores.some(({ at }) => at >= since));
  }

  store<T extends object>(invocation: Invocation, label: string, target: T): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        const effect = `${label}.${property}`;
        if (label === 'archive') this.archiveEffects.add(effect);
        return (...args: unknown[]) => {
          if (label === 'store') invocation.touched.push({ effect, name: connectionOf(args) });
          return this.#scheduler
            .effect(invocation, effect, STORE, (fault) =>
              this.#apply({ invocation, effect, args, fault }, () => member.apply(object, args) as Promise<unknown>),
            )
            .then((value) => {
              if (/^store\.(?:due|rejected)$/u.test(effect)) {
                for (const name of (value as NamePage).names) invocation.indexed.add(name);
              }
              if (effect === 'budgets.draw' && !(value as BudgetAnswer).granted) invocation.waits += 1;
              return value;
            });
        };
      },
    });
  }

  async #apply(step: Step, call: () => Promise<unknown>) {
    const { effect: name, args, fault } = step;
    if (name === 'outbox.markPublished' && fault === 'partial') {
      const [shard, rows, at] = args as [string, readonly StoredRow[], Date];
      const some = rows.slice(0, Math.ceil(rows.length / 2));
      const half = { ...step, args: [shard, some, at] };
      await this.trace.through(half, () => this.#cloud.outbox.markPublished(shard, some, at));
      throw new StoreUnavailableError('items stay unprocessed');
    }
    const place = `${name} ${typeof args[0] === 'string' ? args[0] : ''} ${typeof args[1] === 'string' ? args[1] : ''}`;
    const isIndex = /^(?:store\.(?:due|rejected)|jobs\.due|alerts\.open)$/u.test(name);
    if (isIndex && fault === 'stale-index' && this.#lagging.has(place)) return this.#lagging.get(place);
    const value = await this.trace.through(step, call);
    if (/^alerts\.(?:commit|saveCheckpoint)$/u.test(name)) this.#alerts.see(name, args, this.#scheduler.now);
    if (isIndex) this.#lagging.set(place, value);
    this.#cloud.settleOutbox();
    return value;
  }

  send(invocation: Invocation): SendHttp {
    return (request, allowed) => {
      if (!allowed(request.url)) return Promise.reject(new Error(`Egress to ${request.url.origin} is refused`));
      const isToken = Vendors.isToken(request.url);
      const connection = Vendors.connectionOf(request.url);
      const timeoutMs = request.timeoutMs ?? 20_000;
      if (isToken) this.#begin(connection, invocation);
      // A process that stood still has less time than it took; what it reads it can read again.
      else if (!invocation.faults.some(({ fault }) => fault.startsWith('freeze'))) {
        this.#checkTime(invocation, 'calls its provider', timeoutMs);
      }
      const profile: EffectProfile = {
        latency: [20, 400],
        timeoutMs,
        unanswered: () => new ProviderUnavailableError('timed out', { sent: true }),
        throttled: () =>
          pick(this.#scheduler.seed, `throttled ${invocation.key}/${invocation.effects}`, [
            response(429, { message: 'slow down' }, { 'retry-after': '20' }),
            response(429, { message: 'slow down' }),
            response(503, { message: 'down' }),
          ]),
      };
      const exchange = this.#scheduler
        .effect(invocation, isToken ? 'send.token' : 'send.api', profile, async (fault) => {
          const answer = this.#vendors.answer(request, new Date(this.#scheduler.now), invocation.key);
          return fault === 'truncated' ? { ...answer, body: answer.body.slice(0, 20) } : answer;
        })
        .then(async (answer) => {
          if (answer !== SILENCE) return answer;
          await this.#scheduler.wait(invocation, timeoutMs);
          throw profile.unanswered();
        });
      if (!isToken) return exchange;
      return exchange.finally(() => this.inFlight.get(connection)?.delete(invocation));
    };
  }

  /** I2 and I24: the second of two at once, and a token that is spent without the time to store its successor. */
  #begin(connection: string, invocation: Invocation): void {
    const flying = this.inFlight.get(connection) ?? new Set();
    this.inFlight.set(connection, flying);
    for (const other of flying) if (other.isDead) flying.delete(other);
    flying.add(invocation);
    this.mostInFlight = Math.max(this.mostInFlight, flying.size);
    this.#looks.at('I2');
    if (flying.size > 1 && !this.mayOverlap()) {
      this.violations.push(`I2: ${flying.size} token requests of ${connection} in flight`);
    }
    invocation.touched.push({ effect: 'send.token', name: connection });
    if (invocation.function !== 'oauth-callback') this.#checkTime(invocation, 'spends a token', SPEND_BUDGET_MS);
  }

  /** I24: what is begun can end, and what has to follow it. */
  #checkTime({ key, deadline }: Invocation, what: string, neededMs: number): void {
    this.#looks.at('I24');
    const left = deadline.remainingMs();
    if (left < neededMs) this.violations.push(`I24: ${key} ${what} with ${left} ms left`);
  }

  publisher(invocation: Invocation): EventPublisher {
    return {
      publish: (topic, messages) => {
        this.#checkTime(invocation, 'publishes', PUBLISH_MS);
        return this.#scheduler.effect(
          invocation,
          'publisher.publish',
          { ...STORE, latency: [10, 80], timeoutMs: PUBLISH_MS },
          async (fault) => {
            for (const { bytes, body } of messages) {
              this.#looks.at('I17');
              const isWhole = body.isWellFormed() && Buffer.byteLength(body) <= bytes;
              if (bytes > SNS_LIMIT_BYTES || !isWhole) this.violations.push(`I17: a message of ${bytes} bytes`);
            }
            // What arrives after its sender has given up is of no order any more.
            const isPrompt = !invocation.isDead && (fault === undefined || fault === 'partial');
            const refusal = isPrompt ? this.trace.outbox.published(SHARD, invocation.key, messages) : undefined;
            if (refusal !== undefined && !this.mayOverlap()) this.violations.push(`model: ${refusal}`);
            if (fault !== 'partial') {
              this.trace.outbox.arrived(messages);
              return this.#cloud.publisher.publish(topic, messages);
            }
            const half = Math.floor(messages.length / 2);
            const kept = messages.slice(half);
            this.trace.outbox.arrived(kept);
            const results = kept.length === 0 ? [] : await this.#cloud.publisher.publish(topic, kept);
            return [
              ...messages.slice(0, half).map(() => ({ outcome: 'failed', reason: 'partial' }) as const),
              ...results,
            ];
          },
        );
      },
    };
  }
}
