import { describe, expect, it } from 'vitest';
import { createRequestExport } from '../../../../functions/core/schedules/request-export.ts';
import { executionName } from '../../../../functions/core/schedules/start-export.ts';
import { createReportScene as createScene } from '../../../support/report-scene.ts';
import { aReportJob } from '../../../support/report-job.ts';

const HOUR = 3_600_000;

describe('createSweepReports()', () => {
  it('E24 starts what is due under a name of its own, once, and nothing before its time', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-10T12:00:00Z');
    expect(scene.started).toEqual([]);
    expect((await scene.jobs.find('nightly'))?.dueAt).toEqual(new Date('2026-03-11T02:00:00Z'));
    await scene.tick('2026-03-11T02:00:30Z');
    await scene.tick('2026-03-11T02:01:30Z');
    const input = {
      job: 'nightly',
      from: '2026-03-10T02:00:00.000Z',
      to: '2026-03-11T02:00:00.000Z',
      attempt: 1,
      action: 'export',
    };
    expect(scene.started).toEqual([{ name: expect.stringMatching(/^[a-z2-7]{52}$/) as string, input }]);
  });

  it('counts the run when it has ended and waits for the next window', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-11T02:00:30Z');
    await scene.seal(scene.started[0]!.input);
    await scene.tick('2026-03-11T02:03:00Z');
    const state = await scene.jobs.find('nightly');
    expect(state?.run).toMatchObject({ runs: 1, failures: 0, items: 5 });
    expect(state?.dueAt).toEqual(new Date('2026-03-12T02:00:00Z'));
    await scene.tick('2026-03-12T02:00:00Z');
    expect(scene.started).toHaveLength(2);
  });

  it('raises the attempt only after a terminal failure, later each time', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-11T02:00:00Z');
    await scene.fail(scene.started[0]!.input);
    await scene.tick('2026-03-11T02:01:00Z');
    expect(scene.started).toHaveLength(1);
    expect((await scene.jobs.find('nightly'))?.run).toMatchObject({
      failures: 1,
      lastError: { code: 'PROVIDER_UNAVAILABLE' },
    });
    await scene.tick('2026-03-11T02:05:00Z');
    expect(scene.started.map(({ input }) => input.attempt)).toEqual([1, 2]);
    expect(scene.started[0]!.name).not.toBe(scene.started[1]!.name);
  });

  it('starts a run again, by the same name, that may never have begun, and gives up a silent one', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    scene.breakStart(true);
    await expect(scene.tick('2026-03-11T02:00:00Z')).rejects.toBeInstanceOf(AggregateError);
    expect(await scene.windows.find('nightly', new Date('2026-03-10T02:00:00Z'))).toMatchObject({ state: 'running' });
    scene.breakStart(false);
    await scene.tick('2026-03-11T02:15:00Z');
    expect(scene.started).toHaveLength(1);
    const name = executionName('test', { job: 'nightly', from: new Date('2026-03-10T02:00:00Z'), attempt: 1 });
    expect(scene.started[0]?.name).toBe(name);
    await scene.tick('2026-03-11T05:30:00Z');
    expect(scene.windows.outbox.map(({ event }) => [event.type, event.data['code']])).toEqual([
      ['steward.export.failed', 'STALLED'],
    ]);
    await scene.tick('2026-03-11T05:36:00Z');
    expect(scene.started.at(-1)?.input.attempt).toBe(2);
  });

  it('E25 makes up missed windows in order, one at a time, and says that it is late', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    for (let minute = 0; minute < 8; minute++) {
      await scene.tick(new Date(Date.parse('2026-03-14T12:00:00Z') + minute * 60_000).toISOString());
      const last = scene.started.at(-1)!.input;
      const record = await scene.windows.find('nightly', new Date(last.from));
      if (record?.state === 'running') await scene.seal(last);
    }
    expect(scene.started.map(({ input }) => input.from.slice(0, 10))).toEqual([
      '2026-03-10',
      '2026-03-11',
      '2026-03-12',
      '2026-03-13',
    ]);
    expect(scene.metrics).toContain('ExportsLate');
    expect(await scene.windows.chain('nightly')).toMatchObject({
      from: new Date('2026-03-10T02:00:00Z'),
      to: new Date('2026-03-14T02:00:00Z'),
    });
  });

  it('E25 starts a gap record for missed snapshots', async () => {
    const scene = createScene({ kind: 'snapshot' });
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-14T12:00:00Z');
    const [gap] = scene.started;
    expect(gap?.input).toMatchObject({
      action: 'gap',
      to: '2026-03-13T02:00:00.000Z',
      reason: expect.stringContaining('missed') as string,
    });
    await scene.seal(gap!.input, 'gap');
    await scene.tick('2026-03-14T12:01:00Z');
    expect(scene.started[1]?.input).toMatchObject({ action: 'export', from: '2026-03-13T02:00:00.000Z' });
  });

  it('goes by what is left of its time, and keeps one broken job from stopping the others', async () => {
    const scene = createScene();
    await scene.jobs.configure(aReportJob({ name: 'broken', source: 'gone', zone: 'UTC' }), scene.state.now);
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-11T02:00:30Z');
    expect(scene.started.map(({ input }) => input.job)).toEqual(['nightly']);
    expect((await scene.jobs.find('broken'))?.run).toMatchObject({ failures: 1, lastError: { code: 'NOT_FOUND' } });
  });

  it('two sweeps at once begin a window once', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await Promise.all([scene.tick('2026-03-11T02:00:30Z'), scene.tick('2026-03-11T02:00:30Z')]);
    expect(scene.started).toHaveLength(1);
  });
});

