import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { LEASE_MS, SPEND_BUDGET_MS } from '../../../../functions/core/tokens/timing.ts';
import { tokenProvider } from '../../../support/token-provider.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const PATIENT = { remainingMs: () => 55_000 };

async function worldOf(change: Partial<Connection> = {}) {
  const world = createTokenWorld();
  await world.addConnected('c1', change);
  return world;
}
async function clientWorld() {
  const world = createTokenWorld();
  await world.addClient('o1');
  return world;
}
const itemOf = (world: TokenWorld, name = 'c1') => world.connections.items.get(name) as Connection;
const patch = (world: TokenWorld, change: Partial<Connection>, name = 'c1') =>
  void world.connections.items.set(name, { ...itemOf(world, name), ...change });
const refresh = (world: TokenWorld, name = 'c1') => createRefresh(world.dependenciesOf())(name, world.deadline());
const told = (world: TokenWorld) => world.connections.outbox.map(({ event }) => event);
const inMs = (world: TokenWorld, ms: number) => new Date(world.clock.now().getTime() + ms);
const authorization = (id: string, fingerprint = id) =>
  ({ id, kind: 'authorization', fingerprint, startedAt: new Date('2026-01-01T00:00:00Z') }) as const;

describe('the word on an endpoint', () => {
  const answered = { kind: 'answered' };
  const unavailable = { kind: 'unavailable' };

  it.each([
    ['tokens', {}, { outcome: 'refreshed', word: { kind: 'granted' } }],
    [
      '429',
      { outage: 429, retryAfter: '7' },
      { outcome: 'failed', word: { kind: 'rate-limited', retryAfterMs: 7000 } },
    ],
    ['503', { outage: 503 }, { outcome: 'failed', word: unavailable, code: 'PROVIDER_UNAVAILABLE' }],
    ['no connection', { outage: 'refused-connection' }, { outcome: 'failed', word: unavailable }],
    [
      'a lost reply',
      { outage: 'lost-reply' },
      { outcome: 'ambiguous', word: unavailable, code: 'PROVIDER_UNAVAILABLE' },
    ],
    ['404', { outage: 404 }, { outcome: 'failed', word: answered, code: 'PROVIDER_RESPONSE_INVALID' }],
    ['another client', { clientSecrets: new Set() }, { outcome: 'failed', word: answered, code: 'CLIENT_REJECTED' }],
    [
      'a refusal',
      { refusesAll: true },
      { outcome: 'reauthorization-required', word: { kind: 'refused' }, code: 'GRANT_REJECTED' },
    ],
  ])('is what came of the call: %s', async (_what, weather, { word, ...result }) => {
    const world = await worldOf();
    Object.assign(world.endpoint, weather);
    const found = await refresh(world);
    expect(found).toMatchObject(result);
    expect(found.word).toStrictEqual(word);
  });

  it('S82: is preceded by a line that a refresh token is presented, which a restore asks for', async () => {
    const world = await worldOf();
    const lines = ({ lines: all }: TokenWorld) => all.filter(({ event }) => event === 'token.presented');
    let before: number | undefined;
    world.endpoint.during = async () => void (before ??= lines(world).length);
    await refresh(world);
    expect([before, lines(world)]).toMatchObject([1, [{ fields: { connection: 'c1', provider: 'acme' } }]]);
    const client = await clientWorld();
    await refresh(client, 'o1');
    expect(lines(client)).toEqual([]);
  });

  it('is neither a grant nor a refusal where somebody else may have spent the token', async () => {
    for (const [outcome, change] of [
      ['superseded', { fingerprint: 'newer', generation: 2 }],
      ['suspect', { attempts: [{ ...authorization('rival'), startedAt: new Date('2999-01-01T00:00:00Z') }] }],
    ] as const) {
      const world = await worldOf();
      world.endpoint.refusesAll = true;
      world.endpoint.during = async () => patch(world, change);
      expect(await refresh(world)).toMatchObject({ outcome, word: answered, code: 'GRANT_REJECTED' });
    }
  });

  it.each([
    ['a lost reply', { outage: 'lost-reply' }, { outcome: 'failed', word: unavailable }],
    ['a refusal', { refusesAll: true }, { outcome: 'failed', word: answered, code: 'GRANT_REJECTED' }],
  ])('is a failure where there is no token to lose: %s', async (_what, weather, result) => {
    const world = await clientWorld();
    Object.assign(world.endpoint, weather);
    expect(await refresh(world, 'o1')).toMatchObject(result);
    expect(itemOf(world, 'o1')).toMatchObject({ health: 'pending', failures: 1, attempts: [] });
  });

  it('R33: is measured, by provider, where our client was refused, and nowhere else', async () => {
    const world = await worldOf();
    await refresh(world);
    expect(world.metered).toContainEqual({ name: 'TokenRefreshed', value: 1, provider: 'acme' });
    const refused = (of: TokenWorld) => of.metered.filter(({ name }) => name === 'ClientRejected');
    world.clock.advance(HOUR_MS);
    world.endpoint.outage = 404;
    await refresh(world);
    expect(refused(world)).toEqual([]);
    const other = await worldOf();
    other.endpoint.clientSecrets.clear();
    await refresh(other);
    expect(refused(other)).toEqual([{ name: 'ClientRejected', value: 1, provider: 'acme' }]);
  });
});

