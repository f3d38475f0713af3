// oxlint-disable vitest/no-conditional-expect -- exhaustive runs are judged by how they ended
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { callbackName } from '../../../../functions/core/authorization/callback-name.ts';
import { keptRefresh, resolvedByConsent } from '../../../../functions/core/authorization/kept-refresh.ts';
import { createConnectionAccess } from '../../../../functions/core/connections/connection-access.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { DAY_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { LEASE_MS } from '../../../../functions/core/tokens/timing.ts';
import { Killed, Process } from '../../../support/faults.ts';
import { createWebWorld, type WebWorld } from '../../../support/web-world.ts';

const itemOf = (world: WebWorld) => world.connections.items.get('c1') as Connection;

const down = async () => {
  throw new StoreUnavailableError('down');
};

/** A living grant, and a person who consents again to a provider that sends no refresh token this time. */
async function worldOf(overrides: Partial<Connection> = {}) {
  const world = createWebWorld();
  const before = await world.addConnected('c1', {
    nextRefreshAt: new Date(world.clock.now().getTime() + DAY_MS),
    ...overrides,
  });
  world.endpoint.rotation = 'none';
  const consent = async (account = 'c1', replaceAccount = false) => {
    const { query, cookie } = await world.begin('c1', { replaceAccount }, account);
    return world.callback(query, cookie);
  };
  const tick = async () => {
    const result = await createRefresh(world.dependenciesOf())('c1', world.deadline());
    return (await result.decide?.(false)) ?? result.outcome;
  };
  return { world, before, consent, tick };
}

describe('S36: a consent without a refresh token, where one stands', () => {
  it('keeps the one before, is suspect and told, and due at once', async () => {
    const { world, before, consent } = await worldOf({ warnedDays: [7] });
    expect((await consent()).headers.location).toBe('/outcome/connected');
    expect(itemOf(world)).toMatchObject({
      health: 'suspect',
      generation: 2,
      fingerprint: before.fingerprint,
      refresh: { ...before.refresh, generation: 1 },
      nextRefreshAt: world.clock.now(),
      lastError: { code: 'REFRESH_TOKEN_MISSING' },
      warnedDays: [7],
      attempts: [],
    });
    expect(world.eventTypes()).toEqual(['authorized', 'suspect']);
    expect(world.connections.outbox[1]?.event.data).toMatchObject({ keptTheOneBefore: true });
    const access = createConnectionAccess({ ...world.dependenciesOf(), store: world.connections });
    expect((await access.open('c1')).accessToken).toMatch(/^canary-access-\d+$/);
  });

  it('R32: is well again when the one before works, whether the provider replaces it or not', async () => {
    for (const rotation of ['new', 'none'] as const) {
      const { world, before, consent, tick } = await worldOf();
      await consent();
      world.endpoint.rotation = rotation;
      expect(await tick()).toBe('refreshed');
      expect(itemOf(world)).toMatchObject({ health: 'connected', generation: 3, warnedDays: [] });
      expect(itemOf(world).refresh?.generation).toBeUndefined();
      expect(itemOf(world).fingerprint === before.fingerprint).toBe(rotation === 'none');
      expect(itemOf(world).lastError).toBeUndefined();
      expect(world.eventTypes()).toEqual(['authorized', 'suspect', 'restored']);
      world.clock.advance(DAY_MS);
      expect(await tick()).toBe('refreshed');
    }
  });

  it('asks for a person once when the provider ended the one before with the new consent', async () => {
    const { world, consent, tick } = await worldOf();
    await consent();
    world.endpoint.revoke('c1');
    expect(await tick()).toBe('reauthorization-required');
    expect(world.eventTypes()).toEqual(['authorized', 'suspect', 'reauthorization-required']);
    expect(world.connections.outbox.at(-1)?.event.data).toMatchObject({ cause: 'refused' });
    await consent();
    expect(itemOf(world)).toMatchObject({ health: 'suspect' });
    expect(itemOf(world).refresh, 'known to be dead').toBeUndefined();
  });

  it('stands twice as it stands once', async () => {
    const { world, before, consent, tick } = await worldOf();
    await consent();
    await consent();
    expect(itemOf(world)).toMatchObject({ generation: 3, refresh: { ...before.refresh, generation: 1 } });
    world.endpoint.rotation = 'new';
    expect(await tick()).toBe('refreshed');
    expect(itemOf(world)).toMatchObject({ generation: 4, health: 'connected' });
  });

  const dead = { health: 'reauthorization-required' } as const;
  it.each<[string, Partial<Connection>, string, boolean]>([
    ['another account', {}, 'stranger', true],
    ['an account that nobody knew', { providerAccount: undefined as unknown as string }, 'c1', false],
    ['a grant that was refused', dead, 'c1', false],
  ])('gives the one before up after %s', async (_, overrides, account, replaceAccount) => {
    const { world, consent, tick } = await worldOf(overrides);
    await consent(account, replaceAccount);
    expect(itemOf(world)).toMatchObject({ health: 'suspect', generation: 2, providerAccount: account });
    expect(itemOf(world).refresh).toBeUndefined();
    expect(world.connections.outbox.at(-1)?.event.data).toMatchObject({ keptTheOneBefore: false });
    world.clock.advance(60 * MINUTE_MS);
    expect(await tick()).toBe('reauthorization-required');
    expect(world.endpoint.presented.filter((token) => token.includes('refresh'))).toEqual([]);
  });

  it('S82: gives the one before up after a restore, and after a refusal that is being looked into', async () => {
    for (const make of ['restored', 'refused'] as const) {
      const { world, before, consent } = await worldOf();
      if (make === 'restored') world.connections.highWaters.set('c1', 5);
      const refusedFingerprint = before.fingerprint ?? '';
      if (make === 'refused') world.connections.items.set('c1', { ...before, health: 'suspect', refusedFingerprint });
      await consent();
      expect(itemOf(world).refresh).toBeUndefined();
    }
  });

  it('S80, S82: opens the one before for its own generation alone', async () => {
    const { world, before, consent, tick } = await worldOf();
    await consent();
    const { refresh } = itemOf(world);
    for (const generation of [2, 0]) {
      const moved = { ...refresh, generation } as NonNullable<typeof refresh>;
      world.connections.items.set('c1', { ...itemOf(world), refresh: moved, nextRefreshAt: world.clock.now() });
      await expect(tick()).rejects.toThrow(/does not open/);
    }
    expect(before.refresh?.sealed).toEqual(refresh?.sealed);
  });
});

