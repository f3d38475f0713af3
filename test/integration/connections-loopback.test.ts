import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { createAuthorizationStore } from '../../functions/adapters/dynamodb/authorization-store.ts';
import { createBreakerStore } from '../../functions/adapters/dynamodb/breaker-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createSetHighWater } from '../../functions/adapters/dynamodb/set-high-water.ts';
import { createKmsDataKeys } from '../../functions/adapters/kms/data-keys.ts';
import { createCodeExchange } from '../../functions/adapters/oauth4webapi/code-exchange.ts';
import { createRescueStore } from '../../functions/adapters/s3/rescue-store.ts';
import { createCredentialsSource } from '../../functions/adapters/secrets-manager/credentials.ts';
import { createAnswerWeb } from '../../functions/core/authorization/answer.ts';
import { createBrowserCookies } from '../../functions/core/authorization/cookies.ts';
import { createTicket } from '../../functions/core/authorization/ticket.ts';
import { createAfterRestore } from '../../functions/core/connections/after-restore.ts';
import { createConnectionAccess } from '../../functions/core/connections/connection-access.ts';
import { CredentialsMissingError, SealBrokenError, StoreUnavailableError } from '../../functions/core/errors.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { HOUR_MS } from '../../functions/core/time.ts';
import { createRefresh } from '../../functions/core/tokens/refresh.ts';
import { createRefreshSweep } from '../../functions/core/tokens/sweep.ts';
import { LEASE_MS } from '../../functions/core/tokens/timing.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud.ts';
import { temporaryDirectory } from '../support/local-host.ts';
import { createTokenWorld, seededRandom } from '../support/token-world.ts';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function start(engine: 'dynoxide' | 'dynalite') {
  const made = temporaryDirectory();
  stops.push(() => made.remove());
  const cloud = await startLocalCloud({ directory: made.path, engine });
  stops.push(() => cloud.stop());
  const options = {
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const client = new DynamoDBClient(options);
  const secrets = new SecretsManagerClient(options);
  await secrets.send(
    new CreateSecretCommand({
      Name: 'steward/test/acme',
      SecretString: JSON.stringify({ one: { clientId: 'client', clientSecret: 'canary-secret' } }),
    }),
  );
  return { cloud, options, client, secrets, ...compose(cloud, options, client, secrets) };
}

interface LoopbackOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The functions' own parts over the cloud on loopback; the provider and the clock are doubles. */
function compose(cloud: LocalCloud, options: LoopbackOptions, client: DynamoDBClient, secrets: SecretsManagerClient) {
  const world = createTokenWorld();
  const { clock } = world;
  const random = seededRandom(cloud.endpoint);
  const { connectionsTableName: connectionsTable, stateTableName: stateTable } = cloud.resources;
  const tables = { client, stateTable, shardCount: 1 };
  const store = createConnectionStore({ ...tables, connectionsTable });
  const keys = createKmsDataKeys({
    client: new KMSClient(options),
    keyArn: cloud.resources.sealingKeyArn,
    stage: 'test',
  });
  const dependencies = {
    ...world.dependenciesOf(),
    store,
    random,
    sealer: createSealer({ keys, clock, random }),
    rescue: createRescueStore({
      client: new S3Client({ ...options, forcePathStyle: true }),
      bucket: cloud.resources.rescueBucketName,
    }),
    breakers: createBreakerStore({ client, tableName: stateTable }),
    credentials: createCredentialsSource({ client: secrets, clock, prefix: 'steward/test/' }),
  };
  const authorizations = createAuthorizationStore(tables);
  const answer = createAnswerWeb({
    ...dependencies,
    authorizations,
    exchange: createCodeExchange(dependencies),
    cookies: createBrowserCookies('http://127.0.0.1:4000'),
    announce: async () => undefined,
  });
  const sweep = () => createRefreshSweep(dependencies)({ shard: '0' }, world.deadline());
  return { world, store, keys, dependencies, authorizations, answer, sweep };
}

type Started = Awaited<ReturnType<typeof start>>;

/** From a new connection to the brink of its callback. */
async function begin({ store, world, authorizations, answer, dependencies }: Started, name: string) {
  const { clock } = world;
  const secret = { name: 'acme', key: 'one' };
  await store.configure(
    name,
    { provider: 'acme', grant: 'authorization-code', settings: {}, secret, budgetAccount: 'acme' },
    clock.now(),
  );
  const { url } = await createTicket(
    {
      tickets: authorizations,
      connections: store,
      providers: world.providers,
      clock,
      random: dependencies.random,
      publicBaseUrl: 'http://127.0.0.1:4000',
    },
    { connection: name, authorizedBy: 'Kim' },
  );
  const ask = { method: 'GET', path: '', rawQuery: '', cookies: [], isPrefetch: false };
  const deadline = { remainingMs: () => 29_000 };
  const sent = await answer({ ...ask, method: 'POST', path: new URL(url).pathname }, deadline);
  const state = new URL(sent.headers.location ?? '').searchParams.get('state') ?? '';
  const code = world.endpoint.issueCode(name);
  const [cookie = ''] = (sent.cookies[0] ?? '').split(';');
  const rawQuery = `code=${code}&state=${state}`;
  return { callback: () => answer({ ...ask, path: '/callback/acme', rawQuery, cookies: [cookie] }, deadline) };
}

async function connect(started: Started, name: string): Promise<void> {
  const { callback } = await begin(started, name);
  expect((await callback()).headers.location).toBe('/outcome/connected');
}

type Contents = readonly { readonly table: string; readonly items: readonly Record<string, AttributeValue>[] }[];

/** What a backup holds. */
async function contents(client: DynamoDBClient, tables: readonly string[]): Promise<Contents> {
  return Promise.all(
    tables.map(async (TableName) => {
      const { Items: items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
      return { table: TableName, items };
    }),
  );
}

/** Puts a backup in the place of what there is. */
async function replaceContents(client: DynamoDBClient, backup: Contents): Promise<void> {
  for (const { table, items } of backup) {
    const keyNames = 'pk' in (items[0] ?? {}) ? ['pk', 'sk'] : ['connection'];
    const keyOf = (item: Record<string, AttributeValue>) =>
      Object.fromEntries(keyNames.map((name) => [name, item[name] as AttributeValue]));
    for (const now of await contents(client, [table]))
      for (const item of now.items) await client.send(new DeleteItemCommand({ TableName: table, Key: keyOf(item) }));
    for (const item of items) await client.send(new PutItemCommand({ TableName: table, Item: item }));
  }
}

describe.each(['dynoxide', 'dynalite'] as const)('connections over AWS on loopback (%s)', (engine) => {
  it('connect, refresh twenty times across their expiry, and open for a poller', async () => {
    const started = await start(engine);
    const { world, store, sweep, dependencies } = started;
    await connect(started, 'c1');
    for (let round = 0; round < 20; round += 1) {
      world.clock.advance(HOUR_MS);
      expect(await sweep()).toMatchObject({ counts: { refreshed: 1 } });
    }
    const access = createConnectionAccess({ store, sealer: dependencies.sealer, clock: world.clock });
    const { accessToken, connection } = await access.open('c1');
    expect(accessToken).toMatch(/^canary-access-/);
    expect(connection).toMatchObject({ generation: 21, health: 'connected', authorizedBy: 'Kim' });
    expect(await store.highWater('c1')).toBe(21);
    expect(world.endpoint.presented).toHaveLength(21);
  });

  it('R13: 50 refreshers at once on one connection make one token call', async () => {
    const started = await start(engine);
    const { world, store, dependencies } = started;
    await connect(started, 'c1');
    world.clock.advance(HOUR_MS);
    const presented = world.endpoint.presented.length;
    world.endpoint.during = () => new Promise((resolve) => setTimeout(resolve, 100));
    const ends = await Promise.all(
      Array.from({ length: 50 }, () => createRefresh(dependencies)('c1', world.deadline())),
    );
    expect(ends.filter(({ outcome }) => outcome === 'refreshed')).toHaveLength(1);
    // Who comes when it is over finds nothing to do.
    expect(ends.filter(({ outcome }) => !['refreshed', 'leased', 'not-due'].includes(outcome))).toEqual([]);
    expect(world.endpoint.presented).toHaveLength(presented + 1);
    expect(await store.find('c1')).toMatchObject({ generation: 2, health: 'connected', attempts: [] });
  });

  it('S07: 2, 10 and 50 callbacks at once on one state make one token call', async () => {
    const started = await start(engine);
    const { world, store } = started;
    world.endpoint.during = () => new Promise((resolve) => setTimeout(resolve, 100));
    for (const count of [2, 10, 50]) {
      const name = `c${count}`;
      const { callback } = await begin(started, name);
      const presented = world.endpoint.presented.length;
      const answers = await Promise.all(Array.from({ length: count }, callback));
      expect(world.endpoint.presented).toHaveLength(presented + 1);
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(count - 1);
      expect(await store.find(name)).toMatchObject({ generation: 1, health: 'connected', attempts: [] });
    }
  });

  it('R21, S86: spill, merge, and leave no secret in either table', async () => {
    const started = await start(engine);
    const { world, store, sweep, dependencies, client, cloud } = started;
    await connect(started, 'c1');
    world.clock.advance(HOUR_MS);
    const down = { ...store, commit: async () => Promise.reject(new StoreUnavailableError('down')) };
    const failing = createRefreshSweep({ ...dependencies, store: down });
    expect(await failing({ shard: '0' }, world.deadline())).toMatchObject({ counts: { spilled: 1 } });
    world.clock.advance(LEASE_MS);
    expect(await sweep()).toMatchObject({ counts: { merged: 1 } });
    expect(await store.find('c1')).toMatchObject({ generation: 2, health: 'connected', attempts: [] });
    for (const TableName of [cloud.resources.connectionsTableName, cloud.resources.stateTableName]) {
      const { Items: items } = await client.send(new ScanCommand({ TableName }));
      expect(items?.length).toBeGreaterThan(0);
      expect(JSON.stringify(items)).not.toMatch(/canary/);
    }
  });

  it('S82: restore both tables from a backup without presenting a spent token', async () => {
    const started = await start(engine);
    const { world, store, sweep, dependencies, client, cloud } = started;
    const { connectionsTableName, stateTableName } = cloud.resources;
    for (const name of ['spent', 'idle']) await connect(started, name);
    const backup = await contents(client, [connectionsTableName, stateTableName]);

    // After the backup one of them is refreshed: what the backup holds of it is spent, and so is its high water.
    await store.change('idle', {}, { nextRefreshAt: null }, [], world.clock.now());
    world.clock.advance(HOUR_MS);
    expect(await sweep()).toMatchObject({ counts: { refreshed: 1 } });
    await replaceContents(client, backup);
    expect((await store.find('spent'))?.generation).toBe(await store.highWater('spent'));

    const after = createAfterRestore({
      store,
      setHighWater: createSetHighWater({ client, tableName: stateTableName }),
      events: dependencies.events,
      clock: world.clock,
    });
    const presented = world.endpoint.presented.length;
    for (const each of await after.look()) await after.hold(each, 'Kim');
    for (let minute = 0; minute < 3; minute += 1) {
      world.clock.advance(HOUR_MS);
      await store.reject('spent', 1);
      await sweep();
    }
    expect(world.endpoint.presented).toHaveLength(presented);
    expect(await after.look()).toMatchObject([{ held: true }, { held: true }]);
    expect(await store.find('spent')).toMatchObject({ health: 'suspect', lastError: { code: 'SEAL_BROKEN' } });
    const access = createConnectionAccess({ store, sealer: dependencies.sealer, clock: world.clock });
    await expect(access.open('spent')).rejects.toThrow(SealBrokenError);

    // Somebody vouches for the one that nothing refreshed, and consents again for the other.
    const [idle] = (await after.look()).filter(({ connection }) => connection.name === 'idle');
    if (idle === undefined) throw new Error('idle is gone');
    await after.trust(idle, 'Kim');
    expect(await sweep()).toMatchObject({ counts: { refreshed: 1 } });
    await connect(started, 'spent');
    expect(await store.find('spent')).toMatchObject({ health: 'connected', generation: 3 });
    expect(await store.find('idle')).toMatchObject({ health: 'connected', generation: 2 });
    expect(await after.look()).toMatchObject([{ held: false }, { held: false }]);
  });

  it('R34: remember a refusing provider in its breaker', async () => {
    const started = await start(engine);
    const { world, sweep, dependencies } = started;
    for (const name of ['c1', 'c2', 'c3', 'c4']) await connect(started, name);
    world.clock.advance(HOUR_MS);
    world.endpoint.refusesAll = true;
    expect(await sweep()).toMatchObject({ counts: { incident: 4 } });
    expect(await dependencies.breakers.find('acme@acme.example')).toMatchObject({ reason: 'refusing', trips: 1 });
    world.endpoint.refusesAll = false;
    for (let minute = 0; minute < 5; minute += 1) {
      world.clock.advance(60_000);
      await sweep();
    }
    expect(await dependencies.breakers.find('acme@acme.example')).toBeUndefined();
  });
});

describe('the adapters of the sealing key and the secrets', () => {
  it('S81: a data key opens for its purpose only', async () => {
    const { keys } = await start('dynoxide');
    const key = await keys.generate('refresh');
    expect(Buffer.from(await keys.open(key.wrapped, 'refresh'))).toEqual(Buffer.from(key.plaintext));
    await expect(keys.open(key.wrapped, 'access')).rejects.toThrow(SealBrokenError);
    const garbled = key.wrapped.slice();
    garbled[5] = (garbled[5] ?? 0) ^ 1;
    await expect(keys.open(garbled, 'refresh')).rejects.toThrow(SealBrokenError);
  });

  it('S88, R25: secrets are cached for minutes, read again when asked, and the previous version is to be had', async () => {
    const { dependencies, secrets, world } = await start('dynoxide');
    const { credentials } = dependencies;
    const secret = { name: 'acme', key: 'one' };
    expect((await credentials.get(secret)).clientSecret).toBe('canary-secret');
    const SecretString = JSON.stringify({ one: { clientId: 'client', clientSecret: 'canary-next' } });
    await secrets.send(new PutSecretValueCommand({ SecretId: 'steward/test/acme', SecretString }));
    expect((await credentials.get(secret)).clientSecret).toBe('canary-secret');
    expect((await credentials.get(secret, { previous: true })).clientSecret).toBe('canary-secret');
    expect((await credentials.get(secret, { fresh: true })).clientSecret).toBe('canary-next');
    expect((await credentials.get(secret)).clientSecret).toBe('canary-next');
    world.clock.advance(10 * 60_000);
    secrets.destroy();
    secrets.send = (async () => Promise.reject(new Error('down'))) as never;
    expect((await credentials.get(secret)).clientSecret).toBe('canary-next');
    world.clock.advance(HOUR_MS);
    await expect(credentials.get(secret)).rejects.toThrow(StoreUnavailableError);
  });

  it('S90: what is missing is named, and no value with it', async () => {
    const { dependencies } = await start('dynoxide');
    const { credentials } = dependencies;
    await expect(credentials.get({ name: 'none' })).rejects.toThrow(/no secret none.*steward credentials set none/);
    await expect(credentials.get({ name: 'acme', key: 'two' })).rejects.toThrow(/acme has no client two/);
    for (const key of ['__proto__', 'constructor', 'toString']) {
      await expect(credentials.get({ name: 'acme', key })).rejects.toThrow(CredentialsMissingError);
    }
    await expect(credentials.get({ name: 'acme' })).rejects.toThrow(/acme has no clientId/);
  });
});
