import { createHandler as createPoller } from '../../functions/alert-poller/handler.ts';
import { runAlertPass } from '../../functions/core/alerts/pass.ts';
import type { AlertStore } from '../../functions/core/alerts/store.ts';
import { createOpenApi } from '../../functions/core/api.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { ProviderUnavailableError, ServiceError } from '../../functions/core/errors.ts';
import { allShards, shardOf } from '../../functions/core/events.ts';
import type { SendHttp } from '../../functions/core/http.ts';
import type { SnsMessage } from '../../functions/core/publishing/message.ts';
import type { PublishResult } from '../../functions/core/publishing/publisher.ts';
import { createHandler as createPublisher } from '../../functions/event-publisher/handler.ts';
import { createMemoryAlertStore } from '../support/memory-alert-store.ts';
import { memoryBudgets } from '../support/memory-budgets.ts';
import { createMemoryJobStore } from '../support/memory-job-store.ts';
import { createMemoryLatencies } from '../support/memory-latencies.ts';
import { createMemoryOutboxStore, createMemoryState } from '../support/memory-outbox-store.ts';
import { createMemoryPublisher } from '../support/memory-publisher.ts';
import { createMemoryWorkStore } from '../support/memory-work-store.ts';
import { anAlertJob } from '../support/report-job.ts';
import type { Tenant } from './alert-day-tenants.ts';
import { type Fault, FaultPlan } from './faults.ts';
import { STORE } from './profiles.ts';
import { between, chance, pick } from './random.ts';
import { type EffectProfile, type Invocation, Scheduler } from './scheduler.ts';
import { response } from './vendors.ts';

export const MINUTE = 60_000;
export const START = new Date('2026-03-10T00:00:00Z');
const SHARDS = 2;

const WEB: EffectProfile = {
  latency: [20, 400],
  timeoutMs: 20_000,
  unanswered: () => new ProviderUnavailableError('timed out', { sent: true }),
  throttled: () => response(503, { message: 'down' }),
};

/** A poll may lose anything at any effect, its process too; the publisher loses nothing, so that nothing may come twice. */
class DayFaults extends FaultPlan {
  readonly #of: number;
  readonly crashes: boolean;
  met = 0;

  constructor(seed: number, crashes: boolean) {
    super(seed);
    this.#of = seed;
    this.crashes = crashes;
  }

