import { describe, expect, it } from 'vitest';
import { nextAttemptAt, sweepWork } from '../../../../functions/core/work/sweep-work.ts';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ConfigInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import { createNoteJob } from '../../../../functions/core/notes/note.ts';
import type { OpenApi } from '../../../../functions/core/api.ts';
import type { AlertJob } from '../../../../functions/core/jobs.ts';
import type { HookProfile } from '../../../../functions/core/provider.ts';
import type { WorkRow } from '../../../../functions/core/work/work.ts';
import { alertWorld, AMPLE, fakeApi, NOON } from '../../../support/alert-world.ts';
import { createMemoryJobStore } from '../../../support/memory-job-store.ts';
import { createMemoryWorkStore } from '../../../support/memory-work-store.ts';
import { anAlertJob } from '../../../support/report-job.ts';

async function setUp(asked: Partial<AlertJob> = {}, hooks?: Partial<HookProfile>) {
  const world = alertWorld({ mode: 'feed' }, asked);
  const jobs = createMemoryJobStore();
  await jobs.configure(world.job, NOON);
  const work = createMemoryWorkStore();
  const opened: string[] = [];
  const notes: unknown[] = [];
  const writeNote = async (_call: unknown, _context: unknown, note: unknown) => {
    notes.push(note);
    return { status: 'written' as const, id: '1' };
  };
  const openApi = async (connection: string) => {
    opened.push(connection);
    if (connection === 'dead') throw new ProviderUnavailableError('down', { sent: false });
    const api = fakeApi(world.source, connection);
    return { ...api, provider: { ...api.provider, ...(connection === 'acme' ? { writeNote, hooks } : {}) } } as OpenApi;
  };
  const dependencies = { ...world.dependencies, jobs, work, openApi };
  const hint = (id: string, change: Partial<WorkRow> = {}): WorkRow => ({
    connection: 'acme',
    kind: 'hook',
    id: `watch#${id}`,
    payload: { job: 'watch', id },
    createdAt: world.clock.now(),
    revision: 'r1',
    attempts: 0,
    ...change,
  });
  const sweep = (change: Partial<typeof dependencies> = {}, deadline = AMPLE) =>
    sweepWork({ ...dependencies, ...change }, '0', deadline);
  return { ...world, jobs, work, opened, notes, hint, sweep };
}

