import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthorizationStore } from '../../functions/adapters/dynamodb/authorization-store.ts';
import { createBreakerStore } from '../../functions/adapters/dynamodb/breaker-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createKmsDataKeys } from '../../functions/adapters/kms/data-keys.ts';
import { createCodeExchange } from '../../functions/adapters/oauth4webapi/code-exchange.ts';
import { createRescueStore } from '../../functions/adapters/s3/rescue-store.ts';
import { createAnswerWeb } from '../../functions/core/authorization/answer.ts';
import { createBrowserCookies } from '../../functions/core/authorization/cookies.ts';
import { createTicket } from '../../functions/core/authorization/ticket.ts';
import type { WebEvent } from '../../functions/core/authorization/web-event.ts';
import { createConnectionAccess } from '../../functions/core/connections/connection-access.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { HOUR_MS } from '../../functions/core/time.ts';
import { createRefreshSweep } from '../../functions/core/tokens/sweep.ts';
import { createSend } from '../../functions/http/send.ts';
import { createHandler } from '../../functions/oauth-callback/handler.ts';
import { functionShape } from '../../infra/functions.ts';
import { startLocalCloud } from '../../infra/local/cloud.ts';
import { startHttpFront } from '../../infra/local/http-front.ts';
import { launchBrowser, NO_BROWSER } from '../support/browser.ts';
import { temporaryDirectory } from '../support/local-host.ts';
import { bookProvider, CLIENT, startOidcServer } from '../support/oidc-server.ts';
import { createTokenWorld, seededRandom } from '../support/token-world.ts';

const PROVIDER = bookProvider();
/** What the server forgives a clock, and a little more. */
const TOLERANCE_MS = 30_000;
const deadline = { remainingMs: () => 29_000 };

/** The functions' own parts, in this process, on AWS and an authorization server over loopback. The clock is the process's. */
async function start() {
  const folder = temporaryDirectory();
  const cloud = await startLocalCloud({ directory: folder.path });
  const latebound: { handle?: ReturnType<typeof createHandler> } = {};
  const front = await startHttpFront({
    functions: [functionShape('oauth-callback')],
    host: {
      async invoke(_name, payload) {
        const result = await latebound.handle?.(JSON.parse(payload) as WebEvent, { deadline });
        return { payload: JSON.stringify(result) } as never;
      },
    },
  });
  const server = await startOidcServer(`${front.url}/callback/${PROVIDER.id}`);
  const parts = compose(cloud, front.url);
  latebound.handle = createHandler({ answer: parts.answer });
  const stop = async () => {
    await server.stop();
    await front.stop();
    await cloud.stop();
    folder.remove();
  };
  return { ...parts, url: front.url, server, stop };
}