describe('createRequestExport()', () => {
  const requester = (scene: ReturnType<typeof createScene>) =>
    createRequestExport({ jobs: scene.jobs, windows: scene.windows, describe: scene.described, clock: scene.clock });

  it('exports now, less the settle delay, and the schedule goes on from there', async () => {
    const scene = createScene({ settleMs: HOUR });
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-10T12:00:00.700Z');
    const span = await requester(scene)('nightly');
    expect(span).toEqual({
      from: new Date('2026-03-10T02:00:00Z'),
      to: new Date('2026-03-10T11:00:00Z'),
      fills: [],
    });
    await scene.tick('2026-03-10T12:01:00Z');
    expect(scene.started[0]?.input).toMatchObject({ to: '2026-03-10T11:00:00.000Z' });
    await scene.seal(scene.started[0]!.input);
    await scene.tick('2026-03-11T03:00:00Z');
    expect(scene.started[1]?.input).toMatchObject({ from: '2026-03-10T11:00:00.000Z', to: '2026-03-11T02:00:00.000Z' });
  });

  it('refuses what cannot be: a snapshot’s past, what is covered, and an unknown job', async () => {
    const snapshot = createScene({ kind: 'snapshot', snapshotReason: 'the list has no history' });
    await snapshot.jobs.configure(snapshot.job, snapshot.state.now);
    const from = new Date('2026-01-01T00:00:00Z');
    await expect(requester(snapshot)('nightly', { from })).rejects.toThrow('the list has no history');
    const scene = createScene({ settleMs: 24 * HOUR });
    await scene.jobs.configure(scene.job, scene.state.now);
    await expect(requester(scene)('nightly')).rejects.toThrow('nothing newer');
    await expect(requester(scene)('nightly', { from: scene.state.now })).rejects.toThrow('earlier date');
    await expect(requester(scene)('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('back-fills an incremental source to a date', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-11T02:00:00Z');
    await scene.seal(scene.started[0]!.input);
    const span = await requester(scene)('nightly', { from: new Date('2026-03-08T12:00:00Z') });
    expect(span).toEqual({
      from: new Date('2026-03-08T12:00:00Z'),
      to: new Date('2026-03-10T02:00:00Z'),
      fills: [],
    });
    for (const minute of ['05', '06', '07']) {
      await scene.tick(`2026-03-11T02:${minute}:00Z`);
      const last = scene.started.at(-1)!.input;
      if ((await scene.windows.find('nightly', new Date(last.from)))?.state === 'running') await scene.seal(last);
    }
    expect(scene.started.slice(1).map(({ input }) => input.from)).toEqual([
      '2026-03-09T02:00:00.000Z',
      '2026-03-08T12:00:00.000Z',
    ]);
    expect(await scene.windows.chain('nightly')).toMatchObject({
      from: span.from,
      to: new Date('2026-03-11T02:00:00Z'),
    });
  });

  it('fills the gaps of a span, one at a time and each once per request, while the schedule goes on', async () => {
    const scene = createScene();
    const ask = requester(scene);
    await scene.jobs.configure(scene.job, scene.state.now);
    for (const [day, state] of [
      [11, 'gap'],
      [12, 'exported'],
      [13, 'gap'],
      [14, 'gap'],
    ] as const) {
      await scene.tick(`2026-03-${day}T02:00:10Z`);
      await scene.seal(scene.started.at(-1)!.input, state);
    }
    const span = { from: new Date('2026-03-10T00:00:00Z'), to: new Date('2026-03-13T02:00:00Z') };
    const asked = await ask('nightly', { ...span, from: new Date('2026-03-10T02:00:00Z') });
    expect(asked.fills.map(({ from }) => from)).toEqual([
      new Date('2026-03-10T02:00:00Z'),
      new Date('2026-03-12T02:00:00Z'),
    ]);
    await scene.tick('2026-03-14T02:01:00Z');
    const first = scene.started.at(-1)!.input;
    expect(first).toMatchObject({ action: 'fill', from: '2026-03-10T02:00:00.000Z', attempt: 2 });
    await scene.seal(first);
    await scene.tick('2026-03-14T02:02:00Z');
    const second = scene.started.at(-1)!.input;
    expect(second).toMatchObject({ action: 'fill', from: '2026-03-12T02:00:00.000Z' });
    await scene.fail(second);
    expect(await scene.windows.find('nightly', new Date(second.from))).toMatchObject({
      state: 'gap',
      sealed: { sequence: 3 },
    });
    const before = scene.started.length;
    await scene.tick('2026-03-14T12:00:00Z');
    expect(scene.started).toHaveLength(before);
    expect((await scene.jobs.find('nightly'))?.run.lastError?.message).toBe('no answer');
    await ask('nightly', { from: new Date(second.from) });
    await scene.tick('2026-03-14T12:01:00Z');
    expect(scene.started.at(-1)!.input).toMatchObject({ action: 'fill', attempt: 3 });
    expect(await scene.windows.chain('nightly')).toMatchObject({ to: new Date('2026-03-14T02:00:00Z'), sequence: 5 });
  });

  it('refuses a span that has no gap, one that does not adjoin, and half a span', async () => {
    const scene = createScene();
    const ask = requester(scene);
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick('2026-03-11T02:00:10Z');
    await scene.seal(scene.started[0]!.input);
    const [from, to] = [new Date('2026-03-01T00:00:00Z'), new Date('2026-03-05T00:00:00Z')];
    await expect(ask('nightly', { from, to })).rejects.toThrow('leave --to out');
    await expect(ask('nightly', { to })).rejects.toThrow('--from');
    await expect(ask('nightly', { from: new Date('2026-03-10T02:00:00Z') })).rejects.toThrow('no gap begins');
    await expect(ask('nightly', { from: new Date('2026-03-11T00:00:00Z'), to })).rejects.toThrow('later than');
    const snapshot = createScene({ kind: 'snapshot', snapshotReason: 'the list has no history' });
    await snapshot.jobs.configure(snapshot.job, snapshot.state.now);
    await expect(requester(snapshot)('nightly', { from })).rejects.toThrow('its gaps stay, because rows is a snapshot');
  });

  it('I27 goes on with no chain of another connection, and says how to', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, new Date('2026-03-10T12:00:00Z'));
    await scene.tick('2026-03-11T02:00:10Z');
    await scene.seal(scene.started[0]!.input);
    await scene.jobs.configure({ ...scene.job, connection: 'other' }, new Date('2026-03-11T03:00:00Z'));
    await scene.tick('2026-03-12T02:00:10Z');
    expect(scene.started).toHaveLength(1);
    expect((await scene.jobs.find('nightly'))?.run.lastError).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('a name of its own') as string,
    });
    await scene.jobs.configure(scene.job, new Date('2026-03-12T03:00:00Z'));
    await scene.tick('2026-03-12T03:00:10Z');
    expect(scene.started).toHaveLength(2);
  });

  it('says that an export is late while it runs, or seems to', async () => {
    const scene = createScene();
    await scene.jobs.configure(scene.job, new Date('2026-03-10T12:00:00Z'));
    await scene.tick('2026-03-11T02:00:10Z');
    await scene.tick('2026-03-11T03:30:00Z');
    expect(scene.metrics).not.toContain('ExportsLate');
    await scene.tick('2026-03-11T04:30:00Z');
    expect(scene.metrics).toContain('ExportsLate');
    expect(scene.started.every(({ input }) => input.attempt === 1)).toBe(true);
  });
});
