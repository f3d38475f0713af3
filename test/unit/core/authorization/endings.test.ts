import { describe, expect, it } from 'vitest';
import { page, type PageName } from '../../../../functions/core/authorization/pages.ts';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { COMMIT_BUDGET_MS, LEASE_MS, STORE_CALL_MS } from '../../../../functions/core/tokens/timing.ts';
import { Process } from '../../../support/faults.ts';
import { tokenProvider } from '../../../support/token-provider.ts';
import { createWebWorld, type WebWorld } from '../../../support/web-world.ts';

const EXCHANGE_MS = 12_000;

const bodyOf = (name: PageName) => page(name, 200).body;
const reasons = (world: WebWorld) => world.connections.outbox.map(({ event }) => event.data.reason);
const failures = (world: WebWorld) => world.metered.filter(({ name }) => name === 'AuthorizationFailed');
const down = async () => {
  throw new StoreUnavailableError('down');
};
const bug = async () => {
  throw new TypeError('a bug');
};

/** A callback with so much of Lambda's time left. */
const within = (world: WebWorld, { query, cookie }: { query: string; cookie: string }, remainingMs: number) =>
  world.ask({ path: '/callback/acme', rawQuery: query, cookies: [cookie] }, new Process(), remainingMs);

describe('an authorization that comes to nothing', () => {
  it.each([
    'invalid_request',
    'unauthorized_client',
    'unsupported_response_type',
    'invalid_scope',
    'server_error',
    'temporarily_unavailable',
  ])('S51: is told by the class %s, shown and counted', async (error) => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    const response = await world.callback(`error=${error}&state=${state}`, cookie);
    expect([response.status, response.body]).toEqual([502, bodyOf('provider-failed')]);
    expect(reasons(world)).toEqual([error]);
    expect(failures(world)).toEqual([{ name: 'AuthorizationFailed', value: 1, provider: 'acme' }]);
  });

  it('S24, S28, S30, S41, S47: says why', async () => {
    const endings: [string, number, unknown, number][] = [];
    const end = async (world: WebWorld, query: string, cookie: string) => {
      const { status, body } = await world.callback(query, cookie);
      const name = (['invalid', 'provider-silent', 'provider-failed'] as const).find((one) => bodyOf(one) === body);
      endings.push([name ?? body, status, reasons(world)[0], failures(world).length]);
    };
    const scenes: ((world: WebWorld) => string)[] = [
      () => '&iss=https://evil.example',
      () => '&error=access_denied',
      (world) => ((world.endpoint.refusesAll = true), ''),
      (world) => (world.endpoint.weather.push('lost-request'), ''),
      (world) => (world.endpoint.weather.push(500), ''),
    ];
    for (const scene of scenes) {
      const world = createWebWorld();
      const { query, cookie } = await world.begin();
      await end(world, query + scene(world), cookie);
    }
    expect(endings).toEqual([
      ['invalid', 400, 'issuer', 1],
      ['', 303, 'declined', 1],
      ['invalid', 400, 'code-refused', 1],
      ['provider-silent', 504, 'time-out', 1],
      ['provider-failed', 502, 'PROVIDER_UNAVAILABLE', 1],
    ]);
  });

  it('R16: is over when its connection is gone, disconnected, or of a provider that is no more', async () => {
    const scenes: ((world: WebWorld) => unknown)[] = [
      (world) => world.connections.items.delete('c1'),
      (world) => world.connections.disconnect('c1', [], world.clock.now()),
    ];
    for (const scene of scenes) {
      const world = createWebWorld();
      const { query, cookie } = await world.begin();
      await scene(world);
      const response = await world.callback(query, cookie);
      expect([response.status, response.body]).toEqual([400, bodyOf('invalid')]);
      expect(reasons(world).at(-1)).toBe('disconnected');
      expect(world.endpoint.presented).toEqual([]);
    }
  });

  it('R15: is asked for again while another holds the connection', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const item = world.connections.items.get('c1');
    if (item === undefined) throw new Error('no item');
    const lease = { owner: 'other', until: new Date(world.clock.now().getTime() + LEASE_MS) };
    world.connections.items.set('c1', { ...item, lease } as typeof item);
    const before = world.clock.now().getTime();
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/busy');
    expect(reasons(world)).toEqual(['busy']);
    expect(world.clock.now().getTime() - before).toBe(5000);
  });

  it.each([
    [20, 1, 0],
    [EXCHANGE_MS + COMMIT_BUDGET_MS + 199, 1, 0],
    [EXCHANGE_MS + COMMIT_BUDGET_MS + 200, 2, 200],
  ])('R15: waits for the other within its time: %i ms', async (remainingMs, looks, waited) => {
    const world = createWebWorld();
    const begun = await world.begin();
    let seen = 0;
    world.connections.lease = async () => {
      seen += 1;
      return undefined;
    };
    const before = world.clock.now().getTime();
    await within(world, begun, remainingMs);
    expect([seen, world.clock.now().getTime() - before]).toEqual([looks, waited]);
  });

  it('R16: waits for nobody when its connection is gone before it is leased', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.connections.highWater = async () => {
      world.connections.items.delete('c1');
      return 0;
    };
    const before = world.clock.now().getTime();
    await world.callback(query, cookie);
    expect(world.clock.now().getTime()).toBe(before);
    expect(world.endpoint.presented).toEqual([]);
  });

  it.each([
    ['nine tenths of its time', 10_800, 'lost-reply', 'provider-silent'],
    ['a moment less', 10_799, 'lost-reply', 'provider-failed'],
    ['a late answer', EXCHANGE_MS, 503, 'provider-failed'],
  ] as const)('S28, S30: calls a provider silent that did not answer in its time: %s', async (_, ms, weather, name) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    const { send } = world.endpoint;
    world.endpoint.weather.push(weather);
    world.endpoint.send = async (...given) => {
      world.clock.advance(ms);
      return send(...given);
    };
    expect((await world.callback(query, cookie)).body).toBe(bodyOf(name));
  });

  it.each([
    [EXCHANGE_MS + COMMIT_BUDGET_MS - 1, 504],
    [EXCHANGE_MS + COMMIT_BUDGET_MS, 303],
  ])('spends its code only with the time that exchange and commit take: %i ms', async (remainingMs, status) => {
    const world = createWebWorld();
    const begun = await world.begin();
    const response = await within(world, begun, remainingMs);
    expect(response.status).toBe(status);
    expect(world.endpoint.presented).toHaveLength(status === 303 ? 1 : 0);
    if (status === 303) return;
    expect(response.body).toBe(bodyOf('provider-silent'));
    expect(reasons(world)).toEqual(['deadline']);
    expect(world.connections.items.get('c1')?.lease).toBeUndefined();
  });

  it('gives the lease back to nobody but the one who holds it', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.endpoint.weather.push(500);
    const { change } = world.connections;
    const conditions: unknown[] = [];
    world.connections.change = (...given) => {
      conditions.push(given[1]);
      return change(...given);
    };
    await world.callback(query, cookie);
    expect(conditions).toEqual([{ attempt: expect.any(String) as string }]);
  });

  it('is our own failure, told by its code; what nobody knows stops the invocation', async () => {
    const ours = createWebWorld();
    const first = await ours.begin();
    ours.connections.highWater = down;
    const response = await ours.callback(first.query, first.cookie);
    expect([response.status, response.body]).toEqual([502, bodyOf('provider-failed')]);
    expect(reasons(ours)).toEqual(['STORE_UNAVAILABLE']);
    const broken = createWebWorld();
    const second = await broken.begin();
    broken.connections.highWater = bug;
    await expect(broken.callback(second.query, second.cookie)).rejects.toThrow(TypeError);
  });
});

