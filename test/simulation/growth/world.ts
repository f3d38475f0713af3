import type { Connection, ConnectionDemand } from '../../../functions/core/connections/connection.ts';
import { tokenFingerprint } from '../../../functions/core/connections/fingerprint.ts';
import { ProviderUnavailableError } from '../../../functions/core/errors.ts';
import { shardOf } from '../../../functions/core/events.ts';
import type { SendHttp } from '../../../functions/core/http.ts';
import { createSealer } from '../../../functions/core/sealing/sealer.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../../functions/core/time.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import type { TokenDependencies } from '../../../functions/core/tokens/dependencies.ts';
import { jitter, nextRefreshAt } from '../../../functions/core/tokens/next-refresh.ts';
import { createMemoryConnections } from '../../support/memory-connections.ts';
import { tokenProvider } from '../../support/token-provider.ts';
import { createTokenWorld, memoryDataKeys, seededRandom } from '../../support/token-world.ts';
import { indexed } from './due-index.ts';
import { VirtualTime } from './virtual-time.ts';

export const START = new Date('2026-03-02T00:00:00Z');

/** A token call at a provider that is well, and a call of DynamoDB. */
const PROVIDER_MS = 300;
const STORE_MS = 10;

/** What a connection is for; together the refreshes of a day come to `typicalUsage` of infra/costs.ts. */
const KINDS: readonly { readonly lifeMs: number; readonly demand: readonly ConnectionDemand[] }[] = [
  { lifeMs: HOUR_MS, demand: [{ everySeconds: 300 }] },
  { lifeMs: HOUR_MS, demand: [{ cron: '0 4 * * 1', zone: 'UTC' }] },
  { lifeMs: 2 * HOUR_MS, demand: [{ everySeconds: 300 }] },
  { lifeMs: HOUR_MS, demand: [{ cron: '30 3 * * 4', zone: 'Europe/Berlin' }] },
];
const kindOf = (index: number) => KINDS[index % KINDS.length] as (typeof KINDS)[number];

/** Whether a job of it runs every few minutes. */
export function needsAlways({ demand }: { readonly demand?: Connection['demand'] | undefined }): boolean {
  return demand?.some((job) => 'everySeconds' in job) ?? false;
}

/** One token endpoint for all, which rotates refresh tokens and takes none twice. */
export class Endpoint {
  readonly #time: VirtualTime;
  readonly #live = new Map<string, string>();
  #count = 0;
  calls = 0;
  /** Calls in each minute. */
  readonly perMinute = new Map<number, number>();
  refused = 0;
  downUntil = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  issue(name: string): string {
    this.#count += 1;
    const token = `${name}.${this.#count}`;
    this.#live.set(name, token);
    return token;
  }

  send: SendHttp = async ({ body = '' }) => {
    const now = this.#time.now().getTime();
    await this.#time.sleep(PROVIDER_MS);
    if (now < this.downUntil) throw new ProviderUnavailableError('connection refused', { sent: false });
    this.calls += 1;
    const minute = Math.floor(now / 60_000);
    this.perMinute.set(minute, (this.perMinute.get(minute) ?? 0) + 1);
    const presented = new URLSearchParams(body).get('refresh_token') ?? '';
    const [name = ''] = presented.split('.');
    if (this.#live.get(name) !== presented) {
      this.refused += 1;
      return answer(400, { error: 'invalid_grant' });
    }
    const life = kindOf(Number(name.slice(1))).lifeMs / SECOND_MS;
    return answer(200, { access_token: `a.${presented}`, refresh_token: this.issue(name), expires_in: life });
  };
}

