import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../functions/core/time.ts';
import { createRefreshSweep } from '../../../../functions/core/tokens/sweep.ts';
import { SPEND_BUDGET_MS } from '../../../../functions/core/tokens/timing.ts';
import { type QueuedResult, TokenQueues } from '../../../../functions/core/tokens/token-queue.ts';
import { tokenProvider } from '../../../support/token-provider.ts';
import { createTokenWorld, type TokenWorld } from '../../../support/token-world.ts';

const bug = new TypeError('a bug');
const down = new StoreUnavailableError('down');

async function worldOf(count: number, counted = false) {
  const budgeted = tokenProvider('acme', { tokenBudget: 'default', budgets: { default: { perMinute: 30 } } });
  const world = createTokenWorld(counted ? { providers: [budgeted] } : {});
  for (let index = 0; index < count; index += 1) await world.addConnected(`c${index}`);
  return world;
}
const sweep = (world: TokenWorld, ms?: number) =>
  createRefreshSweep(world.dependenciesOf())({ shard: '0' }, world.deadline(ms));

describe('the names of a sweep', () => {
  it('are read page by page from both indexes, each once', async () => {
    const world = await worldOf(4);
    const looks: string[] = [];
    const { find } = world.connections;
    world.connections.find = async (name) => {
      looks.push(name);
      return find(name);
    };
    world.connections.rejected = async (_shard, next) =>
      next === undefined ? { names: ['c3'], next: 'more' } : { names: ['c2'] };
    world.connections.due = async (_shard, _now, next) =>
      next === undefined ? { names: ['c0', 'c3'], next: 'more' } : { names: ['c0', 'c1', 'c2'] };
    expect(await sweep(world)).toMatchObject({ counts: { refreshed: 4 } });
    expect(looks).toEqual(['c3', 'c2', 'c0', 'c1']);
  });

  it('R36: that cannot be read fail the invocation, once everybody before was looked at', async () => {
    const world = await worldOf(2);
    world.connections.due = async (_shard, _now, next) => {
      if (next !== undefined) throw down;
      return { names: ['c0', 'c1'], next: 'more' };
    };
    const failure = await sweep(world).catch((error: unknown) => error);
    expect((failure as AggregateError).errors).toEqual([down]);
    expect(world.endpoint.presented).toHaveLength(2);
  });

  it('are taken while what is left covers a refresh', async () => {
    expect(await sweep(await worldOf(1), SPEND_BUDGET_MS)).toMatchObject({ counts: { refreshed: 1 } });
    expect(await sweep(await worldOf(1), SPEND_BUDGET_MS - 1)).toEqual({ stale: false, counts: {} });
  });

  it('ask for no breaker where no endpoint was asked', async () => {
    const world = await worldOf(1);
    world.connections.due = async () => ({ names: ['gone'] });
    const keys: string[] = [];
    const dependencies = world.dependenciesOf();
    const breakers = {
      ...dependencies.breakers,
      find: async (key: string) => {
        keys.push(key);
        return undefined;
      },
    };
    await createRefreshSweep({ ...dependencies, breakers })({ shard: '0' }, world.deadline());
    expect(keys).toEqual([]);
  });
});

describe('what fails in a sweep', () => {
  it('R36: is written down by name and code; what nobody foresaw without its words', async () => {
    const world = await worldOf(2);
    world.connections.find = async (name) => {
      throw name === 'c0' ? down : bug;
    };
    await expect(sweep(world)).rejects.toThrow(AggregateError);
    const fields = world.lines.filter(({ event }) => event === 'connection.failed').map((line) => line.fields);
    expect(fields).toEqual([
      { connection: 'c0', code: 'STORE_UNAVAILABLE', message: down.message },
      { connection: 'c1', code: 'UNKNOWN' },
    ]);
  });

  it('R36: counts where somebody could not be put off, and fails the invocation where nobody foresaw it', async () => {
    for (const [failure, broken] of [
      [down, 0],
      [bug, 1],
    ] as const) {
      const world = await worldOf(1, true);
      world.budget.grants = false;
      world.budget.retryAfterMs = 10 * MINUTE_MS;
      world.connections.change = async () => {
        throw failure;
      };
      const ended = await sweep(world).catch((error: unknown) => (error as AggregateError).errors);
      expect(ended).toEqual(broken === 0 ? { stale: false, counts: { broken: 1 } } : [bug]);
      const last = world.lines.find(({ event }) => event === 'sweep.completed');
      expect(last?.fields).toEqual({ shard: '0', broken: 1 });
    }
  });
});