function compose(cloud: Awaited<ReturnType<typeof startLocalCloud>>, url: string) {
  const options = {
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const client = new DynamoDBClient(options);
  const { connectionsTableName: connectionsTable, stateTableName: stateTable } = cloud.resources;
  const tables = { client, stateTable, shardCount: 1 };
  const clock = { now: () => new Date() };
  const random = seededRandom(cloud.endpoint);
  const world = createTokenWorld({ providers: [PROVIDER] });
  const dependencies = {
    ...world.dependenciesOf(),
    clock,
    random,
    store: createConnectionStore({ ...tables, connectionsTable }),
    sealer: createSealer({
      keys: createKmsDataKeys({
        client: new KMSClient(options),
        keyArn: cloud.resources.sealingKeyArn,
        stage: 'test',
      }),
      clock,
      random,
    }),
    rescue: createRescueStore({
      client: new S3Client({ ...options, forcePathStyle: true }),
      bucket: cloud.resources.rescueBucketName,
    }),
    breakers: createBreakerStore({ client, tableName: stateTable }),
    credentials: { get: async () => CLIENT },
    send: createSend({ allowLoopback: true }),
    redirectUri: (provider: string) => `${url}/callback/${provider}`,
    wait: () => new Promise<void>(setImmediate),
  };
  const authorizations = createAuthorizationStore(tables);
  const answer = createAnswerWeb({
    ...dependencies,
    authorizations,
    exchange: createCodeExchange(dependencies),
    cookies: createBrowserCookies(url),
    announce: async () => undefined,
  });
  const sweep = () => createRefreshSweep(dependencies)({ shard: '0' }, { remainingMs: () => 55_000 });
  const access = createConnectionAccess(dependencies);
  return { ...dependencies, world, authorizations, answer, sweep, access };
}

type Started = Awaited<ReturnType<typeof start>>;

/** Makes the connection, and walks through the server's own pages with a browser, as a person would. */
async function connect(started: Started, browser: Browser, name: string): Promise<string> {
  const { store, clock, random, authorizations, url, server } = started;
  const configuration = {
    provider: PROVIDER.id,
    grant: PROVIDER.grant,
    settings: { endpoint: server.issuer },
    secret: { name: 'book' },
    budgetAccount: 'book',
  };
  await store.configure(name, configuration, clock.now());
  const ticket = await createTicket(
    {
      tickets: authorizations,
      connections: store,
      providers: { [PROVIDER.id]: PROVIDER },
      clock,
      random,
      publicBaseUrl: url,
    },
    { connection: name, authorizedBy: 'Kim' },
  );
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(ticket.url);
  await page.getByRole('button', { name: 'Continue to sign in' }).click();
  await page.locator('input[name=login]').fill('kim');
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL('**/outcome/*');
  const landed = page.url();
  await context.close();
  return landed;
}

describe.skipIf(NO_BROWSER !== '')(`an authorization server that we did not write${NO_BROWSER}`, () => {
  let started: Started;
  let browser: Browser;
  const contacted = new Set<string>();
  const watch = (message: unknown) => {
    const { socket } = message as { readonly socket: Socket };
    socket.once('connect', () => contacted.add(socket.remoteAddress ?? 'unknown'));
  };
  const itemOf = async (name: string): Promise<Connection> => {
    const item = await started.store.find(name);
    if (item === undefined) throw new Error(`There is no ${name}`);
    return item;
  };
  const refreshTokenOf = async (name: string) => {
    const { refresh, generation } = await itemOf(name);
    const context = { provider: PROVIDER.id, connection: name, purpose: 'refresh', generation } as const;
    return started.sealer.open(refresh?.sealed ?? new Uint8Array(), context);
  };
  /** Past the access token's end, for us and for the server: they share the process and its clock. */
  const later = () => vi.setSystemTime(Date.now() + HOUR_MS + TOLERANCE_MS);

  beforeAll(async () => {
    subscribe('net.client.socket', watch);
    // The server tells its developers that it is set up for a test. It is.
    for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
    [started, browser] = await Promise.all([start(), launchBrowser()]);
    await connect(started, browser, 'kept');
    await connect(started, browser, 'withdrawn');
    await connect(started, browser, 'reused');
    await browser.close();
    vi.useFakeTimers({ toFake: ['Date'] });
  }, 90_000);
  afterAll(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    unsubscribe('net.client.socket', watch);
    await started?.stop();
  });

  it('S26, S27, S39: is connected to through its own pages, with PKCE and its issuer', async () => {
    expect(started.server.granted).toEqual(['authorization_code', 'authorization_code', 'authorization_code']);
    expect(await itemOf('kept')).toMatchObject({
      health: 'connected',
      generation: 1,
      authorizedBy: 'Kim',
      scopes: ['openid', 'offline_access'],
    });
    const { accessToken } = await started.access.open('kept');
    expect(await started.server.use(accessToken)).toBe(200);
  });

  it('I1, I2, I3: refreshes across its expiry twenty times; no grant is lost and no reuse is seen', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const before = await started.access.open('kept');
      later();
      expect(await started.server.use(before.accessToken)).toBe(401);
      // Two ticks at once, as they overlap in Lambda.
      await Promise.all([started.sweep(), started.sweep()]);
      expect(await itemOf('kept')).toMatchObject({ health: 'connected', generation: round + 1 });
      const { accessToken } = await started.access.open('kept');
      expect(await started.server.use(accessToken)).toBe(200);
    }
    expect(started.server.granted.filter((type) => type === 'refresh_token')).toHaveLength(60);
    expect(started.server.refusals).toEqual([]);
    expect(started.server.revoked).toEqual([]);
  }, 60_000);

  it.each([
    ['is withdrawn', 'withdrawn'],
    ['was revoked because somebody presented a spent token', 'reused'],
  ])('I5: a grant that %s means reauthorization, once, and leaves the others alone', async (_title, name) => {
    const spent = await refreshTokenOf(name);
    if (name === 'reused') {
      later();
      await started.sweep();
      const form = { grant_type: 'refresh_token', refresh_token: spent };
      const body = new URLSearchParams({ ...form, client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret });
      const answer = await fetch(`${started.server.issuer}/token`, { method: 'POST', body });
      expect(await answer.json()).toMatchObject({ error: 'invalid_grant' });
    } else {
      expect(await started.server.revoke(spent)).toBe(200);
    }
    expect(started.server.revoked.length).toBeGreaterThan(0);
    const asked = started.server.refusals.length;
    for (let round = 0; round < 3; round += 1) {
      later();
      await started.sweep();
    }
    expect((await itemOf(name)).health).toBe('reauthorization-required');
    expect((await itemOf('kept')).health).toBe('connected');
    expect(started.server.refusals.slice(asked)).toEqual(['invalid_grant']);
    const told = started.world.metered.filter((one) => one.name === 'ReauthorizationRequired');
    expect(told).toHaveLength(name === 'withdrawn' ? 1 : 2);
  });

  it('S92: from first to last, nothing but loopback was contacted', () => {
    expect(contacted.size).toBeGreaterThan(0);
    expect([...contacted].filter((address) => !/^(?:::ffff:)?127\.|^::1$/.test(address))).toEqual([]);
  });
});
