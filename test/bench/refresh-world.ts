import { randomFillSync } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from '../../functions/adapters/crypto/random.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import type { TokenDependencies } from '../../functions/core/tokens/dependencies.ts';
import { createSend } from '../../functions/http/send.ts';
import { tokenProvider } from '../support/token-provider.ts';
import { createTokenWorld, memoryDataKeys } from '../support/token-world.ts';

/** Nothing ends an invocation here. */
export const AMPLE = { remainingMs: () => 10 * 60_000 };

/** What `functions/token-refresher/index.ts` composes, with the real clock and a token endpoint on loopback. */
export function refreshDependencies(
  url: URL,
  store: ConnectionStore,
  keys = memoryDataKeys().port,
  more: Partial<TokenDependencies> = {},
): TokenDependencies {
  const world = createTokenWorld();
  const clock = { now: () => new Date() };
  const random = createRandom(randomFillSync);
  const provider = tokenProvider('acme');
  const { token } = provider;
  const acme = {
    ...provider,
    allows: () => true,
    token: {
      ...token,
      tokenEndpoint: () => url,
      request: (...given: Parameters<typeof token.request>) => ({ ...token.request(...given), url }),
    },
  };
  return {
    ...world.dependenciesOf(),
    store,
    sealer: createSealer({ keys, clock, random }),
    send: createSend({ allowLoopback: true, maxSockets: 32 }),
    clock,
    random,
    wait: (ms) => wait(ms),
    log: { info() {}, warn() {}, error() {} },
    metrics: { add() {} },
    providers: { acme },
    ...more,
  };
}

export const CONFIGURATION = {
  provider: 'acme',
  grant: 'authorization-code',
  settings: {},
  secret: { name: 'acme' },
  budgetAccount: 'acme',
} as const;

/** A connected account whose tokens are due at once. */
export async function connectedItem(dependencies: TokenDependencies, connection: Connection): Promise<Connection> {
  const seal = await dependencies.sealer.prepare(['access', 'refresh']);
  const now = new Date(Date.now() - 1000);
  const context = { provider: 'acme', connection: connection.name, generation: 1 };
  const later = (ms: number) => new Date(now.getTime() + ms);
  return {
    ...connection,
    health: 'connected',
    generation: 1,
    fingerprint: `first-${connection.name}`,
    access: { sealed: seal('access', { ...context, purpose: 'access' }), issuedAt: now, expiresAt: later(60_000) },
    refresh: {
      sealed: seal(`refresh-0-${'r'.repeat(200)}`, { ...context, purpose: 'refresh' }),
      issuedAt: now,
      expiresAt: later(21 * 86_400_000),
    },
    nextRefreshAt: now,
  };
}

/** Runs `work` on 0..count, so many at a time. */
export async function inFlight(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
