import { describe, expect, it } from 'vitest';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import { alertWorld, NOON } from '../../../support/alert-world.ts';

const MINUTE = 60_000;

describe('a pass over a feed', () => {
  it('publishes what stands open when a job begins, and says nothing of what was over before', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    world.set('b', { state: 'resolved', changedAt: new Date(NOON.getTime() - MINUTE) });
    const result = await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1']);
    expect(result).toMatchObject({ counts: { opened: 1, changed: 0, resolved: 0 }, complete: true, announced: true });
  });

  it('A20: is as old as its beginning, however long it reads', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    world.fake.beforePage = () => world.clock.advance(MINUTE);
    await world.poll();
    expect(world.clock.now().getTime()).toBeGreaterThan(NOON.getTime());
    expect(world.state.heads.get('watch|a')?.pass).toBe(NOON.getTime());
  });

  it('takes what stands open as known where the job says so, and publishes what comes after', async () => {
    const world = alertWorld({ mode: 'feed' }, { announceExisting: false });
    world.set('a');
    await world.poll();
    expect(world.news()).toEqual([]);
    world.clock.advance(MINUTE);
    world.change('b', {});
    world.change('a', { state: 'acknowledged' });
    await world.poll();
    expect(world.news().toSorted()).toEqual(['watch/a changed 2', 'watch/b opened 1']);
  });

  it('writes nothing for 1,000 alerts that did not change', async () => {
    const world = alertWorld({ mode: 'feed' }, { stormThreshold: 5000 });
    for (let n = 0; n < 1000; n += 1) world.set(`a${n}`);
    await world.poll();
    expect(world.state.headWrites).toBe(1000);
    const rows = world.rows().length;
    world.clock.advance(MINUTE);
    const asked: string[] = [];
    const { heads } = world.store;
    Object.assign(world.dependencies.store, {
      heads: async (job: string, ids: readonly string[]) => {
        asked.push(...ids);
        return heads(job, ids);
      },
    });
    const result = await world.poll();
    expect(asked).toEqual([]);
    expect(world.state.headWrites).toBe(1000);
    expect(world.rows()).toHaveLength(rows);
    expect(result.announced).toBe(false);
  });

  it('A19: finds by the next pass what an open index that lags has hidden from one', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    await world.poll();
    const stale = await world.store.open('watch');
    world.clock.advance(MINUTE);
    world.change('a', { severity: 'critical' });
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', { severity: 'high' });
    const { open } = world.store;
    Object.assign(world.dependencies.store, { open: async () => stale });
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/a changed 2']);
    Object.assign(world.dependencies.store, { open });
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/a changed 2', 'watch/a changed 3']);
  });

  it('A19: tells critical, warning and critical again apart by version, with one id each', async () => {
    const world = alertWorld({ mode: 'feed' });
    for (const severity of ['critical', 'medium', 'critical'] as const) {
      world.change('a', { severity });
      await world.poll();
      world.clock.advance(MINUTE);
    }
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/a changed 2', 'watch/a changed 3']);
    expect(new Set(world.rows().map(({ event }) => event.id)).size).toBe(3);
  });

  it('sees an acknowledgement that moves no stamp', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    await world.poll();
    world.clock.advance(30 * MINUTE);
    await world.poll();
    world.set('a', { state: 'acknowledged' });
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/a changed 2']);
  });

  it('lists what is open where many have left the feed, and asks for single ones that the list lacks', async () => {
    const world = alertWorld({ mode: 'feed' });
    for (let n = 0; n < 30; n += 1) world.set(`a${n}`);
    await world.poll();
    world.clock.advance(30 * MINUTE);
    await world.poll();
    world.set('a7', { state: 'resolved' });
    world.alerts.delete('a8');
    world.clock.advance(MINUTE);
    world.requests.length = 0;
    await world.poll();
    expect(world.requests).toEqual(['page 1', 'open 1', 'one a7', 'one a8']);
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([
      'watch/a7 resolved 2',
      'watch/a8 resolved 2',
    ]);
  });

  it('A14: opens by the hourly listing what came with a stamp of an hour ago, and closes what goes without one', async () => {
    const world = alertWorld({ mode: 'feed' });
    await world.poll();
    world.set('late', { changedAt: new Date(NOON.getTime() - 60 * MINUTE) });
    const polls = async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        world.clock.advance(MINUTE);
        await world.poll();
      }
    };
    await polls(59);
    expect(world.news()).toEqual([]);
    await polls(1);
    expect(world.news()).toEqual(['watch/late opened 1']);
    world.set('late', { state: 'resolved' });
    await polls(1);
    expect(world.news()).toEqual(['watch/late opened 1', 'watch/late resolved 2']);
  });

  it('tells whoever waits for what was critical that it is over, although the list no longer says how bad it was', async () => {
    const world = alertWorld({ mode: 'feed' });
    await world.poll();
    const severities = () => world.rows().map(({ event }) => [event.severity, event.state, event.data['alert']]);
    for (const change of [
      { severity: 'critical' },
      { state: 'resolved', severity: 'info' },
      // Somebody looks at the single alert, which still tells it.
      { state: 'resolved', severity: 'critical' },
    ] as const) {
      world.clock.advance(MINUTE);
      world.change('a', change);
      world.clock.advance(MINUTE);
      await world.poll();
    }
    expect(severities()).toMatchObject([
      ['critical', 'open', { severity: 'critical' }],
      ['critical', 'resolved', { severity: 'critical' }],
    ]);
  });

  it('A17, A18: keeps open, closed and open again apart, and an alert that was over before it was seen', async () => {
    const world = alertWorld({ mode: 'feed' });
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('brief', { state: 'resolved' });
    world.change('a', {});
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', { state: 'resolved' });
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', { state: 'open' });
    await world.poll();
    expect(world.news()).toEqual([
      'watch/a opened 1',
      'watch/brief resolved 1',
      'watch/a resolved 2',
      'watch/a opened 3',
    ]);
  });

  it('A13, A14, A15: finds equal stamps, late ones and those of a clock ten minutes off', async () => {
    const world = alertWorld({ mode: 'feed', lagMs: 2 * MINUTE });
    await world.poll();
    world.clock.advance(5 * MINUTE);
    await world.poll();
    const at = world.clock.now().getTime();
    world.set('same-1', { changedAt: new Date(at - 2 * MINUTE) });
    world.set('same-2', { changedAt: new Date(at - 2 * MINUTE) });
    world.set('ahead', { changedAt: new Date(at + 10 * MINUTE) });
    world.set('behind', { changedAt: new Date(at - 10 * MINUTE) });
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news()).toEqual(['ahead', 'behind', 'same-1', 'same-2'].map((id) => `watch/${id} opened 1`));
  });

  it.each([
    ['goes on within half an hour', 30 * MINUTE, 'page 2'],
    ['begins anew after more', 30 * MINUTE + 1, 'page 1'],
  ])('A12: %s where its budget ended', async (_, ms, first) => {
    const world = alertWorld({ mode: 'feed', pageSize: 1 });
    world.set('a');
    world.set('b');
    world.fake.beforePage = (page) => {
      if (page > 1) throw new BudgetExhaustedError('none left', 1000);
    };
    await world.poll();
    world.fake.beforePage = undefined;
    world.clock.advance(ms);
    world.requests.length = 0;
    await world.poll();
    expect(world.requests[0]).toBe(first);
  });

  it('A12: begins anew where the provider failed', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 1 });
    world.set('a');
    world.set('b');
    world.fake.beforePage = (page) => {
      if (page > 1) throw new ProviderUnavailableError('502', { sent: true });
    };
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1']);
    expect(world.state.checkpoints.get('watch')?.resume).toBeUndefined();
  });

  it('I15: never moves the checkpoint past now less the lag', async () => {
    const world = alertWorld({ mode: 'feed', lagMs: 3 * MINUTE });
    await world.poll();
    expect(world.state.checkpoints.get('watch')?.position).toEqual(new Date(NOON.getTime() - 3 * MINUTE));
  });

  it('A10, A11: reads again when an item moves between pages while they are read', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 2 });
    for (const [n, id] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      world.set(id, { changedAt: new Date(NOON.getTime() - (10 - n) * 1000) });
    }
    let moved = false;
    world.fake.beforePage = (page) => {
      // The first item changes: all others move up by one place, and `c` slips from page 2 to page 1.
      if (page === 2 && !moved) {
        moved = true;
        world.set('a', { changedAt: NOON, severity: 'critical' });
      }
    };
    await world.poll();
    expect(world.news().toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `watch/${id} opened 1`));
    expect(world.requests.filter((request) => request === 'page 1').length).toBeGreaterThan(2);
  });

  it('A11: takes an item that moved to the next page, and so was seen twice, for one', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 2 });
    for (const [n, id] of ['a', 'b', 'c', 'd'].entries()) world.set(id, { changedAt: new Date(NOON.getTime() + n) });
    let late = false;
    world.fake.beforePage = (page) => {
      // An older one comes late: `b` is on both pages.
      if (page === 2 && !late) world.set('late', { changedAt: new Date(NOON.getTime() - 1000) });
      late ||= page === 2;
    };
    await world.poll();
    expect(late).toBe(true);
    expect(world.news().toSorted()).toEqual(['a', 'b', 'c', 'd', 'late'].map((id) => `watch/${id} opened 1`));
    expect(world.log.events).toEqual([]);
  });

  it('A12: closes what is closed while its pages are read, once and for good', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 2 });
    for (const [n, id] of ['a', 'b', 'c', 'd'].entries()) world.set(id, { changedAt: new Date(NOON.getTime() + n) });
    await world.poll();
    world.clock.advance(MINUTE);
    let closed = false;
    world.fake.beforePage = (page) => {
      if (page === 2 && !closed) world.change('a', { state: 'resolved' });
      closed ||= page === 2;
    };
    await world.poll();
    world.clock.advance(MINUTE);
    await world.poll();
    const news = world.news().filter((line) => !line.endsWith('opened 1'));
    expect([closed, news]).toEqual([true, ['watch/a resolved 2']]);
  });

  it('A10: does not move the checkpoint over a feed that will not settle', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 2 });
    for (let n = 0; n < 5; n += 1) world.set(`a${n}`, { changedAt: new Date(NOON.getTime() - n * 1000) });
    await world.poll();
    const { position } = world.state.checkpoints.get('watch') ?? {};
    world.clock.advance(MINUTE);
    let turn = 0;
    world.fake.beforePage = (page) => {
      if (page !== 2) return;
      const [first] = [...world.alerts.values()].toSorted((a, b) => Number(a.changedAt) - Number(b.changedAt));
      world.set(first?.id ?? '', { changedAt: new Date(world.clock.now().getTime() + (turn += 1)) });
    };
    await world.poll();
    expect(world.log.events.map(([event]) => event)).toContain('alert.pass-unsettled');
    expect(world.state.checkpoints.get('watch')?.position).toEqual(position);
  });

  it('A22: a page that fails fails the pass: what was read is recorded, the checkpoint stays, nothing is skipped', async () => {
    const world = alertWorld({ mode: 'feed', pageSize: 2 });
    await world.poll();
    const { position, succeededAt } = world.state.checkpoints.get('watch') ?? {};
    world.clock.advance(MINUTE);
    for (let n = 0; n < 6; n += 1) world.change(`a${n}`, {});
    world.fake.beforePage = (page) => {
      if (page === 3) throw new ProviderUnavailableError('500', { sent: true });
    };
    const failed = await world.poll();
    expect(failed.interruption).toBeInstanceOf(ProviderUnavailableError);
    expect(world.news()).toHaveLength(4);
    expect(world.state.checkpoints.get('watch')).toMatchObject({ position, succeededAt });
    world.fake.beforePage = undefined;
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news()).toHaveLength(6);
  });

  it.each([
    ['the budget', new BudgetExhaustedError('none left', 1000)],
    ['A25: the token', new AccessTokenRejectedError('407')],
  ])('goes on with the next page when %s runs out in the middle', async (_what, error) => {
    const world = alertWorld({ mode: 'feed', pageSize: 10 }, { stormThreshold: 1000 });
    for (let n = 0; n < 95; n += 1) world.set(`a${String(n).padStart(2, '0')}`);
    let left = 4;
    world.fake.beforePage = () => {
      if ((left -= 1) < 0) throw error;
    };
    await world.poll();
    expect(world.news()).toHaveLength(40);
    expect(world.state.checkpoints.get('watch')?.resume?.pages.cursor).toBe(5);
    left = 1000;
    world.requests.length = 0;
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.requests.slice(0, 7)).toEqual(['page 5', 'page 6', 'page 7', 'page 8', 'page 9', 'page 10', 'page 1']);
    expect(world.news()).toHaveLength(95);
    expect(world.state.checkpoints.get('watch')?.resume).toBeUndefined();
    expect(world.state.checkpoints.get('watch')?.position).toEqual(NOON);
  });

  it('A21: after six hours says from when to when it was blind and what it found', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    await world.poll();
    world.clock.advance(3 * 60 * MINUTE);
    world.change('b', {});
    world.change('a', { state: 'resolved' });
    world.clock.advance(3 * 60 * MINUTE);
    await world.poll();
    const [blind] = world.rows().filter(({ event }) => event.type === 'steward.connection.blind');
    expect(blind).toMatchObject({
      topic: 'events',
      event: {
        data: {
          job: 'watch',
          reason: 'gap',
          from: NOON.toISOString(),
          to: world.clock.now().toISOString(),
          found: { opened: 1, changed: 0, resolved: 1 },
        },
      },
    });
    world.clock.advance(2 * MINUTE);
    await world.poll();
    expect(world.rows().filter(({ event }) => event.type === 'steward.connection.blind')).toHaveLength(1);
  });

  it.each([
    [10, 60_000, false],
    [10, 150_000, false],
    [10, 150_001, true],
    [300, 630_000, false],
    [300, 630_001, true],
  ])('A21: polled every %d s and %d ms after the last look it was blind: %s', async (everySeconds, gap, isBlind) => {
    const world = alertWorld({ mode: 'feed' }, { everySeconds });
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await world.poll()).announced).toBe(isBlind && turn > 0);
      world.clock.advance(gap);
    }
    const told = world.rows().filter(({ event }) => event.type === 'steward.connection.blind');
    expect(told).toHaveLength(isBlind ? 2 : 0);
  });

  it('A27: looks back a day when its checkpoint is gone, says so, and repeats nothing', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    await world.poll();
    world.state.checkpoints.delete('watch');
    world.change('missed', { state: 'resolved', changedAt: new Date(NOON.getTime() + MINUTE) });
    world.clock.advance(5 * 60 * MINUTE);
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/missed resolved 1']);
    const [lost] = world.rows().filter(({ event }) => event.data['reason'] === 'checkpoint-lost');
    expect(lost?.event.summary).toBe('acme: watch had lost its checkpoint and looked back one day');
  });

  it('A08: announces items that cannot be read once, and lets them stop nothing', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    world.fake.unreadable.push('broken-1');
    await world.poll();
    world.clock.advance(MINUTE);
    await world.poll();
    const told = world.rows().filter(({ event }) => event.data['reason'] === 'unreadable-items');
    expect(told.map(({ event }) => event.data['found'])).toEqual([{ count: 1, ids: ['broken-1'] }]);
    expect(world.news()).toEqual(['watch/a opened 1']);
  });

  it('A08: counts an id that no key could hold as unreadable', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('x'.repeat(513));
    world.set('a');
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1']);
    expect(world.rows().some(({ event }) => event.data['reason'] === 'unreadable-items')).toBe(true);
  });

  it('keeps what an alert was when the provider no longer has it', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a', { title: 'Gone soon', significant: { cvss: 9 } });
    await world.poll();
    world.alerts.delete('a');
    world.clock.advance(30 * MINUTE);
    await world.poll();
    const last = world.rows().find(({ order, event }) => order === 2 && event.subject === 'watch/a');
    expect(last?.event).toMatchObject({
      type: 'steward.alert.resolved',
      data: { alert: { title: 'Gone soon', significant: { cvss: 9 }, state: 'resolved' }, previous: { state: 'open' } },
    });
  });

  it('has the change at the provider counted from, where the provider says when it was', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('old', { changedAt: new Date(NOON.getTime() - MINUTE) });
    await world.poll();
    const timings = () =>
      Object.fromEntries(world.rows().map(({ event, order, timing }) => [`${event.subject} ${order}`, timing]));
    expect(timings()).toEqual({ 'watch/old 1': undefined });
    world.clock.advance(MINUTE);
    const changedAt = world.clock.now();
    world.change('a', {});
    world.clock.advance(20_000);
    await world.poll();
    // Acknowledging moves no stamp: nobody knows when it was.
    world.set('a', { state: 'acknowledged' });
    world.clock.advance(MINUTE);
    await world.poll();
    const resolvedAt = world.clock.now();
    world.change('a', { state: 'resolved' });
    world.clock.advance(MINUTE);
    await world.poll();
    expect(timings()).toEqual({
      'watch/old 1': undefined,
      'watch/a 1': { job: 'watch', changedAt },
      'watch/a 2': undefined,
      'watch/a 3': { job: 'watch', changedAt: resolvedAt },
    });
  });

  it('takes a moved stamp and other details for no news', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', { details: { elapsed: '5 min' } });
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1']);
  });
});
