import type { Connection, SealedToken } from '../../../functions/core/connections/connection.ts';
import { generationFingerprint, tokenFingerprint } from '../../../functions/core/connections/fingerprint.ts';
import { shardOf } from '../../../functions/core/events.ts';
import type { Sealer } from '../../../functions/core/sealing/sealer.ts';
import { jitter, nextRefreshAt } from '../../../functions/core/tokens/next-refresh.ts';
import type { MemoryConnections } from '../../support/memory-connections.ts';
import { type Account, accountOf, type Endpoints } from './vendors.ts';

export interface Population {
  readonly connections: number;
  readonly shards: number;
  readonly memory: MemoryConnections;
  readonly sealer: Sealer;
  readonly endpoints: Endpoints;
  readonly start: Date;
}

/** So many connections in the middle of their lives: what is due at the start is what is due at any other time. */
export async function populate(population: Population): Promise<void> {
  const { connections, memory } = population;
  for (let index = 0; index < connections; index += 1) {
    const item = await connected(population, accountOf(index));
    memory.items.set(item.name, item);
    memory.highWaters.set(item.name, 1);
  }
}

type Lives = Record<'access' | 'refresh', Pick<SealedToken, 'issuedAt' | 'expiresAt'> | undefined>;

/** The lives of tokens that were issued then. */
function livesFrom(issuedAt: Date, { lifeMs, refreshLifeMs }: Account) {
  const span = (ms: number) => ({ issuedAt, expiresAt: new Date(issuedAt.getTime() + ms) });
  return { access: span(lifeMs), ...(refreshLifeMs === undefined ? {} : { refresh: span(refreshLifeMs) }) };
}

async function connected({ shards, sealer, endpoints, start }: Population, account: Account): Promise<Connection> {
  const { name, provider, settings, demand } = account;
  const fresh = nextRefreshAt({ name, paused: false, demand, ...livesFrom(start, account) });
  const age = jitter(`age of ${name}`) * (fresh.getTime() - start.getTime());
  const { access, refresh } = livesFrom(new Date(start.getTime() - age), account) as Lives;
  if (access === undefined) throw new Error('no access token');
  const token = endpoints.issue(name);
  const seal = await sealer.prepare(['access', 'refresh']);
  const context = { provider: provider.id, connection: name, generation: 1 };
  return {
    schema: 1,
    name,
    provider: provider.id,
    settings,
    secret: { name: provider.id, key: name },
    budgetAccount: provider.budgetAccount(settings, name),
    demand,
    shard: shardOf(name, shards),
    health: 'connected',
    paused: false,
    generation: 1,
    failures: 0,
    warnedDays: [],
    attempts: [],
    fingerprint: refresh === undefined ? generationFingerprint(name, 1) : tokenFingerprint(token),
    access: { sealed: seal('access.0', { ...context, purpose: 'access' }), ...access },
    ...(refresh === undefined
      ? {}
      : { refresh: { sealed: seal(token, { ...context, purpose: 'refresh' }), ...refresh } }),
    nextRefreshAt: nextRefreshAt({
      name,
      paused: false,
      demand,
      access,
      ...(refresh === undefined ? {} : { refresh }),
    }),
  };
}
