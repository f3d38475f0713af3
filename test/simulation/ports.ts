import { ProviderUnavailableError, StoreUnavailableError } from '../../functions/core/errors.ts';
import type { SendHttp } from '../../functions/core/http.ts';
import type { EventPublisher } from '../../functions/core/publishing/publisher.ts';
import type { StoredRow } from '../../functions/core/publishing/outbox-store.ts';
import type { Fault } from './faults.ts';
import { Numbers, refusedByModel } from './model/trace.ts';
import { pick } from './random.ts';
import type { EffectProfile, Invocation, Scheduler } from './scheduler.ts';
import type { Cloud } from './state.ts';
import { response, Vendors } from './vendors.ts';

const STORE: EffectProfile = {
  latency: [2, 30],
  timeoutMs: 4000,
  unanswered: () => new StoreUnavailableError('no reply'),
  throttled: () => {
    throw new StoreUnavailableError('throttled');
  },
};

/** An index's last answers, by its arguments: what it says when it lags. */
type IndexMemory = Map<string, unknown>;

/** The ports as one invocation has them: every call is an effect that the scheduler owns. */
export class Ports {
  readonly #scheduler: Scheduler;
  readonly #cloud: Cloud;
  readonly #vendors: Vendors;
  readonly #lagging: IndexMemory = new Map();
  /** Told after each token request that is on its way: how many of a connection are. */
  readonly inFlight = new Map<string, Set<Invocation>>();
  mostInFlight = 0;
  /** Steps of the simulation that the model was asked about. */
  modelSteps = 0;
  readonly #numbers = new Numbers();
  readonly violations: string[] = [];

  constructor(scheduler: Scheduler, cloud: Cloud, vendors: Vendors) {
    this.#scheduler = scheduler;
    this.#cloud = cloud;
    this.#vendors = vendors;
  }

  store<T extends object>(invocation: Invocation, label: string, target: T): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        return (...args: unknown[]) =>
          this.#scheduler.effect(invocation, `${label}.${property}`, STORE, (fault) =>
            this.#apply(`${label}.${property}`, fault, args, () => member.apply(object, args) as Promise<unknown>),
          );
      },
    });
  }

  async #apply(name: string, fault: Fault | undefined, args: readonly unknown[], call: () => Promise<unknown>) {
    if (name === 'outbox.markPublished' && fault === 'partial') {
      const [shard, rows, at] = args as [string, readonly StoredRow[], Date];
      await this.#cloud.outbox.markPublished(shard, rows.slice(0, Math.ceil(rows.length / 2)), at);
      throw new StoreUnavailableError('items stay unprocessed');
    }
    const place = `${name} ${typeof args[0] === 'string' ? args[0] : ''} ${typeof args[1] === 'string' ? args[1] : ''}`;
    const isIndex = /^(?:store\.(?:due|rejected)|jobs\.due|alerts\.open)$/u.test(name);
    if (isIndex && fault === 'stale-index' && this.#lagging.has(place)) return this.#lagging.get(place);
    const value = await this.#watched(name, args, call);
    if (isIndex) this.#lagging.set(place, value);
    this.#cloud.settleOutbox();
    return value;
  }

  /** The trace check: every step on a connection's item is one that the model has. */
  async #watched(effect: string, args: readonly unknown[], call: () => Promise<unknown>): Promise<unknown> {
    if (!effect.startsWith('store.')) return call();
    const { items } = this.#cloud.connections;
    const [first] = args;
    const name = typeof first === 'string' ? first : (first as { readonly name: string }).name;
    const before = items.get(name);
    const value = await call();
    const refusal = refusedByModel({ effect, args, before, after: items.get(name) }, this.#numbers);
    if (refusal !== undefined) this.violations.push(`model: ${name}: ${effect}: ${refusal}`);
    if (before !== items.get(name)) this.modelSteps += 1;
    return value;
  }

  send(invocation: Invocation): SendHttp {
    return (request, allowed) => {
      if (!allowed(request.url)) return Promise.reject(new Error(`Egress to ${request.url.origin} is refused`));
      const isToken = Vendors.isToken(request.url);
      const connection = Vendors.connectionOf(request.url);
      const timeoutMs = request.timeoutMs ?? 20_000;
      if (isToken) this.#begin(connection, invocation);
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
      const exchange = this.#scheduler.effect(
        invocation,
        isToken ? 'send.token' : 'send.api',
        profile,
        async (fault) => {
          const answer = this.#vendors.answer(request, new Date(this.#scheduler.now), invocation.key);
          return fault === 'truncated' ? { ...answer, body: answer.body.slice(0, 20) } : answer;
        },
      );
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
    if (flying.size > 1) this.violations.push(`I2: ${flying.size} token requests of ${connection} in flight`);
    if (invocation.function !== 'callback' && invocation.deadline.remainingMs() < 22_000) {
      this.violations.push(`I24: ${invocation.key} spends a token with ${invocation.deadline.remainingMs()} ms left`);
    }
  }

  publisher(invocation: Invocation): EventPublisher {
    return {
      publish: (topic, messages) =>
        this.#scheduler.effect(
          invocation,
          'publisher.publish',
          { ...STORE, latency: [10, 80], timeoutMs: 6000 },
          async (fault) => {
            for (const { bytes } of messages) {
              if (bytes > 262_144) this.violations.push(`I17: a message of ${bytes} bytes`);
            }
            if (fault !== 'partial') return this.#cloud.publisher.publish(topic, messages);
            const half = Math.floor(messages.length / 2);
            const kept = messages.slice(half);
            const results = kept.length === 0 ? [] : await this.#cloud.publisher.publish(topic, kept);
            return [
              ...messages.slice(0, half).map(() => ({ outcome: 'failed', reason: 'partial' }) as const),
              ...results,
            ];
          },
        ),
    };
  }
}