describe('an authorization that succeeds', () => {
  it('is counted as one, and told once', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.counts();
    await world.callback(query, cookie);
    expect(world.metered.filter(({ name }) => name.startsWith('Auth'))).toEqual([
      { name: 'Authorized', value: 1, provider: 'acme' },
    ]);
    // Burn, two data keys, lease, commit, high water: how it ended is part of the commit, and is not noted once more.
    expect(world.counts()).toEqual({ calls: 1, reads: 6, writes: 6 });
    expect(world.eventTypes()).toEqual(['authorized']);
  });

  it('R21: is no failure when it was only received', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.connections.commit = down;
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/received');
    expect(world.eventTypes()).toEqual([]);
    expect(failures(world)).toEqual([]);
  });

  it('goes on from the generation that was ever reached', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.connections.highWaters.set('c1', 7);
    await world.callback(query, cookie);
    expect(world.connections.items.get('c1')?.generation).toBe(8);
  });

  it.each([
    [LEASE_MS - 1, true],
    [LEASE_MS, false],
  ])('R15: gives its own lease back after %i ms: %s', async (ms, releases) => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.endpoint.during = async () => world.clock.advance(ms);
    const { commit } = world.connections;
    const seen: boolean[] = [];
    world.connections.commit = (request, ...rest) => {
      seen.push(request.releasesLease);
      return commit(request, ...rest);
    };
    await within(world, { query, cookie }, 200_000);
    expect(seen).toEqual([releases]);
  });

  it('R15: is sealed anew at most four times while others commit, and stops when its attempt was settled', async () => {
    const world = createWebWorld();
    const begun = await world.begin();
    const rounds: number[] = [];
    world.connections.commit = async (request) => {
      rounds.push(request.generation);
      const item = world.connections.items.get('c1');
      if (item !== undefined) world.connections.items.set('c1', { ...item, generation: item.generation + 1 });
      return { kind: 'conflict' } as never;
    };
    const response = await within(world, begun, 29_000);
    expect([response.status, response.body]).toEqual([400, bodyOf('invalid')]);
    expect(rounds).toEqual([1, 2, 3, 4]);
    expect(reasons(world)).toEqual(['disconnected']);

    const settled = createWebWorld();
    const other = await settled.begin();
    let commits = 0;
    settled.connections.commit = async () => {
      commits += 1;
      const item = settled.connections.items.get('c1');
      const attempts = [{ ...item?.attempts[0], id: 'another' }];
      if (item !== undefined) settled.connections.items.set('c1', { ...item, attempts } as typeof item);
      return { kind: 'conflict' } as never;
    };
    expect((await within(settled, other, 29_000)).status).toBe(400);
    expect(commits).toBe(1);
    const gone = createWebWorld();
    const third = await gone.begin();
    gone.connections.commit = async () => {
      gone.connections.items.delete('c1');
      return { kind: 'conflict' } as never;
    };
    expect((await within(gone, third, 29_000)).status).toBe(400);
    expect(gone.announced).toEqual([]);
  });

  it('stops the invocation when a read after the exchange fails for what nobody knows', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.connections.commit = async () => {
      // Not the read that finds its publisher at the very end, which fails for such a thing by itself.
      world.connections.highWater = bug;
      return { kind: 'conflict' } as never;
    };
    await expect(world.callback(query, cookie)).rejects.toThrow(TypeError);
  });

  it('takes an account where none was known, and any where none is told', async () => {
    const acme = tokenProvider('acme');
    const reply: typeof acme.token.reply = (response, settings) => {
      const { account: _, ...rest } = acme.token.reply(response, settings);
      return rest;
    };
    const world = createWebWorld({ providers: [{ ...acme, token: { ...acme.token, reply } }] });
    await world.addConnected('c1');
    const { query, cookie } = await world.begin();
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
  });

  it('is possible on a connection whose access is denied', async () => {
    const world = createWebWorld();
    await world.addConnected('c1', { health: 'access-denied' });
    const { query, cookie } = await world.begin();
    expect((await world.callback(query, cookie)).headers.location).toBe('/outcome/connected');
    expect(world.eventTypes()).toEqual(['authorized', 'restored']);
  });
});

