import type { Connection } from '../../../functions/core/connections/connection.ts';
import type { ConnectionStore } from '../../../functions/core/connections/store.ts';
import { createSealer } from '../../../functions/core/sealing/sealer.ts';
import { MINUTE_MS } from '../../../functions/core/time.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import type { TokenDependencies } from '../../../functions/core/tokens/dependencies.ts';
import { PROVIDERS } from '../../../functions/providers/registry.ts';
import { createMemoryBreakers } from '../../support/memory-breakers.ts';
import { memoryBudgets } from '../../support/memory-budgets.ts';
import { createMemoryConnections } from '../../support/memory-connections.ts';
import { createMemoryRescue } from '../../support/memory-rescue.ts';
import { memoryDataKeys, seededRandom } from '../../support/token-world.ts';
import { type CountedReads, indexed } from './due-index.ts';
import { populate } from './population.ts';
import { Endpoints, WEAK_HOST } from './vendors.ts';
import { VirtualTime } from './virtual-time.ts';

/** A Monday. */
export const START = new Date('2026-03-02T00:00:00Z');

/** A token call at a provider that is well, and a call of DynamoDB. */
export const PROVIDER_MS = 300;
const STORE_MS = 10;

/** What a refresh came to, seen at its commit. */
export interface Committed {
  readonly tookMs: number;
  readonly lateMs: number;
  /** Access life that was left where a job needs it always; negative where it had run out. */
  readonly leftMs?: number;
  /** Its token endpoint is the one that an outage takes away. */
  readonly weak: boolean;
}

export interface Growth {
  readonly time: VirtualTime;
  readonly endpoints: Endpoints;
  readonly reads: CountedReads;
  readonly items: ReadonlyMap<string, Connection>;
  readonly keyCalls: { generate: number; open: number };
  /** What the function of one shard works with; its caches live as long as its environment. */
  dependenciesOf(shard: string): TokenDependencies;
}

/** Whether a job of it runs every few minutes. */
export function needsAlways({ demand }: Pick<Connection, 'demand'>): boolean {
  return demand?.some((job) => 'everySeconds' in job) ?? false;
}

export interface GrowthSize {
  readonly connections: number;
  readonly shards: number;
  readonly providerMs?: number | undefined;
}

/** So many connections, and everything around the refresher: the same for all shards, as tables and providers are. */
export async function createGrowth(size: GrowthSize, onCommit: (committed: Committed) => void): Promise<Growth> {
  const { connections, shards, providerMs = PROVIDER_MS } = size;
  const time = new VirtualTime(START);
  const memory = createMemoryConnections(shards);
  const endpoints = new Endpoints(time, providerMs);
  const keys = memoryDataKeys();
  const random = seededRandom('growth');
  const sealer = () => createSealer({ keys: keys.port, clock: time, random });
  await populate({ connections, shards, memory, sealer: sealer(), endpoints, start: START });
  keys.calls.generate = 0;
  const store = indexed(memory);
  const slow = slowed(time);
  const shared: Omit<TokenDependencies, 'sealer' | 'owner'> = {
    store: watched(slow(store), memory.items, time, onCommit),
    rescue: createMemoryRescue(new Map()),
    credentials: { get: async ({ key = '' }) => ({ clientId: key, clientSecret: 'secret' }) },
    budgets: slow(memoryBudgets({ clock: time })),
    breakers: slow(createMemoryBreakers()),
    send: endpoints.send,
    clock: time,
    random,
    wait: (ms) => time.sleep(ms),
    log: { info() {}, warn() {}, error() {} },
    metrics: { add() {} },
    events: createConnectionEvents('growth'),
    providers: PROVIDERS,
    redirectUri: (provider) => `https://steward.example/callback/${provider}`,
  };
  return {
    time,
    endpoints,
    reads: store.reads,
    items: memory.items,
    keyCalls: keys.calls,
    dependenciesOf: (shard) => ({ ...shared, sealer: sealer(), owner: `growth/${shard}` }),
  };
}

/** A port whose every call takes as long as one of DynamoDB. */
function slowed(time: VirtualTime) {
  return <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...given: unknown[]): Promise<unknown> => {
          await time.sleep(STORE_MS);
          return Reflect.apply(member, target, given);
        };
      },
    });
}

/** A store that tells of each commit. */
function watched(
  store: ConnectionStore,
  items: ReadonlyMap<string, Connection>,
  time: VirtualTime,
  onCommit: (committed: Committed) => void,
): ConnectionStore {
  const begun = new Map<string, number>();
  return {
    ...store,
    find(name) {
      begun.set(name, time.now().getTime());
      return store.find(name);
    },
    async commit(commit, events, now) {
      const before = items.get(commit.name) as Connection;
      const committed = await store.commit(commit, events, now);
      const at = time.now().getTime();
      onCommit({
        tookMs: at - (begun.get(commit.name) ?? at),
        lateMs: at - (before.nextRefreshAt?.getTime() ?? at),
        ...(needsAlways(before) ? { leftMs: (before.access?.expiresAt.getTime() ?? at) - at } : {}),
        weak: isWeak(before),
      });
      return committed;
    },
  };
}

/** Whether an outage of the weak host takes its token endpoint away. */
export function isWeak({ provider, settings }: Pick<Connection, 'provider' | 'settings'>): boolean {
  return PROVIDERS[provider]?.token.tokenEndpoint(settings).host === WEAK_HOST;
}

/** Whether a job that runs every few minutes finds no token that works. */
export function isStarving(item: Connection, now: Date): boolean {
  return item.access !== undefined && item.access.expiresAt <= now && needsAlways(item);
}

export const minuteOf = (minute: number): number => START.getTime() + minute * MINUTE_MS;
