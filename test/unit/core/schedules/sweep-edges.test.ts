import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../../../functions/core/errors.ts';
import { latencyQuantile } from '../../../../functions/core/schedules/latency.ts';
import { createReportScene } from '../../../support/report-scene.ts';

const at = (time: string) => `2026-03-${time}Z`;
const stateOf = (scene: ReturnType<typeof createReportScene>) => scene.jobs.find('nightly');

/** With the first window running since 11 March, 02:00. */
async function running(description: Parameters<typeof createReportScene>[0] = {}) {
  const scene = createReportScene(description);
  await scene.jobs.configure(scene.job, scene.state.now);
  await scene.tick(at('11T02:00:00'));
  return scene;
}

describe('the report poller, at its edges', () => {
  it('begins no job with less than ten seconds left', async () => {
    const scene = createReportScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    await scene.tick(at('11T02:00:00'), () => 9999);
    expect(scene.started).toEqual([]);
    await scene.tick(at('11T02:00:01'), () => 10_000);
    expect(scene.started).toHaveLength(1);
  });

  it('holds a job for two minutes, so that no tick beside it takes it', async () => {
    const scene = createReportScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    const { begin } = scene.windows;
    const taken: boolean[] = [];
    scene.windows.begin = async (...given) => {
      for (const second of [119, 120]) {
        const then = new Date(scene.state.now.getTime() + second * 1000);
        taken.push((await scene.jobs.take('nightly', 'other', then, new Date(then.getTime() + 1))) !== undefined);
      }
      return begin(...given);
    };
    await scene.tick(at('11T02:00:00')).catch(() => undefined);
    expect(taken).toEqual([false, true]);
  });

  it('hands over exactly what the export needs to know', async () => {
    const scene = await running();
    expect(scene.started[0]?.input).toStrictEqual({
      job: 'nightly',
      from: at('10T02:00:00.000'),
      to: at('11T02:00:00.000'),
      attempt: 1,
      action: 'export',
    });
  });

  it('looks at a running export every five minutes, and starts it again after ten of silence', async () => {
    const scene = await running();
    expect((await stateOf(scene))?.dueAt).toEqual(new Date(at('11T02:05:00')));
    await scene.tick(at('11T02:09:59'));
    expect(scene.started).toHaveLength(1);
    expect((await stateOf(scene))?.dueAt).toEqual(new Date(at('11T02:14:59')));
    await scene.jobs.wake('nightly', new Date(at('11T02:10:00')));
    await scene.tick(at('11T02:10:00'));
    expect(scene.started).toHaveLength(2);
    expect(scene.started[1]).toStrictEqual(scene.started[0]);
  });

  it('gives up an export after three hours of silence, and tells the publisher', async () => {
    const scene = await running();
    await scene.tick(at('11T04:59:59'));
    expect(scene.windows.outbox).toEqual([]);
    await scene.jobs.wake('nightly', new Date(at('11T05:00:00')));
    await scene.tick(at('11T05:00:00'));
    const message = 'The export has given no sign of life for hours';
    expect((await scene.windows.find('nightly', new Date(at('10T02:00:00'))))?.error).toMatchObject({
      code: 'STALLED',
      message,
      retryable: true,
    });
    expect(scene.windows.outbox.map(({ event }) => event.data)).toMatchObject([
      { code: 'STALLED', message, retryable: true },
    ]);
    expect(scene.nudged).toEqual(['0']);
  });

  it('leaves a gap a gap when the export that was to fill it falls silent', async () => {
    const scene = await running();
    await scene.seal(scene.started[0]!.input, 'gap');
    await scene.windows.ask('nightly', new Date(at('10T02:00:00')));
    await scene.jobs.wake('nightly', new Date(at('11T02:10:00')));
    await scene.tick(at('11T02:10:00'));
    expect(scene.started.at(-1)?.input).toMatchObject({ action: 'fill' });
    await scene.tick(at('11T05:10:00'));
    const record = await scene.windows.find('nightly', new Date(at('10T02:00:00')));
    expect(record).toMatchObject({ state: 'gap', error: { code: 'STALLED' } });
  });

  it('leaves a job that is broken for a quarter of an hour', async () => {
    const scene = createReportScene();
    await scene.jobs.configure({ ...scene.job, source: 'gone' }, scene.state.now);
    await scene.tick(at('11T02:00:00'));
    expect((await stateOf(scene))?.dueAt).toEqual(new Date(at('11T02:15:00')));
  });

  it('lets a window go that somebody else began first, and looks again with the next tick', async () => {
    const scene = createReportScene();
    await scene.jobs.configure(scene.job, scene.state.now);
    const { begin } = scene.windows;
    scene.windows.begin = async () => Promise.reject(new ConflictError('begin'));
    await scene.tick(at('11T02:00:00'));
    scene.windows.begin = begin;
    await scene.tick(at('11T02:00:01'));
    expect(scene.started).toHaveLength(1);
  });

  it('does not take a window for running that ended between two reads', async () => {
    const scene = await running();
    const { find } = scene.windows;
    for (const seen of ['failed', 'gone'] as const) {
      scene.windows.find = async (...given) => {
        const record = await find(...given);
        return seen === 'failed' && record ? { ...record, state: 'failed' } : undefined;
      };
      await scene.jobs.wake('nightly', new Date(at('11T02:30:00')));
      await scene.tick(at('11T02:30:00'));
      expect(scene.started).toHaveLength(1);
    }
  });

  it('goes on watching an export whose source was taken out of the configuration', async () => {
    const scene = await running();
    await scene.jobs.configure({ ...scene.job, source: 'gone' }, new Date(at('11T03:00:00')));
    await scene.tick(at('11T06:00:00'));
    expect(scene.windows.outbox).toHaveLength(1);
    expect(scene.measured).toEqual([]);
  });

  it('hides no bug', async () => {
    const scene = await running();
    await scene.jobs.configure({ ...scene.job, source: 'bug' }, new Date(at('11T03:00:00')));
    await expect(scene.tick(at('11T03:30:00'))).rejects.toMatchObject({ errors: [expect.any(TypeError)] });
  });

  it('counts what is late, per provider', async () => {
    const scene = await running();
    await scene.tick(at('11T04:30:00'));
    expect(scene.measured).toContainEqual(['ExportsLate', 'Count', 1, { provider: 'fake' }]);
  });
});