describe('what is noted after the end', () => {
  it.each([
    [STORE_CALL_MS, 1],
    [STORE_CALL_MS - 1, 0],
  ])('takes the time of one call of the table: %i ms left, noted %i times', async (left, notes) => {
    const world = createWebWorld();
    const begun = await world.begin();
    let finished = 0;
    world.authorizations.finish = async () => void (finished += 1);
    world.connections.commit = async () => {
      world.clock.advance(29_000 - left);
      return down();
    };
    await within(world, begun, 29_000);
    expect(finished).toBe(notes);
  });

  it('stops the invocation for what nobody knows', async () => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    world.authorizations.finish = bug;
    await expect(world.callback(`error=x&state=${state}`, cookie)).rejects.toThrow(TypeError);
  });

  it('wakes nobody for a connection that is gone', async () => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    world.connections.items.delete('c1');
    expect((await world.callback(`error=x&state=${state}`, cookie)).status).toBe(502);
    expect(world.announced).toEqual([]);
  });
});

describe('a state', () => {
  it('S08: is over at its very end, without a write', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.clock.advance(600_000);
    world.counts();
    const response = await world.callback(query, cookie);
    expect([response.status, response.body]).toEqual([400, bodyOf('invalid')]);
    expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
    const just = createWebWorld();
    const begun = await just.begin();
    just.clock.advance(599_999);
    expect((await just.callback(begun.query, begun.cookie)).status).toBe(303);
  });

  it('S03, S06: that is burnt is not written to, and shows nothing of a failure again', async () => {
    const world = createWebWorld();
    const { state, cookie } = await world.begin();
    await world.callback(`error=x&state=${state}`, cookie);
    world.counts();
    const stranger = await world.callback(`error=x&state=${state}`, cookie.replace(/=.*/, `=${'A'.repeat(43)}`));
    expect(world.counts()).toEqual({ calls: 0, reads: 1, writes: 0 });
    const again = await world.callback(`error=x&state=${state}`, cookie);
    for (const response of [stranger, again]) {
      expect([response.status, response.body]).toEqual([400, bodyOf('invalid')]);
    }
  });

  it('S07: that another callback burns meanwhile is over', async () => {
    const world = createWebWorld();
    const { query, cookie } = await world.begin();
    world.authorizations.burn = async () => false;
    const response = await world.callback(query, cookie);
    expect([response.status, response.body]).toEqual([400, bodyOf('invalid')]);
  });
});