  override draw(key: string, _function: string, effect: string): Fault | undefined {
    if (this.calm || chance(this.#of, `day ${key}`) >= 0.015) return undefined;
    const lossless = /^(?:publisher|outbox|latencies)\./u.test(effect) && !this.crashes;
    const kinds: readonly Fault[] = lossless
      ? ['throttle', 'delay', ...(effect === 'publisher.publish' ? (['partial', 'partial'] as const) : [])]
      : ['throttle', 'delay', 'lost-reply', 'lost-request', 'late', 'crash-before', 'crash-after', 'freeze-after'];
    this.met += 1;
    return pick(this.#of, `day kind ${key}`, kinds);
  }
}

/** A state of an alert, while it stood. */
export interface Stand {
  readonly print: string;
  readonly from: number;
  until: number;
}

/** A poll that saw everything, from its beginning to its checkpoint. */
interface Poll {
  readonly began: number;
  readonly ended: number;
}

/** One stage with its tenants, through a day on a virtual clock. */
export class AlertDay {
  readonly scheduler: Scheduler;
  readonly faults: DayFaults;
  readonly state = createMemoryState();
  readonly publisher = createMemoryPublisher();
  readonly jobs = createMemoryJobStore();
  readonly polls = new Map<string, Poll[]>();
  readonly stands = new Map<string, Map<string, Stand[]>>();
  /** How often a pass that had read long ago found that a newer one had recorded what it was about to. */
  obsolete = 0;
  /** Who published each event, by its id: more than one where it was published again. */
  readonly senders = new Map<string, Invocation[]>();
  readonly unexpected: unknown[] = [];
  readonly #tenants: readonly Tenant[];
  readonly #everySeconds: number;
  readonly #generations = new Map<string, { generation: number; token: string; rejected: boolean }>();
  readonly #alerts = createMemoryAlertStore(this.state);
  readonly #outbox = createMemoryOutboxStore(this.state);
  readonly #latencies = createMemoryLatencies();
  readonly #work = createMemoryWorkStore();
  readonly #budgets: ReturnType<typeof memoryBudgets>;

  constructor(seed: number, tenants: (now: () => Date) => readonly Tenant[], everySeconds: number, crashes: boolean) {
    this.faults = new DayFaults(seed, crashes);
    this.scheduler = new Scheduler(seed, START, this.faults);
    const now = () => new Date(this.scheduler.now);
    this.#tenants = tenants(now);
    this.#everySeconds = everySeconds;
    this.#budgets = memoryBudgets({ clock: { now } });
  }

  async begin(): Promise<void> {
    for (const { name, provider, source } of this.#tenants) {
      const options = provider.alertSources[source]?.parseOptions({}) ?? {};
      const shard = shardOf(name, SHARDS);
      const more = { options, shard, everySeconds: this.#everySeconds, stormThreshold: 1e6 };
      await this.jobs.configure(anAlertJob({ name, connection: name, provider: provider.id, source, ...more }), START);
    }
  }

  /** A tick of both functions in every shard; now and then a second one overlaps. */
  tick(at: number): void {
    for (const shard of allShards(SHARDS)) {
      const key = `${shard}-${at}`;
      this.scheduler.at(at + between(this.scheduler.seed, `late ${key}`, 0, 3000), () => this.#poll(shard, key));
      if (chance(this.scheduler.seed, `twice ${key}`) < 0.1) {
        this.scheduler.at(at + 900, () => this.#poll(shard, `${key}-again`));
      }
      for (const later of [20_000, 80_000]) {
        this.scheduler.at(at + later, () => this.#publish(shard, `${key}-${later}`));
      }
    }
  }

  /** What stands at the provider from now on. */
  async note(tenant: Tenant): Promise<void> {
    const { now } = this.scheduler;
    const stands = this.stands.get(tenant.name) ?? new Map<string, Stand[]>();
    this.stands.set(tenant.name, stands);
    for (const [id, print] of await tenant.truth(new Date(now))) {
      const mine = stands.get(id) ?? [];
      stands.set(id, mine);
      const last = mine.at(-1);
      if (last?.print === print) continue;
      if (last !== undefined) last.until = now;
      mine.push({ print, from: now, until: Infinity });
    }
  }

  #poll(shard: string, key: string): void {
    this.#invoke(`alert-poller@${key}`, 55, (invocation) => {
      const poll = createPoller({
        ...this.#base(invocation),
        store: this.#through(invocation, 'alerts', this.#watched()),
        jobs: this.#through(invocation, 'jobs', this.jobs),
        work: this.#work,
        openApi: this.#openApi(invocation),
        origin: { stage: 'day' },
        nudge: async (of) => this.scheduler.after(50, () => this.#publish(of, `${key}-nudged`)),
      });
      return poll({ shard }, { deadline: invocation.deadline, requestId: invocation.key });
    });
  }

  /** A poll whose lease was lost long ago: it has read, stands still until others have polled, and goes on. */
  overlap(tenant: Tenant, key: string): void {
    this.#invoke(`obsolete@${key}`, 3600, async (invocation) => {
      const job = (await this.jobs.find(tenant.name))?.job;
      if (job?.kind !== 'alert') throw new Error('no such job');
      const store = this.#watched();
      const when = pick(this.scheduler.seed, `still ${key}`, ['before heads', 'before commit'] as const);
      const api = await this.#openApi(invocation)(tenant.name, 'alerts');
      const began = this.scheduler.now;
      const lookAround = async (ids: readonly string[]) => {
        await this.scheduler.wait(invocation, 1.5 * this.#everySeconds * 1000);
        const heads = await store.heads(tenant.name, ids);
        if ([...heads.values()].some(({ pass }) => pass > began)) this.obsolete += 1;
      };
      await runAlertPass(
        {
          ...this.#base(invocation),
          origin: { stage: 'day' },
          store: {
            ...store,
            heads: async (of, ids) => {
              if (when === 'before heads') await lookAround(ids);
              return store.heads(of, ids);
            },
            commit: async (to, changes, now) => {
              if (when === 'before commit') await lookAround(changes.map(({ head }) => head.id));
              return store.commit(to, changes, now);
            },
          },
        },
        job,
        api,
        { remainingMs: () => 600_000 },
      );
    });
  }

  #publish(shard: string, key: string): void {
    this.#invoke(`event-publisher@${key}`, 55, (invocation) => {
      const publish = createPublisher({
        ...this.#base(invocation),
        outbox: this.#through(invocation, 'outbox', this.#outbox),
        latencies: this.#through(invocation, 'latencies', this.#latencies),
        publisher: { publish: (topic, messages) => this.#send(invocation, topic, messages) },
        pause: (ms) => this.scheduler.wait(invocation, ms),
        nudge: async (of) => this.scheduler.after(50, () => this.#publish(of, `${key}-more`)),
      });
      return publish({ shard }, { deadline: invocation.deadline, requestId: invocation.key });
    });
  }

  #send(invocation: Invocation, topic: string, messages: readonly SnsMessage[]): Promise<readonly PublishResult[]> {
    const failed = (reason: string) => messages.map((): PublishResult => ({ outcome: 'failed', reason }));
    const profile = { ...STORE, throttled: () => failed('Throttled') };
    const take = async (some: readonly SnsMessage[]) => {
      for (const { id } of some) this.senders.set(id, [...(this.senders.get(id) ?? []), invocation]);
      return some.length === 0 ? [] : this.publisher.publish(topic, some);
    };
    return this.scheduler.effect(invocation, 'publisher.publish', profile, async (fault) => {
      if (fault !== 'partial') return take(messages);
      const half = Math.ceil(messages.length / 2);
      return [...failed('InternalError').slice(0, half), ...(await take(messages.slice(half)))];
    });
  }

  /** The store, which notes each checkpoint of a poll that saw everything. */
  #watched(): AlertStore {
    return {
      ...this.#alerts,
      saveCheckpoint: async (destination, checkpoint, ...rest) => {
        const before = this.state.checkpoints.get(destination.job);
        await this.#alerts.saveCheckpoint(destination, checkpoint, ...rest);
        const { succeededAt, position } = checkpoint;
        if (
          before?.succeededAt.getTime() === succeededAt.getTime() ||
          before?.position.getTime() === position.getTime()
        )
          return;
        const polls = this.polls.get(destination.job) ?? [];
        polls.push({ began: succeededAt.getTime(), ended: this.scheduler.now });
        this.polls.set(destination.job, polls);
      },
    };
  }

  #base({ clock }: Invocation) {
    return { clock, log: { info() {}, warn() {}, error() {} }, metrics: { add() {} } };
  }