describe('a second call with another secret', () => {
  const drawn = async (failure: Error) => {
    const counted = tokenProvider('acme', { tokenBudget: 'default', budgets: { default: { perMinute: 30 } } });
    const world = createTokenWorld({ providers: [counted] });
    await world.addConnected('c1');
    Object.assign(world.secrets, { cached: 'canary-old', current: 'canary-secret' });
    let draws = 0;
    const draw = async () => {
      draws += 1;
      if (draws > 1) throw failure;
      return { granted: true } as const;
    };
    const budgets = { draw, block: async () => undefined };
    return { world, refresh: createRefresh(world.dependenciesOf(undefined, { budgets })) };
  };

  it('S88: is not made where the budget gives no answer', async () => {
    const { world, refresh: once } = await drawn(new StoreUnavailableError('down'));
    expect(await once('c1', world.deadline())).toMatchObject({ outcome: 'failed', code: 'CLIENT_REJECTED' });
    expect(world.endpoint.presented).toHaveLength(1);
  });

  it('S88: a bug in between is not hidden', async () => {
    const { world, refresh: once } = await drawn(new TypeError('a bug'));
    await expect(once('c1', world.deadline())).rejects.toThrow(TypeError);
  });
});

describe('what is left of the invocation', () => {
  const within = async (remainingMs: number, world: TokenWorld, name: string) => {
    let asked = 0;
    return createRefresh(world.dependenciesOf())(name, { remainingMs: () => (++asked > 1 ? remainingMs : 55_000) });
  };

  it.each([
    [SPEND_BUDGET_MS, 'refreshed', 1],
    [SPEND_BUDGET_MS - 1, 'deadline', 0],
  ])('P01: %i ms after the lease: %s, with a grant or a secret', async (left, outcome, calls) => {
    for (const [world, name] of [
      [await worldOf(), 'c1'],
      [await clientWorld(), 'o1'],
    ] as const) {
      expect((await within(left, world, name)).outcome).toBe(outcome);
      expect(world.endpoint.presented).toHaveLength(calls);
      expect(itemOf(world, name)).toMatchObject({ attempts: [], failures: 0 });
      expect(itemOf(world, name).lease).toBeUndefined();
    }
  });
});

describe('a lease that is over when the tokens come', () => {
  it.each([
    [LEASE_MS, 'other'],
    [LEASE_MS - 1, undefined],
  ])('R18: is not given back after %i ms: it may be another’s', async (tookMs, holder) => {
    const world = await worldOf();
    world.endpoint.during = async () => {
      world.clock.advance(tookMs);
      patch(world, { lease: { owner: 'other', attempt: 'other', until: inMs(world, LEASE_MS) } });
    };
    expect((await createRefresh(world.dependenciesOf())('c1', PATIENT)).outcome).toBe('refreshed');
    expect(itemOf(world).lease?.attempt).toBe(holder);
  });
});

describe('an authorization that left nothing', () => {
  it('R21: waits for a person again, as before it', async () => {
    const world = await worldOf({ health: 'reauthorization-required', attempts: [authorization('a')] });
    expect(await refresh(world)).toMatchObject({ outcome: 'not-due' });
    expect(itemOf(world)).toMatchObject({ health: 'reauthorization-required', attempts: [] });
    expect(itemOf(world).nextRefreshAt).toBeUndefined();
    expect(itemOf(world).lease).toBeUndefined();
    expect(world.endpoint.presented).toEqual([]);
  });

  it('S82: stays due where it came out of a backup, so that the next look says so', async () => {
    const world = await worldOf({ attempts: [authorization('a')] });
    world.connections.highWaters.set('c1', 9);
    const dueAt = itemOf(world).nextRefreshAt;
    expect(await refresh(world)).toMatchObject({ outcome: 'not-due' });
    expect(itemOf(world).nextRefreshAt).toEqual(dueAt);
    expect((await refresh(world)).outcome).toBe('suspect');
  });

  it('R13: is not written down by who holds the lease no more', async () => {
    const world = await worldOf({ health: 'reauthorization-required', attempts: [authorization('a')] });
    world.rescue.find = async () => {
      patch(world, { lease: { owner: 'other', attempt: 'other', until: inMs(world, LEASE_MS) } });
      return undefined;
    };
    await refresh(world);
    expect(itemOf(world).lease?.attempt).toBe('other');
    expect(itemOf(world).nextRefreshAt).toBeDefined();
  });
});