describe('sweeping work', () => {
  it('follows a hint: reads the record again and records what it has become', async () => {
    const { work, hint, sweep, set, news, fake } = await setUp();
    set('a');
    await work.add('0', hint('a'));
    expect(await sweep()).toMatchObject({ done: 1, announced: true, unexpected: [] });
    expect(fake.requests).toEqual(['one a']);
    expect(news()).toEqual(['watch/a opened 1']);
    expect(work.rows.size).toBe(0);
  });

  it('publishes once what a hint and the poll both saw', async () => {
    const { work, hint, sweep, set, news, clock, poll } = await setUp();
    set('a');
    await work.add('0', hint('a'));
    await sweep();
    clock.advance(60_000);
    await poll();
    await work.add('0', hint('a'));
    expect(await sweep()).toMatchObject({ done: 1, announced: false });
    expect(news()).toEqual(['watch/a opened 1']);
  });

  it.each([
    ['leaves a flood of hints to the poll and its digest', undefined, 3, [3, 3]],
    ['follows all of them where no poll finds some', { standing: async () => [] }, 9, [0, 0]],
  ] as const)('A26: %s', async (_what, hooks, followed, polled) => {
    const { work, hint, sweep, set, fake, poll, rows, clock } = await setUp({ stormThreshold: 3 }, hooks);
    for (let n = 0; n < 9; n += 1) {
      set(`a${n}`);
      await work.add('0', hint(`a${n}`));
    }
    await sweep();
    expect(fake.requests).toHaveLength(followed);
    expect(work.rows.size).toBe(0);
    clock.advance(1000);
    const { single, digested } = await poll();
    expect([single, digested]).toEqual(polled);
    const opened = rows().filter(({ event }) => event.type === 'steward.alert.opened');
    expect(new Set(opened.map(({ event }) => event.id)).size).toBe(followed + single);
  });

  it('resolves what is gone, and makes nothing of an id that nobody knows', async () => {
    const { work, hint, sweep, set, news, clock, alerts } = await setUp();
    set('a');
    await work.add('0', hint('a'));
    await sweep();
    alerts.delete('a');
    clock.advance(1000);
    await work.add('0', hint('a'));
    await work.add('0', hint('invented'));
    await sweep();
    expect(news()).toEqual(['watch/a opened 1', 'watch/a resolved 2']);
  });

  it('opens a connection once for all its rows, and leaves one that fails alone', async () => {
    const { work, hint, sweep, opened, set } = await setUp();
    set('a');
    for (const id of ['a', 'b', 'c']) await work.add('0', hint(id));
    for (const id of ['x', 'y']) await work.add('0', hint(id, { connection: 'dead' }));
    expect(await sweep()).toMatchObject({ done: 3 });
    expect(opened).toEqual(['acme', 'dead']);
    expect([...work.rows.values()].map(({ attempts }) => attempts)).toEqual([1, 0]);
  });

  it('I27 lets a flood of one connection hide no work of another', async () => {
    const { work, hint, sweep, notes } = await setUp();
    for (let n = 0; n < 300; n += 1) await work.add('0', hint(`${n}`, { connection: 'aaa', id: `gone#${n}` }));
    const { text, marker, action } = createNoteJob('run', { connection: 'acme', action: '7', text: 'Filed' });
    const payload = { connection: 'acme', text, marker, action };
    await work.add('0', hint('n', { kind: 'note', id: 'n', payload }));
    await sweep();
    expect(notes).toHaveLength(1);
  });

  it('writes a note, and puts off one that the provider takes none of', async () => {
    const { work, hint, sweep, notes } = await setUp();
    const note = createNoteJob('run-1', { connection: 'acme', action: '12', text: 'Called back.' });
    await work.add('0', hint('n', { kind: 'note', id: note.marker, payload: { ...note } }));
    const other = { ...note, connection: 'other' };
    await work.add('0', hint('n', { kind: 'note', connection: 'other', id: note.marker, payload: other }));
    expect(await sweep()).toMatchObject({ done: 1 });
    expect(notes).toEqual([note]);
    expect([...work.rows.values()]).toMatchObject([{ connection: 'other', attempts: 1 }]);
  });

  it.each([
    ['a job that is gone', { payload: { job: 'gone', id: 'a' } }],
    ['a job of another connection', { connection: 'other' }],
    ['nothing', { payload: {} }],
  ])('keeps a hint about %s for people to see, and never tries it again', async (_what, change) => {
    const { work, hint, sweep } = await setUp();
    await work.add('0', hint('a', change));
    expect(await sweep()).toMatchObject({ done: 0, unexpected: [] });
    const [row] = work.rows.values();
    expect(row?.notBefore?.getTime()).toBeGreaterThan(NOON.getTime() + 14 * 86_400_000);
  });

  it.each([
    [22_000, 1],
    [21_999, 0],
  ])('P01: begins a row with the time for two calls: %i ms', async (ms, done) => {
    const { work, hint, sweep } = await setUp();
    await work.add('0', hint('a'));
    expect(await sweep({}, { remainingMs: () => ms })).toMatchObject({ done });
  });

  it('takes a row of each connection in turn', async () => {
    const { work, hint, sweep, jobs, fake } = await setUp();
    await jobs.configure(anAlertJob({ name: 'other', connection: 'other' }), NOON);
    for (const id of ['a1', 'a2', 'a3']) await work.add('0', hint(id));
    for (const id of ['b1', 'b2']) {
      await work.add('0', hint(id, { connection: 'other', id: `other#${id}`, payload: { job: 'other', id } }));
    }
    await sweep();
    expect(fake.requests).toEqual(['one a1', 'one b1', 'one a2', 'one b2', 'one a3']);
  });

  it('goes on with a connection after a row that is hopeless, and fails visibly on a bug', async () => {
    const { work, hint, sweep, source, log } = await setUp();
    const bug = new TypeError('a bug');
    await work.add('0', hint('a', { payload: {} }));
    await work.add('0', hint('b'));
    await work.add('0', hint('c', { connection: 'broken' }));
    const lanes: string[] = [];
    const openApi = async (connection: string, lane = 'none') => {
      lanes.push(lane);
      if (connection === 'broken') throw bug;
      return fakeApi(source, connection);
    };
    expect(await sweep({ openApi })).toEqual({ done: 1, announced: false, unexpected: [bug] });
    expect(lanes).toEqual(['alerts', 'alerts']);
    const codes = log.events.flatMap(([event, fields]) => (event === 'work.failed' ? [fields?.['code']] : []));
    expect(codes).toEqual(['CONFIG_INVALID', 'UNKNOWN']);
  });

  it.each([
    ['a hint without a job', {}, { payload: { id: 'a' } }],
    ['a hint without an id', {}, { payload: { job: 'watch' } }],
    ['a hint for a job of another kind', { kind: 'report' }, {}],
    ['a note that is none', {}, { kind: 'note', payload: {} }],
    [
      'a note of another connection',
      {},
      { kind: 'note', payload: { ...createNoteJob('r', { connection: 'other', action: '1', text: 'x' }) } },
    ],
    [
      'a note where none are taken',
      {},
      {
        kind: 'note',
        connection: 'mute',
        payload: { ...createNoteJob('r', { connection: 'mute', action: '1', text: 'x' }) },
      },
    ],
  ] as [string, object, Partial<WorkRow>][])('says of %s that it cannot be done', async (_, job, row) => {
    const { work, hint, sweep, log } = await setUp(job);
    await work.add('0', hint('a', row));
    expect(await sweep()).toEqual({ done: 0, announced: false, unexpected: [] });
    expect(log.events).toMatchObject([['work.failed', { code: 'CONFIG_INVALID' }]]);
  });

  it('has news of what a digest will speak for, and none of a note or of a hint that it leaves to the poll', async () => {
    const maintenance = [{ from: NOON, to: new Date(NOON.getTime() + 1000), reason: 'r' }];
    const silent = await setUp({ maintenance });
    silent.set('a');
    await silent.work.add('0', silent.hint('a'));
    expect(await silent.sweep()).toMatchObject({ done: 1, announced: true });
    const flooded = await setUp({ stormThreshold: 0 });
    flooded.set('a');
    await flooded.work.add('0', flooded.hint('a'));
    expect(await flooded.sweep()).toMatchObject({ done: 1, announced: false });
    const noted = await setUp();
    const note = createNoteJob('r', { connection: 'acme', action: '1', text: 'x' });
    await noted.work.add('0', noted.hint('n', { kind: 'note', payload: { ...note } }));
    expect(await noted.sweep()).toMatchObject({ done: 1, announced: false });
  });

  it('drops hints for a job that is paused: its next poll finds what changed', async () => {
    const { work, hint, sweep, jobs, news, set } = await setUp();
    set('a');
    await jobs.configure(anAlertJob({ paused: true }), NOON);
    await work.add('0', hint('a'));
    expect(await sweep()).toMatchObject({ done: 1, announced: false });
    expect(news()).toEqual([]);
  });
});

const minutes = (attempts: number) =>
  (nextAttemptAt({ attempts }, new ProviderUnavailableError('x', { sent: false }), NOON).getTime() - +NOON) / 60_000;

describe('the next attempt', () => {
  it('comes with the next tick when it was the access token that was refused', () => {
    expect([0, 3].map((attempts) => nextAttemptAt({ attempts }, new AccessTokenRejectedError('x'), NOON))).toEqual([
      NOON,
      NOON,
    ]);
  });

  it('backs off to an hour, and does not come where trying helps nothing', () => {
    expect([0, 1, 2, 5, 6, 50].map(minutes)).toEqual([1, 2, 4, 32, 60, 60]);
    for (const error of [new AccessDeniedError('x'), new ConfigInvalidError('x')]) {
      expect(nextAttemptAt({ attempts: 0 }, error, NOON).getTime() - +NOON).toBe(30 * 86_400_000);
    }
  });
});
