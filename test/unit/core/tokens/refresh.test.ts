import { describe, expect, it } from 'vitest';
import { tokenFingerprint } from '../../../../functions/core/connections/fingerprint.ts';
import { ProviderResponseInvalidError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import {
  COMMIT_BUDGET_MS,
  LEASE_MS,
  SPEND_BUDGET_MS,
  STORE_CALL_MS,
} from '../../../../functions/core/tokens/timing.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const itemOf = (world: TokenWorld, name = 'c1') => {
  const item = world.connections.items.get(name);
  if (item === undefined) throw new Error(`no ${name}`);
  return item;
};
const refreshOnce = (world: TokenWorld, name = 'c1') => createRefresh(world.dependenciesOf())(name, world.deadline());

async function connectedWorld() {
  const world = createTokenWorld();
  await world.addConnected('c1');
  return world;
}

describe('a refresh', () => {
  it('spends the stored token once and commits its successor', async () => {
    const world = await connectedWorld();
    const spent = itemOf(world).fingerprint;

    expect((await refreshOnce(world)).outcome).toBe('refreshed');

    const item = itemOf(world);
    expect(item).toMatchObject({ generation: 2, health: 'connected', attempts: [], failures: 0 });
    expect(item.fingerprint).not.toBe(spent);
    expect(item.fingerprint).toBe(tokenFingerprint(world.endpoint.liveToken('c1') ?? ''));
    expect(item.lease).toBeUndefined();
    expect(item.refresh?.expiresAt).toEqual(new Date(world.clock.now().getTime() + 21 * DAY_MS));
    expect(world.endpoint.presented).toHaveLength(1);
    expect((await refreshOnce(world)).outcome).toBe('not-due');
  });

  it('I9, I11: leaves no token in the clear anywhere', async () => {
    const world = await connectedWorld();
    await refreshOnce(world);
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    world.clock.advance(HOUR_MS);
    expect((await refreshOnce(world)).outcome).toBe('spilled');
    const text = world.sinks();
    for (const secret of ['canary-refresh', 'canary-access', 'canary-secret']) {
      for (const form of [
        secret,
        Buffer.from(secret).toString('hex'),
        Buffer.from(secret).toString('base64').slice(0, -2),
      ]) {
        expect(text).not.toContain(form);
      }
    }
  });

  it('R13: 50 refreshers at once make exactly one token call', async () => {
    const world = await connectedWorld();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => refreshOnce(world)));
    expect(outcomes.filter(({ outcome }) => outcome === 'refreshed')).toHaveLength(1);
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('R14, P15: an index that still shows a refreshed connection leads to no call', async () => {
    const world = await connectedWorld();
    await refreshOnce(world);
    for (let again = 0; again < 3; again += 1) expect((await refreshOnce(world)).outcome).toBe('not-due');
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('leaves when a second worker read before the first one’s commit and leases after it', async () => {
    const world = await connectedWorld();
    const stale = itemOf(world);
    await refreshOnce(world);
    world.connections.items.set('c1', { ...itemOf(world), nextRefreshAt: world.clock.now() });
    const store = { ...world.connections, find: async () => stale };
    const second = createRefresh(world.dependenciesOf(undefined, { store }));
    expect((await second('c1', world.deadline())).outcome).toBe('leased');
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('R15: a refresh that outlives its lease does not undo a consent that came first', async () => {
    const world = await connectedWorld();
    world.endpoint.during = async () => {
      const consent = { ...itemOf(world), fingerprint: 'consent', generation: 2, health: 'connected' as const };
      delete (consent as { lease?: unknown }).lease;
      world.connections.items.set('c1', consent);
      world.connections.highWaters.set('c1', 2);
    };
    expect((await refreshOnce(world)).outcome).toBe('superseded');
    expect(itemOf(world).fingerprint).toBe('consent');
  });

  it('R16: a disconnect during a refresh stands', async () => {
    const world = await connectedWorld();
    world.endpoint.during = async () => void (await world.connections.disconnect('c1', [], world.clock.now()));
    expect((await refreshOnce(world)).outcome).toBe('superseded');
    expect(itemOf(world)).toMatchObject({ health: 'disconnected' });
    expect(itemOf(world).refresh).toBeUndefined();
  });

  it('R18: a holder that was frozen past its lease still saves what it bought', async () => {
    const world = await connectedWorld();
    world.endpoint.during = async () => world.clock.advance(LEASE_MS + 1);
    const slow = createRefresh(world.dependenciesOf());
    expect((await slow('c1', { remainingMs: () => 55_000 })).outcome).toBe('refreshed');
    expect(itemOf(world).generation).toBe(2);
  });

  it('R19, R20: retries a commit that is throttled, and knows its own when the answer was lost', async () => {
    const world = await connectedWorld();
    const commit = world.connections.commit;
    let calls = 0;
    world.connections.commit = async (...args) => {
      calls += 1;
      if (calls === 1) throw new StoreUnavailableError('ThrottlingException');
      const outcome = await commit(...args);
      if (calls === 2) throw new StoreUnavailableError('TimeoutError');
      return outcome;
    };
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(calls).toBe(3);
    expect(itemOf(world).generation).toBe(2);
  });

  it('R21: spills what it cannot store, and the next sweep merges it without another call', async () => {
    const world = await connectedWorld();
    const commit = world.connections.commit;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    expect((await refreshOnce(world)).outcome).toBe('spilled');
    expect(world.rescued.size).toBe(1);
    world.connections.commit = commit;
    expect((await refreshOnce(world)).outcome).toBe('leased');
    world.clock.advance(LEASE_MS);
    expect((await refreshOnce(world)).outcome).toBe('merged');
    expect(world.rescued.size).toBe(0);
    expect(world.endpoint.presented).toHaveLength(1);
    expect(itemOf(world)).toMatchObject({ generation: 2, health: 'connected', attempts: [] });
    expect(world.endpoint.liveToken('c1')).toBeDefined();
  });

  it('I4, R21: spills what only the stored generation refuses, and merges it above that', async () => {
    const world = await connectedWorld();
    world.endpoint.during = async () => {
      world.connections.items.set('c1', { ...itemOf(world), generation: 9 });
      world.connections.highWaters.set('c1', 9);
    };
    await expect(refreshOnce(world)).rejects.toThrow(/generation/);
    expect(world.rescued.size).toBe(1);
    world.endpoint.during = undefined;
    world.clock.advance(LEASE_MS);
    expect((await refreshOnce(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 10, health: 'connected' });
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('I4: a high water that could not be raised stays behind, and the next refresh raises it', async () => {
    const world = await connectedWorld();
    const { raiseHighWater } = world.connections;
    world.connections.raiseHighWater = async () => {
      throw new StoreUnavailableError('down');
    };
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(world.lines.map(({ event }) => event)).toContain('high-water.behind');
    expect(world.connections.highWaters.get('c1')).toBe(1);
    world.connections.raiseHighWater = raiseHighWater;
    world.connections.items.set('c1', { ...itemOf(world), nextRefreshAt: world.clock.now() });
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(world.connections.highWaters.get('c1')).toBe(3);
  });

  it('I24: no high water is raised without the time for it, and none for client credentials', async () => {
    const world = await connectedWorld();
    const { commit } = world.connections;
    world.connections.commit = async (...given) => {
      const outcome = await commit(...given);
      world.clock.advance(52_000);
      return outcome;
    };
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(world.connections.highWaters.get('c1')).toBe(1);
    await world.addClient('o1');
    expect((await createRefresh(world.dependenciesOf())('o1', world.deadline())).outcome).toBe('refreshed');
    expect(world.connections.items.get('o1')?.generation).toBe(1);
    expect(world.connections.highWaters.has('o1')).toBe(false);
  });

  it('R20, R21: spills in time what a table takes that never answers', async () => {
    const world = await connectedWorld();
    const deadline = world.deadline(COMMIT_BUDGET_MS);
    let left = 0;
    world.connections.commit = async () => {
      world.clock.advance(STORE_CALL_MS);
      throw new StoreUnavailableError('TimeoutError');
    };
    const put = world.rescue.put;
    world.rescue.put = async (...given) => {
      await put(...given);
      left = deadline.remainingMs() - STORE_CALL_MS;
    };
    const remainingMs = () => (world.endpoint.presented.length === 0 ? SPEND_BUDGET_MS : deadline.remainingMs());
    expect((await createRefresh(world.dependenciesOf())('c1', { remainingMs })).outcome).toBe('spilled');
    expect(world.rescued.size).toBe(1);
    expect(left).toBeGreaterThan(0);
  });

  it('R21: a merged set that cannot be removed from the bucket is merged all the same', async () => {
    const world = await connectedWorld();
    const commit = world.connections.commit;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    await refreshOnce(world);
    world.connections.commit = commit;
    world.rescue.remove = async () => {
      throw new StoreUnavailableError('down');
    };
    world.clock.advance(LEASE_MS);
    expect((await refreshOnce(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ generation: 2, health: 'connected', attempts: [] });
  });

  it('R22: with the bucket down too, the log gets the sealed set and nothing else', async () => {
    const world = await connectedWorld();
    const down = async () => {
      throw new StoreUnavailableError('down');
    };
    world.connections.commit = down;
    world.rescue.put = down;
    expect((await refreshOnce(world)).outcome).toBe('spilled');
    const line = world.lines.find(({ event }) => event === 'token.spill-failed');
    const text = Buffer.from(String(line?.fields.sealed), 'base64').toString();
    expect(JSON.parse(text)).toMatchObject({ name: 'c1', generation: 2 });
    expect(text).not.toContain('canary');
  });

  it('R23: KMS down before the call means no call and no lease', async () => {
    const world = await connectedWorld();
    world.keys.port.generate = async () => {
      throw new StoreUnavailableError('KMS');
    };
    expect(await refreshOnce(world)).toMatchObject({ outcome: 'failed', code: 'STORE_UNAVAILABLE' });
    expect(world.endpoint.presented).toHaveLength(0);
    expect(itemOf(world).attempts).toEqual([]);
  });

  it('R24: KMS down after the reply costs nothing, because the keys were in hand', async () => {
    const world = await connectedWorld();
    world.endpoint.during = async () => {
      world.keys.port.generate = world.keys.port.open = async () => {
        throw new StoreUnavailableError('KMS');
      };
    };
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
  });

  it('R25: a secret that is not there is told by name, and no token is spent', async () => {
    const world = await connectedWorld();
    world.secrets.current = undefined as never;
    expect(await refreshOnce(world)).toMatchObject({ outcome: 'failed', code: 'CREDENTIALS_MISSING' });
    expect(itemOf(world)).toMatchObject({ failures: 1, health: 'connected' });
    expect(world.endpoint.presented).toHaveLength(0);
  });

  it('R25: a Secrets Manager that is silent costs no token and no verdict', async () => {
    const world = await connectedWorld();
    const credentials = { get: async () => Promise.reject(new StoreUnavailableError('Secrets Manager')) };
    const refresh = createRefresh(world.dependenciesOf(undefined, { credentials }));
    expect(await refresh('c1', world.deadline())).toMatchObject({ outcome: 'failed', code: 'STORE_UNAVAILABLE' });
    expect(itemOf(world)).toMatchObject({ health: 'connected', attempts: [] });
    expect(itemOf(world).lease).toBeUndefined();
    expect(world.endpoint.presented).toHaveLength(0);
  });

  it.each([5 * MINUTE_MS, -5 * MINUTE_MS])(
    'R26: a clock that jumps %i ms during the run loses nothing',
    async (jump) => {
      const world = await connectedWorld();
      world.endpoint.during = async () => world.clock.advance(jump);
      const result = await createRefresh(world.dependenciesOf())('c1', { remainingMs: () => 55_000 });
      expect(result.outcome).toBe('refreshed');
      expect(world.endpoint.liveToken('c1')).toBeDefined();
    },
  );

  it('R27: a token that lives 20 s is refreshed a fraction of its life before its end', async () => {
    const world = await connectedWorld();
    world.endpoint.expiresIn = 20;
    await refreshOnce(world);
    const left = (itemOf(world).access?.expiresAt.getTime() ?? 0) - (itemOf(world).nextRefreshAt?.getTime() ?? 0);
    expect(left).toBeGreaterThanOrEqual(5000);
    expect(left).toBeLessThanOrEqual(7000);
  });

  it('R31, R32: keeps a refresh token that was not replaced, and its assumed end', async () => {
    for (const rotation of ['same', 'none'] as const) {
      const world = await connectedWorld();
      const before = itemOf(world);
      world.endpoint.rotation = rotation;
      await refreshOnce(world);
      expect(itemOf(world)).toMatchObject({ generation: 2, fingerprint: before.fingerprint, health: 'connected' });
      expect(itemOf(world).refresh?.expiresAt).toEqual(before.refresh?.expiresAt);
      world.clock.advance(HOUR_MS);
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
    }
  });

  it('R33: a refused client is ours: no verdict, a wait', async () => {
    const world = await connectedWorld();
    world.secrets.current = 'canary-wrong';
    expect(await refreshOnce(world)).toMatchObject({ outcome: 'failed', code: 'CLIENT_REJECTED' });
    expect(itemOf(world)).toMatchObject({ health: 'connected', failures: 1, attempts: [] });
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it.each([
    ['a rotated secret is read again once', { cached: 'canary-old', current: 'canary-secret', previous: undefined }, 2],
    [
      'the previous one serves while a rotation is under way',
      { cached: undefined, current: 'canary-new', previous: 'canary-secret' },
      2,
    ],
    ['never more than two calls', { cached: 'canary-a', current: 'canary-b', previous: 'canary-c' }, 2],
  ])('S88: %s', async (_title, secrets, calls) => {
    const world = await connectedWorld();
    Object.assign(world.secrets, secrets);
    const { outcome } = await refreshOnce(world);
    expect(outcome).toBe(Object.values(secrets).includes('canary-secret') ? 'refreshed' : 'failed');
    expect(world.endpoint.presented).toHaveLength(calls);
  });

  it('does not spend a token when what is left of the invocation does not cover the call and the commit', async () => {
    const world = await connectedWorld();
    const result = await createRefresh(world.dependenciesOf())('c1', { remainingMs: () => 22_999 });
    expect(result.outcome).toBe('deadline');
    expect(itemOf(world).attempts).toEqual([]);
  });

  it('P01: gives the lease back when time ran out between it and the call', async () => {
    const world = await connectedWorld();
    let asked = 0;
    const result = await createRefresh(world.dependenciesOf())('c1', {
      remainingMs: () => (++asked > 1 ? 1000 : 55_000),
    });
    expect(result.outcome).toBe('deadline');
    expect(itemOf(world)).toMatchObject({ attempts: [] });
    expect(itemOf(world).lease).toBeUndefined();
    expect(world.endpoint.presented).toHaveLength(0);
  });

  it('S80–S83, R36: a swapped token does not open, is not repaired, and waits', async () => {
    const world = await connectedWorld();
    const other = await world.addConnected('c2');
    world.connections.items.set('c1', { ...itemOf(world), ...(other.refresh && { refresh: other.refresh }) });
    await expect(refreshOnce(world)).rejects.toThrow(/does not open/);
    expect(itemOf(world)).toMatchObject({ failures: 1, lastError: { code: 'SEAL_BROKEN' }, attempts: [] });
    expect(world.endpoint.presented).toHaveLength(0);
    expect(world.metered).toContainEqual({ name: 'SealBroken', value: 1, provider: 'acme' });
  });

  it('S82: an item restored from a backup is suspect until a person decides; its token is not presented', async () => {
    const world = await connectedWorld();
    const backup = itemOf(world);
    await refreshOnce(world);
    world.connections.items.set('c1', backup);
    expect((await refreshOnce(world)).outcome).toBe('suspect');
    expect(world.endpoint.presented).toHaveLength(1);
    expect(itemOf(world)).toMatchObject({ health: 'suspect' });
    expect(itemOf(world).nextRefreshAt).toBeUndefined();
    expect(world.connections.outbox.at(-1)?.event.data).toMatchObject({
      cause: 'restored',
      command: 'steward connect c1',
    });
    world.connections.items.set('c1', { ...itemOf(world), nextRefreshAt: world.clock.now() });
    expect((await refreshOnce(world)).outcome).toBe('suspect');
    expect(world.eventTypes()).toEqual(['suspect']);
  });

  it('S75: another api_endpoint among the provider’s hosts is stored, and its change announced', async () => {
    const world = await connectedWorld();
    world.endpoint.extra = { api_endpoint: 'https://eu.acme.example/api/' };
    await refreshOnce(world);
    expect(itemOf(world).apiEndpoint).toBe('https://eu.acme.example/api/');
    expect(world.eventTypes()).toEqual([]);
    world.endpoint.extra = { api_endpoint: 'https://us.acme.example/api/' };
    for (let round = 0; round < 3; round += 1) {
      world.clock.advance(HOUR_MS);
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
    }
    expect(itemOf(world).apiEndpoint).toBe('https://us.acme.example/api/');
    expect(world.eventTypes()).toEqual(['endpoint-changed']);
    expect(world.connections.outbox.at(-1)?.event.data).toMatchObject({
      from: 'https://eu.acme.example/api/',
      to: 'https://us.acme.example/api/',
    });
  });

  it('S73, S75: an api_endpoint elsewhere costs no grant: the tokens are stored, the old address stays, one event', async () => {
    const world = await connectedWorld();
    world.endpoint.extra = { api_endpoint: 'https://eu.acme.example/api/' };
    await refreshOnce(world);
    world.endpoint.extra = { api_endpoint: 'http://169.254.169.254/latest' };
    for (let round = 0; round < 5; round += 1) {
      world.clock.advance(HOUR_MS);
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
    }
    expect(itemOf(world)).toMatchObject({
      health: 'connected',
      generation: 7,
      apiEndpoint: 'https://eu.acme.example/api/',
      lastError: { code: 'REPLY_REFUSED' },
    });
    expect(world.eventTypes()).toEqual(['reply-refused']);
    expect(world.connections.outbox.at(-1)?.event.data).toMatchObject({ members: ['api-endpoint'] });
    expect(world.lines.filter(({ event }) => event === 'reply.refused')).toHaveLength(5);
    expect(world.sinks()).not.toContain('169.254');

    world.endpoint.extra = {};
    world.clock.advance(HOUR_MS);
    await refreshOnce(world);
    expect(itemOf(world).lastError).toBeUndefined();
  });

  it.each([['a\r\nx: y'], ['ä'], ['x'.repeat(50_000)], [''], [7]])(
    'S37: an access token that a header cannot carry is not stored (%#), and costs no grant',
    async (token) => {
      const world = await connectedWorld();
      world.endpoint.extra = { access_token: token };
      await refreshOnce(world);
      const { access, nextRefreshAt, fingerprint } = itemOf(world);
      expect(itemOf(world)).toMatchObject({ generation: 2, health: 'suspect', failures: 1, attempts: [] });
      expect(fingerprint).toBe(tokenFingerprint(world.endpoint.liveToken('c1') ?? ''));
      expect(access?.expiresAt).toEqual(world.clock.now());
      expect(nextRefreshAt?.getTime()).toBeGreaterThanOrEqual(world.clock.now().getTime() + MINUTE_MS);
      await world.connections.reject('c1', 2);
      expect((await refreshOnce(world)).outcome).toBe('not-due');

      world.endpoint.extra = {};
      world.clock.advance(2 * MINUTE_MS);
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
      expect(itemOf(world)).toMatchObject({ generation: 3, health: 'connected', failures: 0 });
      expect(itemOf(world).lastError).toBeUndefined();
      expect(world.eventTypes()).toEqual(['reply-refused', 'restored']);
    },
  );

  it('S37: a refresh token that could be none is not stored', async () => {
    for (const token of ['a\r\nx: y', 'ä', '']) {
      const world = await connectedWorld();
      world.endpoint.extra = { refresh_token: token };
      expect((await refreshOnce(world)).outcome).toBe('ambiguous');
      expect(itemOf(world).generation).toBe(1);
    }
  });

  it.each([
    ['S35', { expires_in: 0 }, 900],
    ['S35', { expires_in: 40_000_000 }, 900],
    ['S35', { expires_in: 'soon' }, 900],
    ['S38', { scope: 'a "b"' }, 3600],
    ['S75', { orgkey: 'x'.repeat(300) }, 3600],
  ])('%s: a refresh that answers %j costs no grant: its tokens are stored, one event', async (_id, extra, seconds) => {
    const world = await connectedWorld();
    world.endpoint.extra = extra;
    for (let round = 0; round < 3; round += 1) {
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
      world.clock.advance(HOUR_MS);
    }
    const { access, lastError } = itemOf(world);
    expect(itemOf(world)).toMatchObject({ generation: 4, health: 'connected', failures: 0, providerAccount: 'c1' });
    expect((access?.expiresAt.getTime() ?? 0) - (access?.issuedAt.getTime() ?? 0)).toBe(seconds * 1000);
    expect(lastError?.code).toBe('REPLY_REFUSED');
    expect(world.eventTypes().filter((type) => type === 'reply-refused')).toHaveLength(1);
    expect(new Set(world.endpoint.presented).size).toBe(3);
  });

  it('S34: what a provider’s folder does not understand, or chokes on, costs no grant either', async () => {
    for (const failure of [new ProviderResponseInvalidError('token_type'), new TypeError('a bug')]) {
      const acme = tokenProvider('acme');
      const reply = () => {
        throw failure;
      };
      const world = createTokenWorld({ providers: [{ ...acme, token: { ...acme.token, reply } }] });
      await world.addConnected('c1');
      expect((await refreshOnce(world)).outcome).toBe('refreshed');
      expect(itemOf(world)).toMatchObject({ generation: 2, health: 'connected' });
    }
  });

  it('stores what it bought although the schedule of a job cannot be read here', async () => {
    const world = createTokenWorld();
    await world.addConnected('c1', { demand: [{ cron: '0 6 * * *', zone: 'Mars/Olympus' }] });
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(itemOf(world).nextRefreshAt?.getTime()).toBeLessThan(itemOf(world).access?.expiresAt.getTime() ?? 0);
  });

  it('stores what it bought although what is to be told of it fails', async () => {
    const world = await connectedWorld();
    world.endpoint.extra = { api_endpoint: 'http://169.254.169.254/' };
    const events = () => {
      throw new TypeError('a bug');
    };
    const refresh = createRefresh(world.dependenciesOf(undefined, { events }));
    expect((await refresh('c1', world.deadline())).outcome).toBe('refreshed');
    expect(itemOf(world).generation).toBe(2);
  });
});

describe('invalid_grant', () => {
  it('is final when nobody else can hold the successor, and says so once with the command', async () => {
    const world = await connectedWorld();
    world.endpoint.revoke('c1');
    const result = await refreshOnce(world);
    expect(await result.decide?.(false)).toBe('reauthorization-required');
    expect(itemOf(world)).toMatchObject({ health: 'reauthorization-required', attempts: [] });
    expect(itemOf(world).nextRefreshAt).toBeUndefined();
    expect(world.eventTypes()).toEqual(['reauthorization-required']);
    expect(world.connections.outbox[0]?.event).toMatchObject({
      data: { cause: 'refused', command: 'steward connect c1' },
      severity: 'critical',
    });
    world.clock.advance(DAY_MS);
    expect((await refreshOnce(world)).outcome).toBe('not-due');
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('I3: is written down although the table refuses at first, and not asked for again', async () => {
    const world = await connectedWorld();
    world.endpoint.revoke('c1');
    const { change, find } = world.connections;
    let refusals = 0;
    const conflict = async () => {
      refusals += 1;
      throw new StoreUnavailableError('TransactionConflictException');
    };
    const isAsked = () => world.endpoint.presented.length > 0;
    world.connections.find = async (name) => (isAsked() && refusals < 2 ? conflict() : find(name));
    world.connections.change = async (...given) => (refusals < 5 ? conflict() : change(...given));
    const result = await refreshOnce(world);
    expect(await result.decide?.(false)).toBe('reauthorization-required');
    expect(refusals).toBe(5);
    expect(itemOf(world)).toMatchObject({ health: 'reauthorization-required', attempts: [] });
    expect(world.connections.outbox[0]?.event.data).toMatchObject({ cause: 'refused' });
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('is a success when the stored token changed meanwhile', async () => {
    const world = await connectedWorld();
    world.endpoint.revoke('c1');
    world.endpoint.during = async () => {
      world.connections.items.set('c1', { ...itemOf(world), fingerprint: 'newer', generation: 2 });
    };
    expect(await refreshOnce(world)).toMatchObject({ outcome: 'superseded' });
    expect(itemOf(world).health).toBe('connected');
    expect(world.connections.outbox).toEqual([]);
  });

  it('is suspect while a younger attempt is open, looked at again after its lease, and not presented again', async () => {
    const world = await connectedWorld();
    world.endpoint.revoke('c1');
    world.endpoint.during = async () => {
      const rival = {
        id: 'rival',
        fingerprint: itemOf(world).fingerprint ?? '',
        startedAt: world.clock.now(),
        kind: 'refresh' as const,
      };
      world.connections.items.set('c1', { ...itemOf(world), attempts: [...itemOf(world).attempts, rival] });
    };
    expect((await refreshOnce(world)).outcome).toBe('suspect');
    expect(itemOf(world)).toMatchObject({ health: 'suspect' });
    expect(itemOf(world).nextRefreshAt).toEqual(new Date(world.clock.now().getTime() + LEASE_MS));
    world.clock.advance(LEASE_MS);
    world.endpoint.during = undefined;
    const again = await refreshOnce(world);
    expect(again).toMatchObject({ outcome: 'reauthorization-required' });
    expect(again.word).toBeUndefined();
    expect(await again.decide?.(false)).toBe('reauthorization-required');
    expect(world.endpoint.presented).toHaveLength(1);
    expect(world.eventTypes()).toEqual(['suspect', 'reauthorization-required']);
    expect(world.connections.outbox[1]?.event.data).toMatchObject({ cause: 'ambiguous' });
  });

  it('clears suspect when the rival’s tokens turn up in the rescue bucket', async () => {
    const world = await connectedWorld();
    const commit = world.connections.commit;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    await refreshOnce(world); // the rival: bought, spilled, dead
    world.connections.commit = commit;
    world.connections.items.set('c1', {
      ...itemOf(world),
      health: 'suspect',
      refusedFingerprint: itemOf(world).fingerprint ?? '',
    });
    world.clock.advance(LEASE_MS);
    expect((await refreshOnce(world)).outcome).toBe('merged');
    expect(itemOf(world)).toMatchObject({ health: 'connected', generation: 2 });
    expect(itemOf(world).refusedFingerprint).toBeUndefined();
    expect(world.endpoint.presented).toHaveLength(1);
  });

  /** A refresh that was bought and spilled, and the item as a backup from before has it: no attempt says so. */
  async function restoredAfterSpill() {
    const world = await connectedWorld();
    const backup = itemOf(world);
    const { commit } = world.connections;
    world.connections.commit = async () => {
      throw new StoreUnavailableError('down');
    };
    expect((await refreshOnce(world)).outcome).toBe('spilled');
    world.connections.commit = commit;
    world.connections.items.set('c1', backup);
    world.clock.advance(LEASE_MS);
    return world;
  }

  it('I5: looks into the rescue bucket before a person is asked, for an item out of a backup', async () => {
    const world = await restoredAfterSpill();
    const result = await refreshOnce(world);
    expect(result).toMatchObject({ outcome: 'reauthorization-required', word: { kind: 'refused' } });
    expect(await result.decide?.(false)).toBe('merged');
    expect(itemOf(world)).toMatchObject({ health: 'connected', generation: 2, attempts: [] });
    expect(itemOf(world).fingerprint).toBe(tokenFingerprint(world.endpoint.liveToken('c1') ?? ''));
    expect(world.eventTypes()).toEqual(['restored']);
    expect(world.rescued.size).toBe(0);
  });

  it('I5: presents nothing again while the rescue bucket cannot be read, and asks nobody', async () => {
    const world = await restoredAfterSpill();
    const { find } = world.rescue;
    let asked = 0;
    world.rescue.find = async () => {
      asked += 1;
      throw new StoreUnavailableError('down');
    };
    const why = 'the rescue bucket could not be asked for its successor';
    expect(await (await refreshOnce(world)).decide?.(false)).toBe('suspect');
    expect(asked).toBe(1);
    expect(itemOf(world)).toMatchObject({
      health: 'suspect',
      attempts: [],
      lastError: { code: 'GRANT_REJECTED', message: `The refresh token was refused; ${why}` },
      nextRefreshAt: new Date(world.clock.now().getTime() + LEASE_MS),
    });
    world.clock.advance(LEASE_MS);
    expect(await (await refreshOnce(world)).decide?.(false)).toBe('failed');
    expect(itemOf(world)).toMatchObject({
      health: 'suspect',
      failures: 1,
      lastError: { code: 'STORE_UNAVAILABLE', message: `A token was refused, and ${why}` },
    });
    world.rescue.find = find;
    world.clock.advance(HOUR_MS);
    expect(await (await refreshOnce(world)).decide?.(false)).toBe('merged');
    expect(itemOf(world)).toMatchObject({ health: 'connected', generation: 2 });
    expect(world.endpoint.presented).toHaveLength(2);
    expect(world.eventTypes()).toEqual(['suspect', 'restored']);
    expect(world.lines.filter(({ event }) => event === 'rescue.unread')).toMatchObject([
      { level: 'warn', fields: { connection: 'c1', code: 'STORE_UNAVAILABLE' } },
      { level: 'warn' },
    ]);
  });

  it.each([
    ['another version wrote', (text: string) => JSON.stringify({ ...JSON.parse(text), schema: 2 }), 'CONFIG_INVALID'],
    ['is no JSON', () => '{', 'CONFIG_INVALID'],
    ['has no token', (text: string) => JSON.stringify({ ...JSON.parse(text), access: null }), 'CONFIG_INVALID'],
    [
      'does not open',
      (text: string) => {
        const set = JSON.parse(text) as { access: object };
        const sealed = Buffer.alloc(80, 1).toString('base64');
        return JSON.stringify({ ...set, access: { ...set.access, sealed } });
      },
      'SEAL_BROKEN',
    ],
  ])('I5: asks a person where what lies in the bucket %s, and leaves it there', async (_what, spoil, code) => {
    const world = await restoredAfterSpill();
    for (const [key, text] of world.rescued) world.rescued.set(key, spoil(text));
    expect(await (await refreshOnce(world)).decide?.(false)).toBe('reauthorization-required');
    expect(world.connections.outbox.map(({ event }) => event.data)).toMatchObject([{ cause: 'refused' }]);
    expect(world.rescued.size).toBe(1);
    expect(world.lines).toContainEqual({
      level: 'error',
      event: 'rescue.unread',
      fields: { connection: 'c1', code },
    });
  });

  it('I5: takes a bug in the rescue for no verdict', async () => {
    const world = await restoredAfterSpill();
    world.rescue.find = async () => {
      throw new TypeError('a bug');
    };
    await expect((await refreshOnce(world)).decide?.(false)).rejects.toThrow(TypeError);
    expect(itemOf(world).health).toBe('connected');
  });
});

describe('a rejected access token', () => {
  it('is refreshed at once when it is the stored generation, and not when it is an older one', async () => {
    const world = await connectedWorld();
    await refreshOnce(world);
    world.clock.advance(30 * MINUTE_MS);
    await world.connections.reject('c1', 1);
    expect((await refreshOnce(world)).outcome).toBe('not-due');
    await world.connections.reject('c1', 2);
    expect((await refreshOnce(world)).outcome).toBe('refreshed');
    expect(itemOf(world)).toMatchObject({ generation: 3, rejections: 1 });
    expect(itemOf(world).rejectedGeneration).toBeUndefined();
  });

  it('that is fresh and rejected too means access denied: one event, a wait, no loop', async () => {
    const world = await connectedWorld();
    await refreshOnce(world);
    for (let round = 0; round < 10; round += 1) {
      await world.connections.reject('c1', itemOf(world).generation);
      await refreshOnce(world);
      world.clock.advance(MINUTE_MS);
    }
    expect(itemOf(world).health).toBe('access-denied');
    expect(world.eventTypes()).toEqual(['access-denied']);
    expect(world.endpoint.presented.length).toBeLessThanOrEqual(4);
    world.clock.advance(DAY_MS);
    await refreshOnce(world);
    expect(itemOf(world).health).toBe('connected');
    world.clock.advance(DAY_MS);
    await refreshOnce(world);
    expect(world.eventTypes()).toContain('restored');
  });

  it('R33: does not shorten the wait after a failure, however often pollers come by', async () => {
    const world = await connectedWorld();
    world.secrets.current = 'canary-wrong';
    for (let minute = 0; minute < 180; minute += 1) {
      await refreshOnce(world);
      world.clock.advance(MINUTE_MS);
      await world.connections.reject('c1', 1);
    }
    expect(world.endpoint.presented.length).toBeGreaterThan(5);
    expect(world.endpoint.presented.length).toBeLessThanOrEqual(20);
  });

  it('does not end the wait of a suspect token before the other attempt’s lease', async () => {
    const world = await connectedWorld();
    world.endpoint.revoke('c1');
    world.endpoint.during = async () => {
      const { fingerprint = '', attempts } = itemOf(world);
      const rival = { id: 'rival', fingerprint, startedAt: world.clock.now(), kind: 'refresh' as const };
      world.connections.items.set('c1', { ...itemOf(world), rejectedGeneration: 1, attempts: [...attempts, rival] });
    };
    expect((await refreshOnce(world)).outcome).toBe('suspect');
    expect(itemOf(world).rejectedGeneration).toBeUndefined();
    await world.connections.reject('c1', 1);
    expect((await refreshOnce(world)).outcome).toBe('not-due');
    expect(itemOf(world)).toMatchObject({ health: 'suspect' });
    world.clock.advance(LEASE_MS);
    expect((await refreshOnce(world)).outcome).toBe('reauthorization-required');
  });

  it('that has run out is no sign of denied access', async () => {
    const world = await connectedWorld();
    world.endpoint.expiresIn = 20;
    for (let round = 0; round < 5; round += 1) {
      await refreshOnce(world);
      world.clock.advance(21_000);
      await world.connections.reject('c1', itemOf(world).generation);
    }
    expect(itemOf(world).health).toBe('connected');
    expect(world.endpoint.presented).toHaveLength(5);
  });
});

describe('client credentials', () => {
  it('take the same road: generation, fingerprint of the generation, no refresh token', async () => {
    const world = createTokenWorld();
    await world.addClient('o1');
    expect((await refreshOnce(world, 'o1')).outcome).toBe('refreshed');
    const first = itemOf(world, 'o1');
    expect(first).toMatchObject({ generation: 1, health: 'connected' });
    expect(first.refresh).toBeUndefined();
    world.clock.advance(HOUR_MS);
    expect((await refreshOnce(world, 'o1')).outcome).toBe('refreshed');
    expect(itemOf(world, 'o1').fingerprint).not.toBe(first.fingerprint);
  });

  it('with the same token and less life again are asked when it is over, not before', async () => {
    const world = createTokenWorld();
    await world.addClient('o1');
    await refreshOnce(world, 'o1');
    const end = itemOf(world, 'o1').access?.expiresAt.getTime() ?? 0;
    for (let asked = 0; asked < 20; asked += 1) {
      world.clock.advance(MINUTE_MS * 5);
      if (world.clock.now().getTime() >= end) break;
      world.endpoint.expiresIn = (end - world.clock.now().getTime()) / 1000;
      world.endpoint.extra = { access_token: 'canary-access-same' };
      await refreshOnce(world, 'o1');
    }
    expect(world.endpoint.presented).toHaveLength(2);
    expect(itemOf(world, 'o1').nextRefreshAt?.getTime()).toBe(end + 1000);
  });

  it('draw on the token lane where the provider counts token calls, and wait when it is used up', async () => {
    const counted = tokenProvider('ops', {
      grant: 'client-credentials',
      tokenBudget: 'default',
      budgets: { default: { perMinute: 30 } },
    });
    const world = createTokenWorld({ providers: [counted] });
    await world.addClient('o1');
    world.budget.grants = false;
    expect((await refreshOnce(world, 'o1')).outcome).toBe('postponed');
    expect(world.endpoint.presented).toHaveLength(0);
    world.budget.grants = true;
    world.clock.advance(MINUTE_MS);
    expect((await refreshOnce(world, 'o1')).outcome).toBe('refreshed');
    expect(world.draws).toEqual(['default', 'default']);
  });
});

describe('a second call with another secret', () => {
  it('S88: is drawn from the budget like the first, and not made when that is used up', async () => {
    const counted = tokenProvider('acme', { tokenBudget: 'default', budgets: { default: { perMinute: 30 } } });
    const world = createTokenWorld({ providers: [counted] });
    await world.addConnected('c1');
    Object.assign(world.secrets, { cached: 'canary-old', current: 'canary-secret' });
    world.endpoint.during = async () => void (world.budget.grants = false);
    expect(await refreshOnce(world)).toMatchObject({ outcome: 'failed', code: 'CLIENT_REJECTED' });
    expect(world.draws).toHaveLength(2);
    expect(world.endpoint.presented).toHaveLength(1);
  });
});

describe('warnings', () => {
  it('I10: come at 7, 3 and 1 days before the assumed end, once each', async () => {
    const world = await connectedWorld();
    world.endpoint.outage = 503;
    for (let hour = 0; hour < 21 * 24; hour += 1) {
      world.clock.advance(HOUR_MS);
      await refreshOnce(world);
    }
    const warnings = world.connections.outbox.filter(({ event }) => event.type.endsWith('expiring'));
    expect(warnings.map(({ event }) => event.data.daysLeft)).toEqual([7, 3, 1]);
    expect(new Set(warnings.map(({ event }) => event.id)).size).toBe(3);
    expect(itemOf(world).health).toBe('connected');
  });

  it('R30, I7: a quarter of an hour after 20 days without the provider everything is restored', async () => {
    const world = await connectedWorld();
    world.endpoint.outage = 'lost-request';
    for (let hour = 0; hour < 20 * 24; hour += 1) {
      world.clock.advance(HOUR_MS);
      await refreshOnce(world);
    }
    world.endpoint.outage = undefined;
    for (let minute = 0; minute < 15; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await refreshOnce(world);
    }
    expect(itemOf(world)).toMatchObject({ health: 'connected', failures: 0, generation: 2, warnedDays: [] });
    expect(itemOf(world).attempts.length).toBe(0);
  });
});