describe('R21: a consent without a refresh token that could not be stored', () => {
  it('is merged with the one before in place', async () => {
    const { world, before, consent, tick } = await worldOf();
    const { commit } = world.connections;
    world.connections.commit = down;
    expect((await consent()).headers.location).toBe('/outcome/received');
    world.connections.commit = commit;
    world.clock.advance(LEASE_MS);
    expect(await tick()).toBe('merged');
    expect(itemOf(world)).toMatchObject({ health: 'suspect', fingerprint: before.fingerprint, generation: 2 });
    world.endpoint.rotation = 'new';
    expect(await tick()).toBe('refreshed');
    expect(world.endpoint.liveToken('c1')).toBeDefined();
  });

  it('keeps the attempt of a refresh that died with a successor in the bucket, and merges that too', async () => {
    const { world, before, consent, tick } = await worldOf({ nextRefreshAt: new Date(0) });
    const { commit } = world.connections;
    world.connections.commit = down;
    world.endpoint.rotation = 'new';
    expect(await tick()).toBe('spilled');
    world.endpoint.rotation = 'none';
    world.clock.advance(LEASE_MS);
    expect((await consent()).headers.location).toBe('/outcome/received');
    world.connections.commit = commit;
    world.clock.advance(LEASE_MS);
    expect(await tick()).toBe('merged');
    expect(itemOf(world)).toMatchObject({ fingerprint: before.fingerprint, attempts: [{ kind: 'refresh' }] });
    expect(await tick()).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 3, health: 'connected', attempts: [] });
    world.endpoint.rotation = 'new';
    world.clock.advance(60 * MINUTE_MS);
    expect(await tick()).toBe('refreshed');
    expect(world.endpoint.presented.filter((token) => token.includes('refresh'))).toHaveLength(2);
    expect(world.rescued.size).toBe(0);
  });

  it('leaves the attempt of a dead refresh open: the one before may be spent, and its successor in the bucket', async () => {
    const { world, before, consent, tick } = await worldOf({ nextRefreshAt: new Date(0) });
    const { commit } = world.connections;
    world.connections.commit = down;
    world.endpoint.rotation = 'new';
    expect(await tick()).toBe('spilled');
    world.connections.commit = commit;
    world.endpoint.rotation = 'none';
    world.clock.advance(LEASE_MS);
    expect((await consent()).headers.location).toBe('/outcome/connected');
    expect(itemOf(world)).toMatchObject({ fingerprint: before.fingerprint, attempts: [{ kind: 'refresh' }] });
    expect(await tick()).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 3, health: 'connected', attempts: [] });
    expect(world.endpoint.liveToken('c1')).toBeDefined();
  });

  it('is forgotten when the one before was replaced meanwhile', async () => {
    const { world, consent, tick } = await worldOf();
    const { commit } = world.connections;
    world.connections.commit = down;
    await consent();
    world.connections.commit = commit;
    const item = itemOf(world);
    world.connections.items.set('c1', { ...item, fingerprint: 'newer', generation: 2 });
    world.clock.advance(LEASE_MS);
    await tick().catch(() => undefined);
    expect(itemOf(world)).toMatchObject({ fingerprint: 'newer', generation: 2 });
    expect(world.rescued.size).toBe(0);
  });
});