describe('the figures of a job', () => {
  it('count each window that ended once', async () => {
    const scene = await running();
    await scene.tick(at('11T02:06:00'));
    expect((await stateOf(scene))?.run).toMatchObject({ runs: 0 });
    scene.state.now = new Date(at('11T02:07:00'));
    await scene.seal(scene.started[0]!.input);
    await scene.tick(at('11T02:08:00'));
    await scene.tick(at('12T02:00:00'));
    await scene.tick(at('12T02:06:00'));
    expect((await stateOf(scene))?.run).toMatchObject({ runs: 1, items: 5, lastRunAt: new Date(at('11T02:07:00')) });
  });

  it('go by the order in which windows ended, however they are listed', async () => {
    const scene = await running();
    await scene.seal(scene.started[0]!.input);
    const next = { job: 'nightly', from: new Date(at('11T02:00:00')), attempt: 1 };
    const record = { ...next, to: new Date(at('12T02:00:00')), action: 'export' as const, execution: 'x' };
    await scene.windows.begin(record, new Date(at('12T02:00:00')));
    const error = { code: 'ACCESS_DENIED', message: 'no', retryable: false };
    await scene.windows.fail(next, 'failed', error, { shard: '0', rows: [] }, new Date(at('12T02:01:00')));
    await scene.jobs.wake('nightly', new Date(at('12T02:02:00')));
    await scene.tick(at('12T02:02:00'));
    expect((await stateOf(scene))?.run).toMatchObject({
      runs: 2,
      failures: 1,
      lastRunAt: new Date(at('12T02:01:00')),
      lastError: { code: 'ACCESS_DENIED' },
    });
  });

  it('have the time from a window’s end to its manifest, and nothing of failures and gaps', async () => {
    const scene = await running();
    scene.state.now = new Date(at('11T02:01:00'));
    await scene.fail(scene.started[0]!.input);
    await scene.tick(at('11T02:01:01'));
    expect((await stateOf(scene))?.run).not.toHaveProperty('latency');
    await scene.tick(at('11T02:07:00'));
    scene.state.now = new Date(at('11T02:17:04'));
    await scene.seal(scene.started[1]!.input);
    await scene.tick(at('11T02:18:00'));
    const { latency } = (await stateOf(scene))!.run;
    const seconds = (latencyQuantile(latency, 1) ?? 0) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(1024);
    expect(seconds).toBeLessThan(1024 * 1.2);

    const gap = await running();
    await gap.seal(gap.started[0]!.input, 'gap');
    await gap.tick(at('11T02:03:00'));
    expect((await stateOf(gap))?.run).toMatchObject({ runs: 1, failures: 0 });
    expect((await stateOf(gap))?.run).not.toHaveProperty('latency');
  });

  it('take a manifest that seems to be there before its window ended for one that came at once', async () => {
    const scene = await running();
    scene.state.now = new Date(at('11T01:59:00'));
    await scene.seal(scene.started[0]!.input);
    await scene.jobs.wake('nightly', scene.state.now);
    await scene.tick(at('11T02:03:00'));
    expect(latencyQuantile((await stateOf(scene))?.run.latency, 1)).toBe(1);
  });
});