describe('the last three seconds of a sweep', () => {
  it.each([
    [3000, true],
    [2999, false],
  ])('with %i ms left somebody is put off: %s', async (left, moved) => {
    const world = await worldOf(1, true);
    const dueAt = world.connections.items.get('c0')?.nextRefreshAt;
    const deadline = world.deadline();
    const draw = async () => {
      world.clock.advance(deadline.remainingMs() - left);
      return { granted: false, retryAfterMs: 10 * MINUTE_MS } as const;
    };
    const budgets = { draw, block: async () => undefined };
    const report = await createRefreshSweep(world.dependenciesOf(undefined, { budgets }))({ shard: '0' }, deadline);
    expect(report).toMatchObject({ counts: { postponed: 1 } });
    expect(world.connections.items.get('c0')?.nextRefreshAt?.getTime() !== dueAt?.getTime()).toBe(moved);
  });

  it.each([
    [3000, 'suspect', 'suspect'],
    [2999, 'deadline', 'connected'],
  ])('with %i ms left a refused grant ends as %s', async (left, outcome, health) => {
    const world = await worldOf(1);
    world.endpoint.revoke('c0');
    const deadline = world.deadline();
    world.endpoint.during = async () => world.clock.advance(deadline.remainingMs() - left);
    const report = await createRefreshSweep(world.dependenciesOf())({ shard: '0' }, deadline);
    expect(report).toEqual({ stale: false, counts: { [outcome]: 1 } });
    expect(world.connections.items.get('c0')?.health).toBe(health);
  });

  it('end nothing that was not begun', async () => {
    const world = await worldOf(1);
    const deadline = world.deadline();
    world.endpoint.during = async () => world.clock.advance(deadline.remainingMs() - 2000);
    const report = await createRefreshSweep(world.dependenciesOf())({ shard: '0' }, deadline);
    expect(report).toEqual({ stale: false, counts: { refreshed: 1 } });
  });
});

describe('the queues of a sweep', () => {
  const NOW = new Date('2026-03-01T12:00:00Z');
  const queuedOf = (name: string, waitMs: number, account = 'acme'): QueuedResult => ({
    name,
    outcome: 'postponed',
    queued: { account, perMinute: 60, waitMs, putOff: async () => undefined },
  });
  const queuesOf = (remainingMs: number, ...results: QueuedResult[]) => {
    const queues = new TokenQueues({ now: () => NOW }, { remainingMs: () => remainingMs });
    for (const result of results) queues.add(result);
    return queues;
  };
  const putOff = async (queues: TokenQueues) => {
    const left: [string, number][] = [];
    await queues.putOff(async ({ name }, until) => void left.push([name, until.getTime() - NOW.getTime()]));
    return left;
  };

  it('R35: serve who can be waited for, and first whoever has to wait again', async () => {
    const queues = queuesOf(SPEND_BUDGET_MS + 500, queuedOf('a', 500), queuedOf('b', 200));
    const waits: number[] = [];
    const served: string[] = [];
    await queues.serve(
      async (ms) => void waits.push(ms),
      async (name) => {
        served.push(name);
        return served.length === 1 ? queuedOf('a', 300) : undefined;
      },
    );
    expect([served, waits]).toEqual([
      ['a', 'a', 'b'],
      [500, 300, 200],
    ]);
    expect(await putOff(queues)).toEqual([]);
  });

  it('R35: put off who cannot, one after the other from when the first one’s turn comes', async () => {
    const queues = queuesOf(
      SPEND_BUDGET_MS + 499,
      queuedOf('a', 500),
      queuedOf('b', 9000),
      queuedOf('c', HOUR_MS, 'x'),
    );
    await queues.serve(
      async () => undefined,
      async () => undefined,
    );
    expect(await putOff(queues)).toEqual([
      ['a', 500],
      ['b', 1500],
      ['c', HOUR_MS],
    ]);
  });
});