describe('an unforeseen failure before the call', () => {
  it('R36: is noted for people, and stops the invocation', async () => {
    const world = await worldOf();
    const redirectUri = () => {
      throw new TypeError('a bug');
    };
    const once = createRefresh(world.dependenciesOf(undefined, { redirectUri }));
    await expect(once('c1', world.deadline())).rejects.toThrow(TypeError);
    expect(itemOf(world)).toMatchObject({ failures: 1, attempts: [] });
    expect(itemOf(world).lastError).toMatchObject({
      code: 'UNFORESEEN',
      message: 'The refresh failed in a way that nobody foresaw',
    });
  });
});

describe('what a refresh tells', () => {
  it('is that a suspect connection works again, even one that was never due', async () => {
    const world = await worldOf({ health: 'suspect', rejectedGeneration: 1 });
    const { nextRefreshAt: _, ...item } = itemOf(world);
    world.connections.items.set('c1', item);
    await refresh(world);
    expect(told(world)).toMatchObject([{ type: 'steward.connection.restored', data: { was: 'suspect' } }]);
  });

  it('is nothing of the kind while it is suspect still', async () => {
    const world = await worldOf({ health: 'suspect' });
    world.endpoint.extra = { access_token: '' };
    await refresh(world);
    expect(itemOf(world).health).toBe('suspect');
    expect(world.eventTypes()).not.toContain('restored');
  });

  it.each([
    ['that access is given again, once nothing is rejected any more', { rejections: 2 }, ['restored']],
    ['nothing while it is rejected still', { rejections: 2, rejectedGeneration: 1 }, []],
    ['nothing while it is denied', { rejections: 2, health: 'access-denied' } as const, []],
    ['nothing where it never was denied', { rejections: 1 }, []],
    ['nothing where nothing was rejected', {}, []],
  ])('is %s', async (_what, change, types) => {
    const world = await worldOf(change);
    await refresh(world);
    expect(world.eventTypes()).toEqual(types);
    for (const { data } of told(world)) expect(data).toMatchObject({ was: 'access-denied' });
  });

  it('is a denial, although slow rejections came before it, and no end of one that never was', async () => {
    const world = await worldOf();
    await refresh(world);
    const reject = async (afterMs: number) => {
      world.clock.advance(afterMs);
      await world.connections.reject('c1', itemOf(world).generation);
      return (await refresh(world)).outcome;
    };
    for (let round = 0; round < 3; round += 1) expect(await reject(20 * MINUTE_MS)).toBe('refreshed');
    expect(world.eventTypes()).toEqual([]);
    expect(await reject(MINUTE_MS)).toBe('access-denied');
    expect(world.eventTypes()).toEqual(['access-denied']);

    const calm = await worldOf({ rejections: 1, rejectedGeneration: 1 });
    await refresh(calm);
    calm.clock.advance(HOUR_MS);
    await refresh(calm);
    expect(calm.eventTypes()).toEqual([]);
  });

  it.each([
    ['more than ten minutes late', { lateMs: 10 * MINUTE_MS + 1, failures: 0, ranOutMs: 1 }, ['refreshed-late']],
    ['ten minutes late', { lateMs: 10 * MINUTE_MS, failures: 0, ranOutMs: 1 }, []],
    ['after three failures', { lateMs: 0, failures: 3, ranOutMs: 1 }, ['refreshed-late']],
    ['after two failures', { lateMs: 0, failures: 2, ranOutMs: 1 }, []],
    ['before its token ran out', { lateMs: 20 * MINUTE_MS, failures: 9, ranOutMs: 0 }, []],
  ])('is a lateness %s: %j', async (_when, { lateMs, failures, ranOutMs }, types) => {
    const world = await worldOf({ failures });
    const { access } = itemOf(world);
    const expiresAt = inMs(world, -ranOutMs);
    patch(world, { nextRefreshAt: inMs(world, -lateMs), ...(access && { access: { ...access, expiresAt } }) });
    await refresh(world);
    expect(world.eventTypes()).toEqual(types);
    for (const { data } of told(world)) expect(data).toMatchObject({ ranOutAt: expiresAt.toISOString(), failures });
  });

  it('is what a first reply of a secret noted', async () => {
    const world = await clientWorld();
    world.endpoint.extra = { api_endpoint: 'http://169.254.169.254/' };
    await refresh(world, 'o1');
    expect(world.eventTypes('o1')).toEqual(['reply-refused']);
  });
});
