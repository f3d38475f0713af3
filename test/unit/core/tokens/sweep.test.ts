import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefresh } from '../../../../functions/core/tokens/refresh.ts';
import { createRefreshSweep } from '../../../../functions/core/tokens/sweep.ts';
import { memoryBudgets } from '../../../support/memory-budgets.ts';
import { tokenProvider } from '../../../support/token-provider.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const sweep = (world: TokenWorld, slot?: string) =>
  createRefreshSweep(world.dependenciesOf())({ shard: '0', ...(slot === undefined ? {} : { slot }) }, world.deadline());

async function worldOf(count: number): Promise<TokenWorld> {
  const world = createTokenWorld();
  for (let index = 0; index < count; index += 1) await world.addConnected(`c${index}`);
  return world;
}
const healths = (world: TokenWorld) => [...world.connections.items.values()].map(({ health }) => health);

describe('a sweep', () => {
  it('R35: refreshes everything that is due, at most 20 at a time', async () => {
    const world = await worldOf(300);
    let inFlight = 0;
    let most = 0;
    world.endpoint.during = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise(setImmediate);
      inFlight -= 1;
    };
    expect(await sweep(world)).toEqual({ stale: false, counts: { refreshed: 300 } });
    expect(most).toBe(20);
  });

  it('R35, I8: drains 10,000 that are due in the same second at their budget’s pace, and starves nobody', async () => {
    const counted = tokenProvider('acme', { tokenBudget: 'default', budgets: { default: { perMinute: 600 } } });
    const world = createTokenWorld({ providers: [counted, tokenProvider('ops', { grant: 'client-credentials' })] });
    for (let index = 0; index < 10_000; index += 1) await world.addConnected(`c${index}`);
    for (let index = 0; index < 50; index += 1) await world.addClient(`other${index}`);
    const begin = world.clock.now().getTime();
    const calls: number[] = [];
    world.endpoint.during = async () => {
      if (world.endpoint.presented.at(-1) !== 'client') calls.push(world.clock.now().getTime() - begin);
      world.clock.advance(5);
    };
    const dependencies = { ...world.dependenciesOf(), budgets: memoryBudgets({ clock: world.clock }) };
    let looks = 0;
    const store = { ...dependencies.store, find: (name: string) => ((looks += 1), dependencies.store.find(name)) };
    for (let minute = 0; minute < 30; minute += 1) {
      world.clock.set(new Date(Math.max(begin + minute * MINUTE_MS, world.clock.now().getTime())));
      await createRefreshSweep({ ...dependencies, store })({ shard: '0' }, world.deadline());
      // Nobody else waits for that account, the first tick long.
      if (minute === 0) expect(world.endpoint.presented.filter((id) => id === 'client')).toHaveLength(50);
    }
    const once = world.endpoint.presented.filter((id) => id !== 'client');
    expect(once).toHaveLength(10_000);
    expect(new Set(once).size).toBe(10_000);
    const inMinute = calls.map((at, index) => index + 1 - calls.findIndex((one) => one > at - MINUTE_MS));
    expect(Math.max(...inMinute)).toBeLessThanOrEqual(600);
    // Each comes by a few times, not in every tick.
    expect(looks / 10_050).toBeLessThan(6);
  });

  it('P05: takes a tick that Scheduler delivers as late as it may', async () => {
    const world = await worldOf(1);
    const slot = new Date(world.clock.now().getTime() - 3 * MINUTE_MS).toISOString();
    expect(await sweep(world, slot)).toMatchObject({ counts: { refreshed: 1 } });
  });

  it('P05: ignores a tick that is older than four minutes, and takes one without a slot', async () => {
    const world = await worldOf(1);
    const now = world.clock.now().getTime();
    expect(await sweep(world, new Date(now - 4 * MINUTE_MS - 1).toISOString())).toEqual({ stale: true });
    expect(await sweep(world, 'not a time')).toEqual({ stale: true });
    expect(world.endpoint.presented).toHaveLength(0);
    expect(await sweep(world, new Date(now - 4 * MINUTE_MS).toISOString())).toMatchObject({ counts: { refreshed: 1 } });
    expect(await sweep(world)).toEqual({ stale: false, counts: {} });
  });

  it('P16: a slot in a leap second is stale; a clock that is set back spends nothing twice', async () => {
    const world = await worldOf(3);
    expect(await sweep(world, '2026-12-31T23:59:60Z')).toEqual({ stale: true });
    await sweep(world);
    world.clock.advance(-2 * HOUR_MS);
    for (let minute = 0; minute < 240; minute += 1) {
      await sweep(world);
      world.clock.advance(MINUTE_MS);
    }
    expect(new Set(world.endpoint.presented).size).toBe(world.endpoint.presented.length);
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
  });

  it('P11: what fails beside another failure is awaited too, and leaves no rejection behind', async () => {
    const world = await worldOf(2);
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const later = async () => {
      await new Promise(setImmediate);
      throw new StoreUnavailableError('down');
    };
    const dependencies = world.dependenciesOf();
    const failing = {
      ...dependencies,
      store: { ...dependencies.store, highWater: async () => Promise.reject(new StoreUnavailableError('down')) },
      credentials: { get: later },
      sealer: { ...dependencies.sealer, prepare: later },
    };
    const report = await createRefreshSweep(failing)({ shard: '0' }, world.deadline());
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    process.off('unhandledRejection', listen);
    expect(report).toMatchObject({ counts: { failed: 2 } });
    expect(unhandled).toEqual([]);
  });

  it('R36, I16: a poisoned connection delays nobody, and an unforeseen failure fails the invocation at the end', async () => {
    const world = await worldOf(30);
    const poisoned = world.connections.items.get('c0');
    if (poisoned?.refresh === undefined) throw new Error('no c0');
    world.connections.items.set('c0', { ...poisoned, refresh: { ...poisoned.refresh, sealed: new Uint8Array([9]) } });
    const find = world.connections.find;
    world.connections.find = async (name) => {
      if (name === 'c1') throw new TypeError('a bug');
      return find(name);
    };
    const failure = await sweep(world).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AggregateError);
    expect((failure as AggregateError).errors).toEqual([new TypeError('a bug')]);
    expect(healths(world).filter((health) => health === 'connected')).toHaveLength(30);
    expect(world.endpoint.presented).toHaveLength(28);
    expect(world.lines.filter(({ event }) => event === 'connection.failed')).toHaveLength(2);
  });

  it('takes a rejected connection that is not due', async () => {
    const world = await worldOf(1);
    await sweep(world);
    world.clock.advance(20 * MINUTE_MS);
    await world.connections.reject('c0', 2);
    expect(await sweep(world)).toMatchObject({ counts: { refreshed: 1 } });
  });

  it('stops taking when time runs out; the rest is the next tick’s', async () => {
    const world = await worldOf(100);
    world.endpoint.during = async () => world.clock.advance(2000);
    await sweep(world);
    const first = world.endpoint.presented.length;
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(60);
    for (let tick = 0; tick < 12; tick += 1) await sweep(world);
    expect(world.endpoint.presented).toHaveLength(100);
    expect(new Set(world.endpoint.presented).size).toBe(100);
  });
});

