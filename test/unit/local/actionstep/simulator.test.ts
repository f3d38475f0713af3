import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import type { ActionstepSimulatorOptions } from '../../../../infra/local/providers/actionstep/options.ts';
import { consentFlow } from '../../../../infra/local/providers/actionstep/consent.ts';
import {
  startActionstepSimulator,
  type ActionstepSimulator,
} from '../../../../infra/local/providers/actionstep/simulator.ts';
import { startConnectDouble, type ConnectDouble } from './walk.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

interface World {
  readonly simulator: ActionstepSimulator;
  readonly steward: ConnectDouble;
}

async function start(
  options: Parameters<typeof startActionstepSimulator>[0] = {},
  extra: Readonly<Record<string, string>> = {},
): Promise<World> {
  const simulator = await startActionstepSimulator(options);
  const steward = await startConnectDouble((redirectUri) => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'steward-demo',
      redirect_uri: redirectUri,
      scope: 'actions filenotes',
      state: 's t&1',
      ...extra,
    });
    return `${simulator.url}/api/oauth/authorize?${query.toString()}`;
  });
  closing.push(
    () => simulator.stop(),
    () => steward.stop(),
  );
  return { simulator, steward };
}

async function token({ simulator }: World, parameters: Readonly<Record<string, string>>) {
  const { clientId, clientSecret } = simulator.control.model.options;
  const form = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...parameters });
  const response = await request(`${simulator.url}/api/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  return { status: response.statusCode, text: await response.body.text() };
}

async function connected(options: Parameters<typeof startActionstepSimulator>[0] = {}) {
  const world = await start(options);
  await consentFlow(world.steward.url);
  const code = world.steward.callbacks[0]?.get('code') ?? '';
  const reply = await token(world, { grant_type: 'authorization_code', code, redirect_uri: world.steward.redirectUri });
  return { ...world, code, reply, tokens: JSON.parse(reply.text) as Record<string, string> };
}

const refresh = (world: World, refreshToken = '') =>
  token(world, { grant_type: 'refresh_token', refresh_token: refreshToken });

const get = (world: World, path: string, accessToken = '') =>
  request(`${world.simulator.url}/api/rest/${path}`, { headers: { authorization: `Bearer ${accessToken}` } });

describe('consentFlow', () => {
  it('walks from the connect page through the consent to the last page', async () => {
    const { steward } = await start();
    const result = await consentFlow(steward.url);
    expect(result).toMatchObject({ status: 200, title: 'connected' });
    expect(steward.callbacks[0]?.get('state')).toBe('s t&1');
    expect(steward.callbacks[0]?.get('code')).toMatch(/^[0-9a-f]{40}$/u);
    expect(steward.cookies[0]).toContain('ticket=t1');
    expect(result.hops.join()).not.toMatch(/ticket-1|code=|state=/u);
  });

  it('declines, which comes back as access_denied and is no grant', async () => {
    const { steward, simulator } = await start();
    const result = await consentFlow(steward.url, { decline: true });
    expect(result.title).toBe('declined');
    expect(Object.fromEntries(steward.callbacks[0] ?? [])).toMatchObject({ error: 'access_denied', state: 's t&1' });
    expect(simulator.control.model.grants()).toEqual([]);
  });

  it('chooses another system', async () => {
    const world = await start();
    await consentFlow(world.steward.url, { fields: { system: 'harbourlegal-archive' } });
    const code = world.steward.callbacks[0]?.get('code') ?? '';
    const reply = await token(world, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: world.steward.redirectUri,
    });
    expect(JSON.parse(reply.text)).toMatchObject({ orgkey: 'harbourlegal-archive' });
  });

  it('gives up on a page that never ends', async () => {
    const { steward } = await start();
    await expect(consentFlow(steward.url, { fields: { password: 'wrong' } })).rejects.toThrow(/did not end/u);
  });

  it('stops at a page of refusal', async () => {
    const { steward } = await start({}, { client_id: 'unknown' });
    expect(await consentFlow(steward.url)).toMatchObject({ status: 400 });
    expect(steward.callbacks).toEqual([]);
  });

  it.each([
    [{ echoState: false }, {}, { state: null }],
    [
      { pkce: 'refused' as const },
      { code_challenge: 'x', code_challenge_method: 'S256' },
      { error: 'invalid_request' },
    ],
    [{ pkce: 'ignored' as const }, { code_challenge: 'x', code_challenge_method: 'S256' }, { error: null }],
    [{}, { scope: '' }, { error: 'invalid_scope' }],
    [{}, { response_type: 'token' }, { error: 'unsupported_response_type' }],
  ])('with %j and %j comes back with %j', async (options, extra, expected) => {
    const { steward } = await start(options, extra);
    await consentFlow(steward.url);
    for (const [name, value] of Object.entries(expected)) expect(steward.callbacks[0]?.get(name)).toBe(value);
  });

  it('S30 is refused with a redirect address that is not registered', async () => {
    const { steward } = await start({ redirectUris: ['https://steward.example/callback/actionstep'] });
    expect(await consentFlow(steward.url)).toMatchObject({ status: 400 });
  });
});

describe('token endpoint', () => {
  it('answers as recorded: order of members, escaped slashes, its own address', async () => {
    const { reply, tokens, simulator } = await connected();
    expect(Object.keys(tokens)).toEqual([
      'access_token',
      'token_type',
      'expires_in',
      'api_endpoint',
      'orgkey',
      'refresh_token',
    ]);
    expect(reply.text).toContain(String.raw`\/api\/`);
    expect(tokens.api_endpoint).toBe(`${simulator.url}/api/`);
    expect(tokens.refresh_token).toHaveLength(60);
  });

  it('takes a code once, for its own redirect address, in its time', async () => {
    const used = await connected();
    const again = await token(used, {
      grant_type: 'authorization_code',
      code: used.code,
      redirect_uri: used.steward.redirectUri,
    });
    expect(again).toMatchObject({ status: 400, text: expect.stringContaining('invalid_grant') });
    const other = await start();
    await consentFlow(other.steward.url);
    const code = other.steward.callbacks[0]?.get('code') ?? '';
    const elsewhere = await token(other, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: 'https://other.example/',
    });
    expect(elsewhere.text).toContain('redirect_uri_mismatch');
  });

  it.each([
    ['strict', 'invalid_grant', 200],
    ['grace', undefined, 200],
    ['reuse-revokes', 'invalid_grant', 400],
  ] as const)('R09 in %s mode answers a spent refresh token with %s', async (rotation, error, successorStatus) => {
    const world = await connected({ rotation });
    const first = JSON.parse((await refresh(world, world.tokens.refresh_token)).text) as Record<string, string>;
    const second = JSON.parse((await refresh(world, world.tokens.refresh_token)).text) as Record<string, string>;
    expect(second.error).toBe(error);
    expect(second.access_token === first.access_token).toBe(rotation === 'grace');
    expect((await refresh(world, first.refresh_token)).status).toBe(successorStatus);
    expect(world.simulator.control.tokenCounts()).toMatchObject({
      reused: 1,
      byOutcome: { 'authorization_code:ok': 1 },
    });
  });

  it('lets the grace end', async () => {
    let now = new Date('2026-03-02T00:00:00Z');
    const world = await connected({ rotation: 'grace', graceSeconds: 30, now: () => now });
    await refresh(world, world.tokens.refresh_token);
    now = new Date(now.getTime() + 30_001);
    expect((await refresh(world, world.tokens.refresh_token)).text).toContain('invalid_grant');
  });

  it('R30 forgets a refresh token after 21 days and an access token after an hour', async () => {
    let now = new Date('2026-03-02T00:00:00Z');
    const world = await connected({ now: () => now });
    now = new Date(now.getTime() + 3_600_000);
    expect((await get(world, 'actions', world.tokens.access_token)).statusCode).toBe(401);
    now = new Date(now.getTime() + 21 * 86_400_000);
    expect((await refresh(world, world.tokens.refresh_token)).text).toContain('invalid_grant');
  });

  it.each<[Partial<ActionstepSimulatorOptions>, Record<string, unknown>]>([
    [{ expiresInAsText: true }, { expires_in: '3600' }],
    [{ apiEndpoint: 'http://169.254.169.254/' }, { api_endpoint: 'http://169.254.169.254/' }],
  ])('turns %j into %j', async (options, expected) => {
    const { tokens } = await connected(options);
    for (const [name, value] of Object.entries(expected)) expect(tokens[name]).toBe(value);
  });

  it('R32 sends no new refresh token with a refresh where it is told to, and goes on taking the old one', async () => {
    const world = await connected({ refreshReturnsToken: false });
    expect(world.tokens.refresh_token).toHaveLength(60);
    for (const name of ['refresh_token', 'refresh_token']) {
      const { status, text } = await refresh(world, world.tokens[name]);
      expect(status).toBe(200);
      expect(JSON.parse(text)).not.toHaveProperty(name);
    }
  });

  it('ends the access token before, where a refresh or a second consent does that', async () => {
    const world = await connected({ refreshKillsAccessToken: true, consentKillsEarlier: true });
    const after = JSON.parse((await refresh(world, world.tokens.refresh_token)).text) as Record<string, string>;
    expect((await get(world, 'actions', world.tokens.access_token)).statusCode).toBe(401);
    expect((await get(world, 'actions', after.access_token)).statusCode).toBe(200);
    await consentFlow(world.steward.url);
    const code = world.steward.callbacks[1]?.get('code') ?? '';
    await token(world, { grant_type: 'authorization_code', code, redirect_uri: world.steward.redirectUri });
    expect((await get(world, 'actions', after.access_token)).statusCode).toBe(401);
  });

  it('answers errors with 200 where it is told to', async () => {
    const world = await connected({ tokenErrorStatus: 200 });
    expect(await refresh(world, 'unknown')).toMatchObject({
      status: 200,
      text: expect.stringContaining('invalid_grant'),
    });
  });

  it('sees refreshes that overlap (I2)', async () => {
    const world = await connected({ tokenLatencyMs: 20 });
    const answers = await Promise.all([1, 2, 3].map(() => refresh(world, world.tokens.refresh_token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(world.simulator.control.tokenCounts().mostInFlight).toBe(3);
  });

  it.each(['lost-request', 'lost-reply'] as const)('R09 R10 has a %s', async (fault) => {
    const world = await connected();
    world.simulator.control.addFault({ path: '/api/oauth/token', with: fault });
    await expect(refresh(world, world.tokens.refresh_token)).rejects.toThrow(/closed|socket|reset/iu);
    const again = await refresh(world, world.tokens.refresh_token);
    expect(again.status).toBe(fault === 'lost-request' ? 200 : 400);
  });

  it('ends every grant, and access tokens, on demand', async () => {
    const world = await connected();
    world.simulator.control.expireAccessTokens();
    expect((await get(world, 'actions', world.tokens.access_token)).statusCode).toBe(401);
    world.simulator.control.revokeGrant();
    expect((await refresh(world, world.tokens.refresh_token)).text).toContain('invalid_grant');
  });
});

describe('resources', () => {
  it('answers in the old envelope, one row as an object, none as 204, slashes escaped', async () => {
    const world = await connected();
    const { access_token: bearer = '' } = world.tokens;
    const list = await (await get(world, 'actions?pageSize=2', bearer)).body.text();
    expect(list).toContain(String.raw`actionstep.com.actionstep.com\/api\/rest\/`);
    expect(Object.keys(JSON.parse(list) as object)).toEqual(['links', 'actions', 'meta']);
    expect(JSON.parse(list)).toMatchObject({
      meta: { paging: { actions: { recordCount: 24, page: 1, pageSize: 2, pageCount: 12 } } },
    });
    const single = JSON.parse(await (await get(world, 'actions?id=1001', bearer)).body.text()) as {
      actions: { id: number };
    };
    expect(single.actions.id).toBe(1001);
    expect((await get(world, 'actions?id=5', bearer)).statusCode).toBe(204);
    expect((await get(world, 'actions/5', bearer)).statusCode).toBe(404);
    expect((await get(world, 'tasks', bearer)).statusCode).toBe(403);
    expect((await get(world, 'actions', 'wrong')).statusCode).toBe(401);
  });

  it('is the same for the same options', async () => {
    const anchor = new Date('2026-03-02T00:00:00Z');
    const worlds = [await start({ anchor }), await start({ anchor })];
    const [one, two] = worlds.map(({ simulator }) => simulator.control.model);
    for (const resource of ['actions', 'participants', 'timeentries', 'filenotes', 'tags']) {
      expect(one?.records(resource)).toEqual(two?.records(resource));
    }
  });

  it('delivers to hooks, and switches off at the first answer that is not 200', async () => {
    const statuses = [200, 202];
    const bodies: string[] = [];
    const target = createServer((incoming, outgoing) => {
      incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      incoming.on('end', () => outgoing.writeHead(statuses.shift() ?? 500).end());
    });
    await new Promise<void>((resolve) => void target.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => void target.close(() => resolve())));
    const { simulator } = await start();
    const targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hooks/c/secret`;
    simulator.control.createRecord('resthooks', { eventName: 'ActionUpdated', targetUrl, status: 'Active' });
    const event = { name: 'ActionUpdated', resource: 'actions', id: 1001 };
    expect(await simulator.control.deliver(event)).toEqual([200]);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ data: { type: 'actions', id: '1001' } });
    expect(await simulator.control.deliver(event)).toEqual([202]);
    expect(simulator.control.model.records('resthooks')[0]).toMatchObject({ status: 'Disabled', triggeredCount: 2 });
    expect(await simulator.control.deliver(event)).toEqual([]);
  });
});
