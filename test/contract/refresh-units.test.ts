import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBudgetStore } from '../../functions/adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import type { Provider } from '../../functions/core/provider.ts';
import type { DataKeys } from '../../functions/core/sealing/data-keys.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { buildCommit } from '../../functions/core/tokens/build-commit.ts';
import type { TokenDependencies } from '../../functions/core/tokens/dependencies.ts';
import { createRefresh } from '../../functions/core/tokens/refresh.ts';
import { DAY_MS } from '../../functions/core/time.ts';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { WORK } from '../../infra/usage.ts';
import { type Counted, countCapacity } from '../bench/capacity.ts';
import { IS_EMULATOR } from '../support/aws-endpoint.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createTokenWorld, memoryDataKeys } from '../support/token-world.ts';

/** Base64url of so many bytes, as long as the providers' own tokens are. */
const random = (bytes: number, count: number) => Buffer.alloc(bytes, `token ${count} `).toString('base64url');
/** RS256 over the claims that were seen: header, payload, 256 bytes of signature. */
const jwt = (claims: number, count: number) => `${random(27, count)}.${random(claims, count)}.${random(256, count)}`;

interface Vendor {
  readonly settings: unknown;
  readonly reply: (count: number) => Record<string, unknown>;
}

const VENDORS: Readonly<Record<string, Vendor>> = {
  actionstep: {
    settings: { orgkey: 'smithandpartners' },
    reply: (count) => ({
      access_token: jwt(235, count),
      token_type: 'bearer',
      expires_in: 3600,
      api_endpoint: 'https://ap-southeast-2.actionstep.com/api/',
      orgkey: 'smithandpartners',
      refresh_token: random(45, count),
    }),
  },
  action1: {
    settings: { region: 'Europe' },
    reply: (count) => ({ access_token: jwt(520, count), token_type: 'bearer', expires_in: 3600 }),
  },
  opsramp: {
    settings: { host: 'acme.api.opsramp.com', tenantId: 'client_123456' },
    reply: (count) => ({
      access_token: `6b4a5f03-7d49-4915-9792-${String(count).padStart(12, '0')}`,
      token_type: 'bearer',
      expires_in: '7199',
      scope: 'global:manage',
    }),
  },
};

// What an emulator counts is its own guess.
describe.skipIf(IS_EMULATOR)('what a refresh costs, in units that AWS or our engine counted', () => {
  let dynamo: TestDynamo;
  let store: ConnectionStore;
  beforeAll(async () => {
    dynamo = await startTestDynamo();
    store = createConnectionStore({
      client: dynamo.client,
      connectionsTable: dynamo.connections.tableName,
      stateTable: dynamo.state.tableName,
      shardCount: 1,
    });
  });
  afterAll(() => dynamo.stop());

  async function refreshed(id: string, lateMs = 30_000): Promise<Counted> {
    const provider = PROVIDERS[id] as Provider;
    const vendor = VENDORS[id] as Vendor;
    const world = createTokenWorld({ providers: [provider] });
    let calls = 0;
    const dependencies: TokenDependencies = {
      ...world.dependenciesOf(),
      store,
      sealer: createSealer({ keys: likeKms(), clock: world.clock, random: world.random }),
      budgets: createBudgetStore({ table: dynamo.state, clock: world.clock }),
      send: async () => {
        calls += 1;
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(vendor.reply(calls))) };
      },
    };
    const name = `smith-${id}-${lateMs}`;
    const settings = provider.parseSettings(vendor.settings);
    const configuration = {
      provider: id,
      grant: provider.grant,
      settings,
      secret: { name: id, key: 'smith-and-partners' },
      budgetAccount: provider.budgetAccount(settings, 'api-key-1234567@action1.example'),
      demand: [{ everySeconds: 300 }, { cron: '0 6 * * 1', zone: 'Australia/Sydney' }],
    };
    await store.configure(name, configuration, world.clock.now());
    if (provider.authorization !== undefined) await consent(provider, dependencies, name);
    const refresh = createRefresh(dependencies);
    const ahead = async () => {
      const at = (await store.find(name))?.nextRefreshAt?.getTime() ?? 0;
      world.clock.advance(at + lateMs - world.clock.now().getTime());
    };
    await ahead();
    expect((await refresh(name, world.deadline())).outcome).toBe('refreshed');
    await ahead();
    const { counted, stop } = countCapacity(dynamo.client);
    calls = 0;
    expect((await refresh(name, world.deadline())).outcome).toBe('refreshed');
    stop();
    expect(calls).toBe(1);
    return counted;
  }

  // Lease and commit cost what the item is long, which is the access token; moving in the index `due` costs two.
  it.each([
    ['actionstep', ['GetItem 1', 'GetItem 1', 'UpdateItem 3', 'UpdateItem 5', 'UpdateItem 1'], 9],
    ['action1', ['GetItem 1', 'GetItem 1', 'UpdateItem 1', 'UpdateItem 2', 'UpdateItem 4'], 7],
    ['opsramp', ['GetItem 1', 'GetItem 1', 'UpdateItem 1', 'UpdateItem 3'], 4],
  ])('I25: %s: one call to the provider, no transaction, and no more units than these', async (id, steps, writes) => {
    const counted = await refreshed(id);
    expect(counted.steps).toEqual(steps);
    expect(counted.writeUnits).toBe(writes);
    expect(counted.readUnits).toBeLessThanOrEqual(WORK.refresh.reads);
    expect(counted.writeUnits).toBeLessThanOrEqual(WORK.refresh.writes);
  });

  it('I25: events cost a transaction, twice the item and twice themselves', async () => {
    const counted = await refreshed('opsramp', 3 * DAY_MS);
    expect(counted.steps).toEqual(['GetItem 1', 'GetItem 1', 'UpdateItem 1', 'TransactWriteItems 6']);
  });
});

/** Wrapped keys as long as KMS makes them. */
function likeKms(): DataKeys {
  const { port } = memoryDataKeys();
  const head = new Uint8Array(136);
  return {
    async generate(purpose) {
      const { plaintext, wrapped } = await port.generate(purpose);
      return { plaintext, wrapped: new Uint8Array([...head, ...wrapped]) };
    },
    open: (wrapped, purpose) => port.open(wrapped.subarray(head.byteLength), purpose),
  };
}

async function consent(provider: Provider, dependencies: TokenDependencies, name: string): Promise<void> {
  const { store, clock, sealer } = dependencies;
  const now = clock.now();
  const held = await store.lease({
    name,
    owner: 'test',
    attempt: 'consent',
    kind: 'authorization',
    spends: 'state',
    until: new Date(now.getTime() + 90_000),
    now,
    healths: ['pending'],
  });
  if (held === undefined) throw new Error('no lease');
  const reply = provider.token.reply(
    await dependencies.send({ method: 'POST', url: new URL('https://x.example') }, () => true),
    held.settings,
  );
  const commit = buildCommit({
    connection: held,
    provider,
    reply: { ...reply, scopes: provider.authorization?.scopes(held.settings) ?? [] },
    sentAt: now,
    seal: await sealer.prepare(['access', 'refresh']),
    generation: 1,
    attempt: 'consent',
    spent: 'state',
    resolves: ['consent'],
    releasesLease: true,
    rejections: 0,
    authorization: {
      stateHash: 's',
      ticketHash: 't',
      authorizedBy: 'kim.taylor@smithandpartners.example',
      authorizedAt: now,
      replacesGeneration: 0,
    },
  });
  expect((await store.commit(commit, [], now)).kind).toBe('committed');
}