describe('the breaker', () => {
  it('R36, I16: a poisoned connection that is the first to try an endpoint after an outage closes it for nobody', async () => {
    const world = createTokenWorld();
    const poisoned = await world.addConnected('a-poison');
    for (let index = 0; index < 5; index += 1) await world.addConnected(`c${index}`);
    const sealed = new Uint8Array([9]);
    const refresh = { ...poisoned.refresh, sealed } as NonNullable<typeof poisoned.refresh>;
    world.connections.items.set('a-poison', { ...poisoned, refresh });
    world.endpoint.outage = 503;
    await sweep(world);
    world.endpoint.outage = undefined;
    world.clock.advance(2 * HOUR_MS);
    // It fails and waits, one other finds out that the endpoint is back, the rest follow.
    for (let tick = 0; tick < 3; tick += 1) {
      await world.connections.reject('a-poison', 1);
      await sweep(world);
      world.clock.advance(MINUTE_MS);
    }
    expect(world.connections.items.get('a-poison')).toMatchObject({ generation: 1, failures: 2 });
    expect([...world.connections.items.values()].filter(({ generation }) => generation === 2)).toHaveLength(5);
  });

  it('R36: an unforeseen failure of one connection waits like any other', async () => {
    const world = await worldOf(1);
    const dependencies = world.dependenciesOf();
    const sealer = {
      ...dependencies.sealer,
      open: async () => {
        throw new TypeError('a bug');
      },
    };
    await expect(createRefreshSweep({ ...dependencies, sealer })({ shard: '0' }, world.deadline())).rejects.toThrow(
      /foresaw/,
    );
    expect(world.connections.items.get('c0')).toMatchObject({ failures: 1, lastError: { code: 'UNFORESEEN' } });
    expect(world.connections.items.get('c0')?.nextRefreshAt?.getTime()).toBeGreaterThan(world.clock.now().getTime());
  });

  it('R28: obeys Retry-After for the whole provider', async () => {
    const world = await worldOf(100);
    world.endpoint.outage = 429;
    world.endpoint.retryAfter = '300';
    await sweep(world);
    const tried = world.endpoint.presented.length;
    expect(tried).toBeLessThanOrEqual(20);
    world.clock.advance(299_000);
    await sweep(world);
    expect(world.endpoint.presented).toHaveLength(tried);
    world.endpoint.outage = undefined;
    for (let minute = 0; minute < 10; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
    }
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
    expect([...world.connections.items.values()].every(({ generation }) => generation === 2)).toBe(true);
  });

  it('R29, I6: six hours of 5xx cost a few probes and no connection', async () => {
    const world = await worldOf(50);
    world.endpoint.outage = 503;
    for (let minute = 0; minute < 360; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
    }
    expect(world.endpoint.presented.length).toBeLessThan(150);
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
    world.endpoint.outage = undefined;
    for (let minute = 0; minute < 60; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
    }
    expect([...world.connections.items.values()].every(({ generation }) => generation >= 2)).toBe(true);
    expect(world.breakerStates.size).toBe(0);
  });

  it('R34: invalid_grant for everybody is an incident: one alarm, no verdict, and all is well after it', async () => {
    const world = await worldOf(40);
    world.endpoint.refusesAll = true;
    for (let minute = 0; minute < 120; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
    }
    expect(world.eventTypes()).toEqual([]);
    expect(world.lines.filter(({ event }) => event === 'provider.refusing')).toHaveLength(1);
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
    world.endpoint.refusesAll = false;
    for (let minute = 0; minute < 60; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
    }
    expect([...world.connections.items.values()].every(({ generation }) => generation >= 2)).toBe(true);
  });

  it.each([
    ['cannot be read', 'down'],
    ['has the successor of one that came out of a backup', 'spilled'],
  ])('R34: is one too where the rescue bucket %s', async (_what, bucket) => {
    const world = await worldOf(40);
    const { commit } = world.connections;
    const { find } = world.rescue;
    if (bucket === 'spilled') {
      const backup = world.connections.items.get('c0');
      world.connections.commit = async () => Promise.reject(new StoreUnavailableError('down'));
      await createRefresh(world.dependenciesOf())('c0', world.deadline());
      world.connections.commit = commit;
      if (backup !== undefined) world.connections.items.set('c0', backup);
      world.clock.advance(2 * MINUTE_MS);
    } else world.rescue.find = async () => Promise.reject(new StoreUnavailableError('down'));
    world.endpoint.refusesAll = true;
    expect(await sweep(world)).toMatchObject({ counts: { incident: 40 } });
    for (let minute = 0; minute < 60; minute += 1) {
      world.clock.advance(MINUTE_MS);
      if (minute === 5) world.rescue.find = find;
      await sweep(world);
    }
    expect(world.eventTypes()).toEqual([]);
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
  });

  it('R36: a rescue bucket that hangs delays the verdicts on dead grants, and no living one', async () => {
    const world = await worldOf(140);
    for (let index = 0; index < 40; index += 1) world.endpoint.revoke(`c${index}`);
    world.rescue.find = async () => {
      await new Promise(setImmediate);
      throw new StoreUnavailableError('down');
    };
    expect(await sweep(world)).toMatchObject({ counts: { refreshed: 100, suspect: 40 } });
    expect(world.endpoint.presented).toHaveLength(140);
  });

  it('R34: one dead grant among living ones is a dead grant', async () => {
    const world = await worldOf(40);
    world.endpoint.revoke('c7');
    expect(await sweep(world)).toMatchObject({ counts: { refreshed: 39, 'reauthorization-required': 1 } });
    expect(world.eventTypes()).toEqual(['reauthorization-required']);
  });

  it('R34: one connection whose verdict gets lost again and again is one dead grant, and no incident', async () => {
    const world = await worldOf(1);
    world.endpoint.revoke('c0');
    const { change } = world.connections;
    for (let lost = 0; lost < 4; lost += 1) {
      world.connections.change = async () => {
        throw new StoreUnavailableError('down');
      };
      expect(await sweep(world)).toMatchObject({ counts: { broken: 1 } });
      world.connections.change = change;
      world.clock.advance(2 * MINUTE_MS);
    }
    expect(await sweep(world)).toMatchObject({ counts: { 'reauthorization-required': 1 } });
    expect(world.lines.filter(({ event }) => event === 'provider.refusing')).toEqual([]);
  });

  it('R34: a grant at the same endpoint ends the wait for a verdict, so that no call that hangs delays it', async () => {
    const world = await worldOf(12);
    for (let index = 1; index < 11; index += 1) world.endpoint.revoke(`c${index}`);
    world.endpoint.during = async () => {
      if (world.endpoint.presented.length < 12) return;
      for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
      world.clock.advance(54_000);
    };
    expect(await sweep(world)).toMatchObject({ counts: { refreshed: 2, 'reauthorization-required': 10 } });
    expect(world.eventTypes().filter((type) => type === 'reauthorization-required')).toHaveLength(10);
  });

  it('R34: verdicts are written down twenty at a time, and none is begun without the time for it', async () => {
    const world = await worldOf(100);
    for (let index = 0; index < 80; index += 1) world.endpoint.revoke(`c${index}`);
    const { change } = world.connections;
    let inFlight = 0;
    let most = 0;
    world.connections.change = async (...given) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      world.clock.advance(1000);
      await new Promise(setImmediate);
      inFlight -= 1;
      return change(...given);
    };
    const report = await sweep(world);
    expect(most).toBe(20);
    expect(report).toMatchObject({ counts: { refreshed: 20 } });
    const { counts = {} } = report as { counts?: Record<string, number> };
    expect(counts.deadline).toBeGreaterThan(0);
    expect((counts.deadline ?? 0) + (counts.suspect ?? 0) + (counts['reauthorization-required'] ?? 0)).toBe(80);
    expect(world.lines.at(-1)?.event).toBe('sweep.completed');
  });

  it('R33: a wrong secret of ours condemns none of a thousand connections', async () => {
    const world = await worldOf(1000);
    world.secrets.current = 'canary-wrong';
    await sweep(world);
    expect(new Set(healths(world))).toEqual(new Set(['connected']));
    expect(world.eventTypes()).toEqual([]);
  });

  it('I7: with the provider up, a needed token never has less than five minutes left', async () => {
    const world = await worldOf(20);
    await sweep(world);
    let least = Infinity;
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      world.clock.advance(MINUTE_MS);
      await sweep(world);
      for (const { access } of world.connections.items.values()) {
        least = Math.min(least, (access?.expiresAt.getTime() ?? 0) - world.clock.now().getTime());
      }
    }
    expect(least).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    expect(world.endpoint.presented.length).toBeLessThan(20 * 36);
  });

  it('keeps an idle connection alive every seven days', async () => {
    const world = createTokenWorld();
    await world.addConnected('idle', { demand: [] });
    for (let hour = 0; hour < 70 * 24; hour += 1) {
      await sweep(world);
      world.clock.advance(HOUR_MS);
    }
    expect(world.endpoint.presented.length).toBeGreaterThanOrEqual(10);
    expect(world.endpoint.presented.length).toBeLessThanOrEqual(12);
    expect(world.connections.items.get('idle')?.refresh?.expiresAt.getTime()).toBeGreaterThan(
      world.clock.now().getTime() + 13 * DAY_MS,
    );
  });
});

