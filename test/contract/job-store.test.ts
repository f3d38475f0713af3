import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import { ConflictError, NotFoundError } from '../../functions/core/errors.ts';
import type { JobStore } from '../../functions/core/schedules/job-store.ts';
import { recordRun } from '../../functions/core/schedules/job-run.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryJobStore } from '../support/memory-job-store.ts';
import { aReportJob, anAlertJob } from '../support/report-job.ts';
import { createStingyClient } from '../support/stingy-client.ts';
import { eventually } from '../support/aws-endpoint.ts';

const NOON = new Date('2026-03-01T12:00:00Z');
const later = (ms: number) => new Date(NOON.getTime() + ms);

function promises(create: () => JobStore) {
  const shard = () => randomUUID();

  it('finds what was configured, instants and all', async () => {
    const store = create();
    const report = aReportJob({ name: randomUUID(), startAt: new Date('2026-01-01T00:00:00Z') });
    const maintenance = [{ from: NOON, to: later(1), reason: 'moving house' }];
    const alert = anAlertJob({ name: randomUUID(), maintenance });
    await store.configure(report, NOON);
    await store.configure(alert, NOON);
    expect((await store.find(report.name))?.job).toEqual(report);
    expect((await store.find(alert.name))?.job).toEqual(alert);
    expect(await store.find('nobody')).toBeUndefined();
    const names = (await store.list()).map(({ job }) => job.name);
    expect(names).toEqual(expect.arrayContaining([report.name, alert.name]));
  });

  it('gives the due jobs of one kind and shard, the longest due first', async () => {
    const store = create();
    const mine = shard();
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()] as const;
    await store.configure(aReportJob({ name: b, shard: mine }), later(2));
    await store.configure(aReportJob({ name: a, shard: mine }), later(1));
    await store.configure(aReportJob({ name: c, shard: mine }), later(100));
    await store.configure(anAlertJob({ name: randomUUID(), shard: mine }), NOON);
    await store.configure(aReportJob({ name: randomUUID(), shard: shard() }), NOON);
    await eventually(async () => expect(await store.due('report', mine, later(10), 10)).toEqual([a, b]));
    await eventually(async () => expect(await store.due('report', mine, later(10), 1)).toEqual([a]));
  });

  it('lets one owner take a due job, and another one after the lease is over', async () => {
    const store = create();
    const name = randomUUID();
    await store.configure(aReportJob({ name }), NOON);
    expect(await store.take(name, 'one', later(-1), later(10))).toBeUndefined();
    const lease = await store.take(name, 'one', NOON, later(10));
    expect(lease).toMatchObject({ owner: 'one', until: later(10), job: { name } });
    expect(await store.take(name, 'two', later(5), later(20))).toBeUndefined();
    expect(await store.take(name, 'two', later(10), later(20))).toMatchObject({ owner: 'two' });
    await expect(store.complete(lease!, later(60), lease!.run)).rejects.toBeInstanceOf(ConflictError);
    await store.release(lease!);
    expect(await store.take(name, 'three', later(11), later(30))).toBeUndefined();
  });

  it('ends no lease that the same owner has taken anew', async () => {
    const store = create();
    const name = randomUUID();
    await store.configure(aReportJob({ name }), NOON);
    const first = await store.take(name, 'one', NOON, later(10));
    const second = await store.take(name, 'one', later(5), later(15));
    if (first === undefined || second === undefined) throw new Error('Both are given');
    await expect(store.complete(first, later(60), first.run)).rejects.toBeInstanceOf(ConflictError);
    await store.release(first);
    expect(await store.take(name, 'two', later(6), later(20))).toBeUndefined();
    await store.complete(second, later(60), second.run);
  });

  it('keeps figures and the next due time of a run that ended', async () => {
    const store = create();
    const name = randomUUID();
    await store.configure(aReportJob({ name }), NOON);
    const lease = await store.take(name, 'one', NOON, later(10));
    const error = { code: 'PROVIDER_UNAVAILABLE', message: 'no answer' };
    const failed = recordRun(lease!.run, { at: NOON, items: 0, error });
    const figures = recordRun(failed, { at: later(1), items: 5, latenciesMs: [3000] });
    await store.complete(lease!, later(60), figures);
    const state = await store.find(name);
    expect(state?.run).toEqual(figures);
    expect(state?.dueAt).toEqual(later(60));
    expect(await store.take(name, 'two', later(59), later(90))).toBeUndefined();
    await store.configure(aReportJob({ name, cron: '0 3 * * *' }), later(5));
    expect((await store.find(name))?.run).toEqual(figures);
    expect((await store.find(name))?.createdAt).toEqual(NOON);
  });

  it('never puts off what was asked, configured or paused while a run was going on', async () => {
    const store = create();
    const [asked, paused, woken] = [randomUUID(), randomUUID(), randomUUID()] as const;
    for (const name of [asked, paused, woken]) await store.configure(aReportJob({ name }), NOON);
    const leases = [];
    for (const name of [asked, paused, woken]) leases.push(await store.take(name, 'one', NOON, later(100)));
    await store.request(asked, { until: later(3) }, later(3));
    await store.setPaused(paused, true, later(3));
    await store.wake(woken, later(4));
    for (const lease of leases) await store.complete(lease!, later(1000), lease!.run);
    expect(await store.find(asked)).toMatchObject({ dueAt: later(3), request: { until: later(3) } });
    expect((await store.find(paused))?.dueAt).toBeUndefined();
    expect(await store.take(paused, 'two', later(5000), later(9000))).toBeUndefined();
    expect((await store.find(woken))?.dueAt).toEqual(later(4));
  });

  it('pauses, resumes, asks and forgets', async () => {
    const store = create();
    const name = randomUUID();
    const mine = shard();
    await store.configure(aReportJob({ name, shard: mine }), NOON);
    await store.request(name, { until: later(1) }, NOON);
    await store.request(name, { from: later(-9) }, NOON);
    expect((await store.find(name))?.request).toEqual({ until: later(1), from: later(-9) });
    await store.setPaused(name, true, NOON);
    await store.wake(name, NOON);
    await eventually(async () => expect(await store.due('report', mine, later(1e9), 10)).toEqual([]));
    await expect(store.request(name, {}, NOON)).rejects.toBeInstanceOf(NotFoundError);
    expect((await store.find(name))?.job.paused).toBe(true);
    await store.setPaused(name, false, later(7));
    await eventually(async () => expect(await store.due('report', mine, later(7), 10)).toEqual([name]));
    await store.remove(name);
    await store.remove(name);
    expect(await store.find(name)).toBeUndefined();
    expect((await store.list()).some(({ job }) => job.name === name)).toBe(false);
    await expect(store.setPaused(name, true, NOON)).rejects.toBeInstanceOf(NotFoundError);
    await store.wake(name, NOON);
    expect(await store.take(name, 'one', NOON, later(1))).toBeUndefined();
  });

  it('releases a job as it was', async () => {
    const store = create();
    const name = randomUUID();
    await store.configure(aReportJob({ name }), NOON);
    const lease = await store.take(name, 'one', NOON, later(100));
    await store.release(lease!);
    expect(await store.take(name, 'two', later(1), later(2))).toMatchObject({ owner: 'two', dueAt: NOON });
  });
}

describe('job store in memory', () => {
  promises(createMemoryJobStore);
});

describe.each(DYNAMO_ENGINES)('job store on DynamoDB (%s)', (name) => {
  let engine: TestDynamo;
  beforeAll(async () => {
    engine = await startTestDynamo(name);
  });
  afterAll(() => engine.stop());
  promises(() => createJobStore(engine.state));

  describe('that gives as little at a time as it may', () => {
    promises(() => createJobStore({ ...engine.state, client: createStingyClient(engine.client) }));
  });
});