function answer(status: number, body: unknown) {
  return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** What a refresh came to, seen at its commit. */
export interface Committed {
  readonly lateMs: number;
  /** Access life that was left where a job needs it always; negative where it had run out. */
  readonly leftMs?: number;
}

export interface Growth {
  readonly time: VirtualTime;
  readonly endpoint: Endpoint;
  readonly reads: { pages: number; names: number };
  readonly items: ReadonlyMap<string, Connection>;
  readonly keyCalls: { generate: number; open: number };
  /** What the function of one shard works with; its caches live as long as its environment. */
  dependenciesOf(shard: string): TokenDependencies;
}

/** So many connections in the middle of their lives, and everything around the refresher. */
export async function createGrowth(
  connections: number,
  shards: number,
  onCommit: (committed: Committed) => void,
): Promise<Growth> {
  const time = new VirtualTime(START);
  const memory = createMemoryConnections(shards);
  const endpoint = new Endpoint(time);
  const keys = memoryDataKeys();
  const random = seededRandom('growth');
  const store = indexed(memory);
  await populate(connections, shards, { memory, store, endpoint, keys });
  keys.calls.generate = 0;
  const slow =
    <Given extends readonly unknown[], T>(call: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      await time.sleep(STORE_MS);
      return call(...given);
    };
  const watched: typeof store = {
    ...store,
    find: slow(store.find),
    lease: slow(store.lease),
    async commit(commit, _events, now) {
      const before = memory.items.get(commit.name);
      await time.sleep(STORE_MS);
      const at = time.now().getTime();
      onCommit({
        lateMs: at - (before?.nextRefreshAt?.getTime() ?? at),
        ...(before !== undefined && needsAlways(before)
          ? { leftMs: (before.access?.expiresAt.getTime() ?? at) - at }
          : {}),
      });
      return store.commit(commit, [], now);
    },
  };
  const base = createTokenWorld().dependenciesOf();
  const provider = tokenProvider('acme');
  return {
    time,
    endpoint,
    reads: store.reads,
    items: memory.items,
    keyCalls: keys.calls,
    dependenciesOf: (shard) => ({
      ...base,
      store: watched,
      sealer: createSealer({ keys: keys.port, clock: time, random }),
      send: endpoint.send,
      clock: time,
      random,
      wait: (ms) => time.sleep(ms),
      log: { info() {}, warn() {}, error() {} },
      metrics: { add() {} },
      events: createConnectionEvents('growth'),
      providers: { acme: provider },
      owner: `growth/${shard}`,
    }),
  };
}

async function populate(
  connections: number,
  shards: number,
  {
    memory,
    store,
    endpoint,
    keys,
  }: {
    readonly memory: ReturnType<typeof createMemoryConnections>;
    readonly store: ReturnType<typeof indexed>;
    readonly endpoint: Endpoint;
    readonly keys: ReturnType<typeof memoryDataKeys>;
  },
): Promise<void> {
  const clock = { now: () => START };
  const sealer = createSealer({ keys: keys.port, clock, random: seededRandom('population') });
  for (let index = 0; index < connections; index += 1) {
    const name = `c${index}`;
    const { lifeMs, demand } = kindOf(index);
    // Somewhere in the life of its tokens: what is due at the start is what is due at any other time.
    const period = nextRefreshAt({
      name,
      paused: false,
      demand,
      access: span(START, lifeMs),
      refresh: span(START, 21 * DAY_MS),
    });
    const age = jitter(`age of ${name}`) * (period.getTime() - START.getTime());
    const issuedAt = new Date(START.getTime() - age);
    const [access, refresh] = [span(issuedAt, lifeMs), span(issuedAt, 21 * DAY_MS)];
    const token = endpoint.issue(name);
    const seal = await sealer.prepare(['access', 'refresh']);
    const context = { provider: 'acme', connection: name, generation: 1 };
    memory.items.set(name, {
      schema: 1,
      name,
      provider: 'acme',
      settings: {},
      secret: { name: 'acme' },
      budgetAccount: 'acme',
      demand,
      shard: shardOf(name, shards),
      health: 'connected',
      paused: false,
      generation: 1,
      failures: 0,
      warnedDays: [],
      attempts: [],
      fingerprint: tokenFingerprint(token),
      access: { sealed: seal('a', { ...context, purpose: 'access' }), ...access },
      refresh: { sealed: seal(token, { ...context, purpose: 'refresh' }), ...refresh },
      nextRefreshAt: nextRefreshAt({ name, paused: false, demand, access, refresh }),
    });
    memory.highWaters.set(name, 1);
    store.touch(name);
  }
}

function span(issuedAt: Date, lifeMs: number) {
  return { issuedAt, expiresAt: new Date(issuedAt.getTime() + lifeMs) };
}