describe('the soonest end of a refresh token', () => {
  const measured = (world: TokenWorld) =>
    world.metered
      .splice(0)
      .filter(({ name }) => name === 'SoonestRefreshTokenExpiryHours')
      .map(({ provider, value }) => [provider, value]);

  it('is measured once per provider and sweep, of what stands after it', async () => {
    const world = await worldOf(30);
    await world.addClient('o1');
    await sweep(world);
    expect(measured(world)).toEqual([['acme', 21 * 24]]);
    await sweep(world);
    expect(measured(world)).toEqual([]);
  });

  it('falls while refreshes fail, is seen every hour, and ends at zero', async () => {
    const world = await worldOf(5);
    world.endpoint.outage = 503;
    const perHour: number[] = [];
    for (let hour = 0; hour < 22 * 24; hour += 1) {
      let seen: readonly (readonly [string | undefined, number])[] = [];
      for (let tick = 0; tick < 6; tick += 1) {
        await sweep(world);
        seen = [...seen, ...(measured(world) as [string | undefined, number][])];
        world.clock.advance(10 * MINUTE_MS);
      }
      perHour.push(Math.min(...seen.map(([, value]) => value)));
    }
    expect(perHour.every((hours, at) => Math.abs(hours - Math.max(0, 21 * 24 - 1 - at)) <= 1)).toBe(true);
    expect(perHour.at(-1)).toBe(0);
  });

  it('leaves out a grant that is dead, and keeps one that an incident touched', async () => {
    const world = await worldOf(5);
    const lived = world.connections.items.get('c1');
    if (lived?.refresh === undefined) throw new Error('no c1');
    const soon = new Date(world.clock.now().getTime() + 2 * DAY_MS);
    world.connections.items.set('c1', { ...lived, refresh: { ...lived.refresh, expiresAt: soon } });
    world.endpoint.revoke('c1');
    await sweep(world);
    expect(measured(world)).toEqual([['acme', 21 * 24]]);

    const incident = await worldOf(5);
    incident.endpoint.refusesAll = true;
    incident.clock.advance(HOUR_MS);
    await sweep(incident);
    expect(measured(incident)).toEqual([['acme', 21 * 24 - 1]]);
  });
});