  #openApi(invocation: Invocation) {
    const send: SendHttp = ({ url, ...given }) =>
      this.scheduler.effect(invocation, 'send.api', WEB, async () => {
        const tenant = this.#tenantOf(url.hostname.replace('.test', ''));
        const { status, headers, body } = tenant.answer({ ...given, url }, new Date(this.scheduler.now));
        return { status, headers, body: new TextEncoder().encode(body) };
      });
    const providers = Object.fromEntries(this.#tenants.map(({ provider }) => [provider.id, provider]));
    return createOpenApi({ access: this.#access, budgets: this.#budgets, send, clock: invocation.clock, providers });
  }

  #tenantOf(name: string): Tenant {
    const tenant = this.#tenants.find((one) => one.name === name);
    if (tenant === undefined) throw new Error(`No tenant ${name}`);
    return tenant;
  }

  /** Tokens as the refresher keeps them: one that was rejected is another one by the next poll. */
  readonly #access = {
    open: async (name: string) => {
      const { provider, settings, token } = this.#tenantOf(name);
      const held = this.#generations.get(name);
      const fresh =
        held === undefined || held.rejected
          ? { generation: (held?.generation ?? 0) + 1, token: token(new Date(this.scheduler.now)), rejected: false }
          : held;
      this.#generations.set(name, fresh);
      const { generation } = fresh;
      const connection = { name, provider: provider.id, settings, generation, budgetAccount: name } as Connection;
      return { connection, accessToken: fresh.token };
    },
    reject: async (name: string) => {
      const held = this.#generations.get(name);
      if (held !== undefined) held.rejected = true;
    },
    find: async () => undefined,
  };

  #through<T extends object>(invocation: Invocation, label: string, target: T): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        return (...args: unknown[]) =>
          this.scheduler.effect(
            invocation,
            `${label}.${property}`,
            STORE,
            async () => member.apply(object, args) as unknown,
          );
      },
    });
  }

  #invoke(key: string, seconds: number, work: (invocation: Invocation) => Promise<unknown>): void {
    this.scheduler.invoke(
      key,
      seconds,
      () => 0,
      async (invocation) => {
        try {
          await work(invocation);
        } catch (error) {
          // A run that fails is tried again by the next tick; what nobody foresaw is a bug.
          const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
          this.unexpected.push(...errors.filter((one) => !(one instanceof ServiceError)));
        }
      },
    );
  }
}

/**
 * States that two polls in a row could see, each from its beginning to its end. One that comes back before anybody could
 * see another is the same one.
 */
export function seenTwice(stands: readonly Stand[], polls: readonly Poll[], lagMs: number): readonly string[] {
  return stands
    .filter(({ from, until }) => {
      const whole = polls.map(({ began, ended }) => from + lagMs <= began && until >= ended);
      return whole.some((saw, index) => saw && whole[index + 1] === true);
    })
    .map(({ print }) => print)
    .filter((print, index, all) => print !== all[index - 1]);
}
