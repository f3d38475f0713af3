import { describe, expect, it } from 'vitest';
import { BudgetExhaustedError, ProviderUnavailableError } from '../../../../functions/core/errors.ts';
import { observeSnapshot } from '../../../../functions/core/alerts/observe-snapshot.ts';
import { runAlertPass } from '../../../../functions/core/alerts/pass.ts';
import { alertWorld, AMPLE, fakeApi, fakeSource, NOON } from '../../../support/alert-world.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const MINUTE = 60_000;

async function held(count: number, pageSize = 100) {
  const world = alertWorld({ mode: 'snapshot', pageSize }, { stormThreshold: 1000 });
  for (let n = 0; n < count; n += 1) world.set(`CVE-${String(n).padStart(3, '0')}`);
  await world.poll();
  world.clock.advance(MINUTE);
  return world;
}

type World = Awaited<ReturnType<typeof held>>;
const resolved = (world: World) => world.news().filter((line) => line.includes('resolved'));
const reported = (world: World) =>
  world.rows().flatMap(({ event }) => (event.type === 'steward.connection.blind' ? [event.data['reason']] : []));

describe('a pass over a snapshot', () => {
  it('resolves what is missing, and opens it again as another version when it comes back', async () => {
    const world = await held(6);
    world.alerts.delete('CVE-003');
    await world.poll();
    world.clock.advance(MINUTE);
    world.set('CVE-003');
    await world.poll();
    expect(world.news().filter((line) => line.includes('CVE-003'))).toEqual([
      'watch/CVE-003 opened 1',
      'watch/CVE-003 resolved 2',
      'watch/CVE-003 opened 3',
    ]);
    const ids = world.rows().map(({ event }) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    ['empty', 0],
    ['drastically smaller', 10],
  ])('believes an %s answer when a second one says the same', async (_how, left) => {
    const world = await held(40);
    for (const id of [...world.alerts.keys()].slice(left)) world.alerts.delete(id);
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
    const [told] = world.rows().filter(({ event }) => event.type === 'steward.connection.blind');
    expect(told?.event.data).toMatchObject({ reason: 'shrunken-answer', found: { held: 40, seen: left } });
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toHaveLength(40 - left);
  });

  it('forgets its suspicion when the next answer is whole again', async () => {
    const world = await held(40);
    const kept = new Map(world.alerts);
    world.alerts.clear();
    await world.poll();
    for (const [id, alert] of kept) world.alerts.set(id, alert);
    world.clock.advance(MINUTE);
    await world.poll();
    world.alerts.clear();
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
  });

  it.each([
    ['two of two are gone', 2, 0, false],
    ['five of nine are gone', 9, 4, false],
    ['four of seven are gone, fewer than it asks twice about', 7, 3, true],
    ['half are gone, and no more', 10, 5, true],
  ])('asks twice before it believes what it saw: %s', async (_, count, left, believes) => {
    const world = await held(count);
    for (const id of [...world.alerts.keys()].slice(left)) world.alerts.delete(id);
    await world.poll();
    expect(resolved(world)).toHaveLength(believes ? count - left : 0);
    expect(reported(world)).toEqual(believes ? [] : ['shrunken-answer']);
  });

  it('resolves nothing while there is an item without an id: it could be any', async () => {
    const world = await held(6);
    world.alerts.delete('CVE-003');
    world.fake.unreadable.push('');
    await world.poll();
    expect([resolved(world), reported(world)]).toEqual([[], ['unreadable-items']]);
  });

  it('A24: resolves nothing of a list that grew while it was read', async () => {
    const world = await held(6, 3);
    world.alerts.delete('CVE-000');
    let total = 5;
    world.fake.page = (all, cursor) => ({
      alerts: cursor === undefined ? all.slice(0, 3) : all.slice(3),
      total: (total += 1),
      ...(cursor === undefined ? { next: 2 } : {}),
    });
    await world.poll();
    expect(resolved(world)).toEqual([]);
    expect(world.log.events).toContainEqual(['alert.pass-unsettled', { job: 'watch' }]);
  });

  it('asks for all there is until now, and in the second part of a pass for what it asked for in the first', async () => {
    const world = alertWorld({ mode: 'snapshot', pageSize: 5 }, { stormThreshold: 1000 });
    for (let n = 0; n < 10; n += 1) world.set(`CVE-${n}`);
    const spans: unknown[] = [];
    const { source } = world;
    const readPage: typeof source.readPage = (call, context, span, cursor) => {
      spans.push(span);
      return source.readPage(call, context, span, cursor);
    };
    world.fake.beforePage = (page) => {
      if (page === 2) throw new BudgetExhaustedError('none left', 1000);
    };
    const api = fakeApi({ ...source, readPage });
    await runAlertPass(world.dependencies, world.job, api, AMPLE);
    world.fake.beforePage = undefined;
    world.clock.advance(MINUTE);
    await runAlertPass(world.dependencies, world.job, api, AMPLE);
    expect(spans).toHaveLength(4);
    expect(new Set(spans.map((span) => JSON.stringify(span)))).toEqual(
      new Set([JSON.stringify({ from: new Date(0), to: NOON })]),
    );
  });

  it('has listed what is open once it was read whole', async () => {
    const world = await held(1);
    expect(world.state.checkpoints.get('watch')).toMatchObject({ listedAt: NOON, position: NOON });
    expect(world.log.events).toEqual([]);
  });

  it('resolves the last alert at once: one that is gone is no suspicious answer', async () => {
    const world = await held(1);
    world.alerts.clear();
    await world.poll();
    expect(world.news()).toContain('watch/CVE-000 resolved 2');
  });

  it('A22: resolves nothing when a page failed', async () => {
    const world = await held(6, 2);
    world.alerts.delete('CVE-000');
    world.fake.beforePage = (page) => {
      if (page === 2) throw new ProviderUnavailableError('500', { sent: true });
    };
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
  });

  it('A12, A24: resolves nothing while pages shift, and what is gone when they have settled', async () => {
    const world = await held(6, 2);
    let turn = 0;
    world.fake.beforePage = (page) => {
      if (page === 2) world.alerts.delete(`CVE-00${turn++}`);
      if (page === 3) world.set(`NEW-${turn}`);
    };
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
    world.fake.beforePage = undefined;
    world.clock.advance(MINUTE);
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved')).length).toBe(3);
  });

  it('goes on where the budget ended, and judges what is missing over all parts', async () => {
    const world = await held(50, 5);
    world.alerts.delete('CVE-001');
    let left = 6;
    world.fake.beforePage = () => {
      if ((left -= 1) < 0) throw new BudgetExhaustedError('none left', 1000);
    };
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
    left = 100;
    world.clock.advance(MINUTE);
    world.requests.length = 0;
    await world.poll();
    expect(world.requests).toEqual(['page 7', 'page 8', 'page 9', 'page 10', 'page 1']);
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual(['watch/CVE-001 resolved 2']);
  });

  it('gets through a snapshot whose pages are exactly the budget', async () => {
    const world = await held(25, 5);
    world.alerts.delete('CVE-001');
    for (let minute = 0; minute < 3; minute += 1) {
      let left = 5;
      world.fake.beforePage = () => {
        if ((left -= 1) < 0) throw new BudgetExhaustedError('none left', 1000);
      };
      await world.poll();
      world.clock.advance(MINUTE);
    }
    expect(world.news()).toContain('watch/CVE-001 resolved 2');
  });

  it('A23: goes by the next page, not by how many items a page has', async () => {
    const world = await held(0);
    const page = world.fake.page.bind(world.fake);
    world.fake.page = (all, cursor) => {
      const answer = page(all, cursor);
      if (cursor === undefined) return { ...answer, alerts: answer.alerts.slice(0, 1), next: 2, total: 2 };
      return { alerts: [...world.alerts.values()].slice(1), total: 2 };
    };
    world.set('a');
    world.set('b');
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/b opened 1']);
  });

  it('ends a pass that is led in circles', async () => {
    const world = await held(3);
    world.fake.page = () => ({ alerts: [], next: 1 });
    expect((await world.poll()).interruption).toMatchObject({ code: 'PROVIDER_RESPONSE_INVALID' });
  });

  it('does not resolve what it could not read', async () => {
    const world = await held(6);
    world.alerts.delete('CVE-003');
    world.fake.unreadable.push('CVE-003');
    await world.poll();
    expect(world.news().filter((line) => line.includes('resolved'))).toEqual([]);
  });
});

describe('a look at a snapshot', () => {
  let total = 100;
  const shrinking = (cursor: unknown) => ({ total: (total -= 1), ...(cursor === undefined ? { next: 2 } : {}) });

  it.each([
    ['a list that does not settle', shrinking, false],
    ['a list with an item that has no id', () => ({ unreadable: [''] }), true],
    ['an answer that is too small', () => ({}), true],
  ])('misses nothing in %s', async (_, page, settled) => {
    const { source } = fakeSource({ mode: 'snapshot' });
    const seen = await observeSnapshot({
      job: anAlertJob(),
      source: { ...source, readPage: async (_call, _context, _span, cursor) => ({ alerts: [], ...page(cursor) }) },
      context: { connection: 'acme', settings: {}, options: {}, now: NOON },
      call: async () => Promise.reject(new Error('nothing is called')),
      checkpoint: { revision: 1, bornAt: NOON, position: NOON, succeededAt: NOON },
      held: [{ id: 'a' }, { id: 'b' }] as never,
      deadline: AMPLE,
    });
    expect(seen).toMatchObject({ complete: true, listed: true, settled, vanished: [] });
  });
});