describe('R01–R08: a consent without a refresh token that is killed', () => {
  it.each(['strict', 'grace', 'revokes'] as const)(
    'loses no grant, before and after every effect (%s)',
    async (mode) => {
      const run = async (kill?: { effect: number; when: 'before' | 'after' }) => {
        const { world, tick } = await worldOf();
        world.endpoint.mode = mode;
        const { query, cookie } = await world.begin('c1');
        const process = new Process(kill);
        await world.callback(query, cookie, {}, process).catch((error: unknown) => {
          if (!(error instanceof Killed)) throw error;
        });
        world.endpoint.rotation = 'new';
        return { world, tick, names: process.names };
      };
      const { names } = await run();
      expect(names).toEqual(expect.arrayContaining(['send', 'store.commit', 'store.raiseHighWater']));
      for (const [effect, name] of names.entries()) {
        for (const when of ['before', 'after'] as const) {
          const { world, tick } = await run({ effect, when });
          world.clock.advance(LEASE_MS);
          for (let round = 0; round < 3; round += 1) {
            await tick();
            world.clock.advance(DAY_MS);
          }
          expect(itemOf(world), `killed ${when} ${name}`).toMatchObject({ health: 'connected', attempts: [] });
          expect(world.endpoint.liveToken('c1')).toBeDefined();
          expect(world.connections.highWaters.get('c1')).toBe(itemOf(world).generation);
          const spent = world.endpoint.presented.filter((token) => token.includes('refresh'));
          expect(new Set(spent).size, 'I3').toBe(spent.length);
        }
      }
    },
  );
});

describe('keptRefresh()', () => {
  const refresh = { sealed: 'sealed', issuedAt: new Date(0) };
  const standing = { health: 'connected', refresh, fingerprint: 'f1', generation: 3, providerAccount: 'one' };
  const kept = (connection: object = {}, reply: object = {}, highWater = 3) =>
    keptRefresh({ ...standing, ...connection } as never, { account: 'one', ...reply } as never, highWater);

  it('is the one that stands, opened for the generation that sealed it', () => {
    expect(kept()).toEqual({ fingerprint: 'f1', token: { ...refresh, generation: 3 } });
    expect(kept({ refresh: { ...refresh, generation: 2 } })?.token.generation).toBe(2);
  });

  it.each<[string, object, object]>([
    ['a new one came', {}, { refreshToken: 'new' }],
    ['none stands', { refresh: undefined }, {}],
    ['what stands has no fingerprint', { fingerprint: undefined, refusedFingerprint: 'f0' }, {}],
    ['nobody knows its account', { providerAccount: undefined }, { account: undefined }],
    ['the account is another', {}, { account: 'two' }],
    ['the account is not told', {}, { account: undefined }],
    ['it was refused for good', { health: 'reauthorization-required' }, {}],
    ['it was refused', { refusedFingerprint: 'f1' }, {}],
    ['it came out of a backup', { generation: 2 }, {}],
  ])('is none when %s', (_, connection, reply) => {
    expect(kept(connection, reply)).toBeUndefined();
  });

  it('leaves the attempts open that may have spent it, and settles all others', () => {
    const attempts = [
      { id: 'a', kind: 'refresh', fingerprint: 'f1' },
      { id: 'b', kind: 'refresh', fingerprint: 'f0' },
      { id: 'c', kind: 'authorization', fingerprint: 'f1' },
    ];
    const connection = { ...standing, attempts } as never;
    expect(resolvedByConsent(connection, kept())).toEqual(['b', 'c']);
    expect(resolvedByConsent(connection, undefined)).toEqual(['a', 'b', 'c']);
  });
});

describe('callbackName()', () => {
  it('S45: is the provider, and its server where it has several', () => {
    const authorization = { server: () => 'eu' } as never;
    expect(callbackName({ id: 'acme', authorization }, {})).toBe('acme.eu');
    expect(callbackName({ id: 'acme', authorization: {} as never }, {})).toBe('acme');
    expect(callbackName({ id: 'ops' }, {})).toBe('ops');
  });
});
