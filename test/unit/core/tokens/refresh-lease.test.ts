import { describe, expect, it } from 'vitest';
import type { Connection, UnresolvedAttempt } from '../../../../functions/core/connections/connection.ts';
import type { LeaseRequest } from '../../../../functions/core/connections/store.ts';
import { ConfigInvalidError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { HOUR_MS } from '../../../../functions/core/time.ts';
import { createRefresh, type TokenGate } from '../../../../functions/core/tokens/refresh.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const itemOf = (world: TokenWorld, name = 'c1') => world.connections.items.get(name) as Connection;
const patch = (world: TokenWorld, change: Partial<Connection>, name = 'c1') =>
  void world.connections.items.set(name, { ...itemOf(world, name), ...change });
const refresh = (world: TokenWorld, name = 'c1') => createRefresh(world.dependenciesOf())(name, world.deadline());
const inMs = (world: TokenWorld, ms: number) => new Date(world.clock.now().getTime() + ms);

async function worldOf(change: Partial<Connection> = {}) {
  const world = createTokenWorld();
  await world.addConnected('c1', change);
  return world;
}

describe('a refresh that does not come to a lease', () => {
  it('is of a connection that is gone', async () => {
    expect(await refresh(createTokenWorld(), 'nobody')).toEqual({ name: 'nobody', outcome: 'gone' });
  });

  it('R13: is of one that somebody else is at: nothing is asked for it', async () => {
    const world = await worldOf();
    patch(world, { lease: { owner: 'other', attempt: 'other', until: inMs(world, 1) } });
    expect(await refresh(world)).toEqual({ name: 'c1', outcome: 'leased' });
  });

  it('is of a provider that this version does not know', async () => {
    const world = await worldOf({ provider: 'nobody' });
    await expect(refresh(world)).rejects.toThrow(ConfigInvalidError);
  });

  it('R13: is of one that was denied access and has moved on', async () => {
    const world = await worldOf({ rejections: 1, rejectedGeneration: 1 });
    patch(world, { nextRefreshAt: inMs(world, HOUR_MS) });
    const refreshExpiresAt = itemOf(world).refresh?.expiresAt;
    const base = { name: 'c1', provider: 'acme', refreshExpiresAt };
    world.connections.change = async () => false;
    expect(await refresh(world)).toEqual({ ...base, outcome: 'not-due' });
    const denied = await worldOf({ rejections: 1, rejectedGeneration: 1 });
    patch(denied, { nextRefreshAt: inMs(denied, HOUR_MS) });
    expect(await refresh(denied)).toEqual({ ...base, outcome: 'access-denied' });
  });

  const gateOf = (open: boolean) => {
    const released: string[] = [];
    const gate: TokenGate = {
      admit: async () => (open ? { open } : { open: false }),
      release: (key) => void released.push(key),
      usedUpUntil: new Map(),
    };
    return { gate, released };
  };

  it('R29: is at an endpoint that is tried by another one', async () => {
    const world = await worldOf();
    const { nextRefreshAt, refresh: token } = itemOf(world);
    const result = await createRefresh(world.dependenciesOf())('c1', world.deadline(), gateOf(false).gate);
    expect(result).toEqual({
      name: 'c1',
      provider: 'acme',
      key: 'acme@acme.example',
      outcome: 'postponed',
      refreshExpiresAt: token?.expiresAt,
    });
    expect(itemOf(world).nextRefreshAt).toEqual(nextRefreshAt);
  });

  it('R29: lets another one try the endpoint when it fails in an unforeseen way', async () => {
    const world = await worldOf();
    const credentials = { get: async () => Promise.reject(new TypeError('a bug')) };
    const { gate, released } = gateOf(true);
    const once = createRefresh(world.dependenciesOf(undefined, { credentials }));
    await expect(once('c1', world.deadline(), gate)).rejects.toThrow(TypeError);
    expect(released).toEqual(['acme@acme.example']);
    expect(itemOf(world)).toMatchObject({ failures: 0, attempts: [] });
  });

  it('R25: leaves no note of a store that is down', async () => {
    const world = await worldOf();
    const credentials = { get: async () => Promise.reject(new StoreUnavailableError('down')) };
    expect(await createRefresh(world.dependenciesOf(undefined, { credentials }))('c1', world.deadline())).toMatchObject(
      {
        outcome: 'failed',
        code: 'STORE_UNAVAILABLE',
      },
    );
    expect(itemOf(world).failures).toBe(0);
    expect(itemOf(world).lastError).toBeUndefined();
  });

  it('R13: is told apart from others when its lease went to somebody else', async () => {
    const world = await worldOf();
    world.connections.lease = async () => undefined;
    expect(await refresh(world)).toMatchObject({ name: 'c1', provider: 'acme', outcome: 'leased' });
  });

  it('S82: says that it came out of a backup', async () => {
    const world = await worldOf();
    world.connections.highWaters.set('c1', 9);
    expect(await refresh(world)).toMatchObject({ name: 'c1', outcome: 'suspect', code: 'SEAL_BROKEN' });
  });
});

describe('a secret’s access', () => {
  it('S82: is asked for again after a restore, above what was committed, with no key for a refresh token', async () => {
    const world = createTokenWorld();
    await world.addClient('o1');
    world.connections.highWaters.set('o1', 5);
    expect((await refresh(world, 'o1')).outcome).toBe('refreshed');
    expect(itemOf(world, 'o1')).toMatchObject({ generation: 6, health: 'connected' });
    expect(world.keys.calls.generate).toBe(1);
  });

  it('draws on no budget where its provider counts no token calls', async () => {
    const world = createTokenWorld();
    await world.addClient('o1');
    await refresh(world, 'o1');
    expect(world.draws).toEqual([]);
  });

  it('I24: raises no high water', async () => {
    const world = createTokenWorld();
    await world.addClient('o1');
    expect((await refresh(world, 'o1')).outcome).toBe('refreshed');
    expect(world.connections.highWaters.has('o1')).toBe(false);
  });
});

describe('the lease of a refresh', () => {
  const attempt = (id: string, change: Partial<UnresolvedAttempt> = {}): UnresolvedAttempt => ({
    id,
    kind: 'refresh',
    fingerprint: 'f',
    startedAt: new Date('2026-01-01T00:00:00Z'),
    ...change,
  });

  it('R09: keeps the last four dead attempts on its token, and all of the others', async () => {
    const world = await worldOf();
    const { fingerprint = '' } = itemOf(world);
    const own = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => attempt(id, { fingerprint }));
    const others = [
      attempt('consent', { kind: 'authorization', fingerprint }),
      attempt('older', { fingerprint: 'f0' }),
      attempt('old', { fingerprint: 'f1' }),
    ];
    patch(world, { attempts: [...others, ...own] });
    const { lease } = world.connections;
    const asked: LeaseRequest[] = [];
    world.connections.lease = (request) => {
      asked.push(request);
      return lease(request);
    };
    world.endpoint.outage = 503;
    await refresh(world);
    expect(asked.map(({ forgets }) => forgets)).toEqual([['a', 'b']]);
  });

  it('R21: spends nothing where it looks for what an authorization left', async () => {
    const world = await worldOf({ health: 'reauthorization-required' });
    patch(world, { attempts: [attempt('consent', { kind: 'authorization' })] });
    const spends: (string | undefined)[] = [];
    world.rescue.find = async () => {
      spends.push(itemOf(world).attempts.at(-1)?.fingerprint);
      return undefined;
    };
    expect((await refresh(world)).outcome).toBe('not-due');
    expect(spends).toEqual(['nothing']);
  });

  it.each<[string, Partial<Connection>]>([
    ['needs a person', { health: 'reauthorization-required' }],
    ['was refreshed already', { nextRefreshAt: new Date('2030-01-01T00:00:00Z') }],
  ])('R14: is not taken where the connection %s by now', async (_what, change) => {
    const world = await worldOf();
    const stale = itemOf(world);
    patch(world, change);
    const store = { ...world.connections, find: async () => stale };
    const once = createRefresh(world.dependenciesOf(undefined, { store }));
    expect((await once('c1', world.deadline())).outcome).toBe('leased');
    expect(world.endpoint.presented).toEqual([]);
    expect(itemOf(world).lease).toBeUndefined();
  });

  it('S80: is a broken seal’s only where a seal was broken', async () => {
    const world = await worldOf();
    const redirectUri = () => {
      throw new TypeError('a bug');
    };
    const once = createRefresh(world.dependenciesOf(undefined, { redirectUri }));
    await expect(once('c1', world.deadline())).rejects.toThrow(TypeError);
    expect(world.metered.map(({ name }) => name)).not.toContain('SealBroken');
  });
});