describe('a link', () => {
  it('is over after its use, and when its connection is gone, another’s, disconnected or needs nobody', async () => {
    const scenes: ((world: WebWorld) => unknown)[] = [
      (world) => world.connections.items.delete('c1'),
      (world) => world.connections.disconnect('c1', [], world.clock.now()),
      (world) => {
        const item = world.connections.items.get('c1');
        if (item !== undefined) world.connections.items.set('c1', { ...item, provider: 'other' });
      },
      (world) => {
        for (const [hash, ticket] of world.authorizations.tickets) {
          world.authorizations.tickets.set(hash, { ...ticket, provider: 'ops' });
          const item = world.connections.items.get('c1');
          if (item !== undefined) world.connections.items.set('c1', { ...item, provider: 'ops' });
        }
      },
      (world) => {
        for (const [hash, ticket] of world.authorizations.tickets) {
          world.authorizations.tickets.set(hash, { ...ticket, provider: 'gone' });
          const item = world.connections.items.get('c1');
          if (item !== undefined) world.connections.items.set('c1', { ...item, provider: 'gone' });
        }
      },
      (world) => {
        for (const [hash, ticket] of world.authorizations.tickets) {
          world.authorizations.tickets.set(hash, { ...ticket, consumedAt: world.clock.now() });
        }
      },
    ];
    for (const scene of scenes) {
      const world = createWebWorld();
      const path = await world.invite('c1');
      await scene(world);
      for (const method of ['GET', 'POST']) {
        const response = await world.ask({ path, method });
        expect([response.status, response.body]).toEqual([400, bodyOf('link-over')]);
      }
    }
  });

  it('that runs out between look and press is over', async () => {
    const world = createWebWorld();
    const path = await world.invite('c1');
    world.authorizations.begin = async () => false;
    const response = await world.ask({ path, method: 'POST' });
    expect([response.status, response.body]).toEqual([400, bodyOf('link-over')]);
  });

  it('asks for no scope where a provider has none', async () => {
    const acme = tokenProvider('acme');
    const authorization = { ...acme.authorization, scopes: () => [] } as never;
    const world = createWebWorld({ providers: [{ ...acme, authorization }] });
    expect([...(await world.begin()).location.searchParams.keys()]).not.toContain('scope');
  });
});
