import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createHandler } from '../../../functions/alert-poller/handler.ts';
import { nextDueAt, type SweepDependencies, sweepJobs } from '../../../functions/core/alerts/sweep-jobs.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ConfigInvalidError,
  ConflictError,
  ConnectionPausedError,
  ProviderRefusedError,
  ProviderUnavailableError,
  ReauthorizationRequiredError,
} from '../../../functions/core/errors.ts';
import { alertWorld, AMPLE, fakeApi, NOON, recordingMetrics } from '../../support/alert-world.ts';
import { createMemoryJobStore } from '../../support/memory-job-store.ts';
import { createMemoryWorkStore } from '../../support/memory-work-store.ts';
import { anAlertJob } from '../../support/report-job.ts';

async function setUp(names: readonly string[] = ['watch']) {
  const world = alertWorld({ mode: 'feed' });
  const jobs = createMemoryJobStore();
  for (const name of names) await jobs.configure(anAlertJob({ name, connection: `of-${name}` }), NOON);
  const metrics = recordingMetrics();
  const nudged: string[] = [];
  const failures = new Map<string, unknown>();
  const openApi = async (connection: string) => {
    if (failures.has(connection)) throw failures.get(connection);
    return { ...fakeApi(world.source, connection), requests: () => 3 };
  };
  const work = createMemoryWorkStore();
  const handle = createHandler({
    ...world.dependencies,
    jobs,
    work,
    openApi,
    metrics,
    nudge: async (shard) => {
      await aTurn();
      nudged.push(shard);
    },
  });
  const tick = (slot?: Date, owner = 'me', deadline = AMPLE) =>
    handle({ shard: '0', ...(slot === undefined ? {} : { slot: slot.toISOString() }) }, { deadline, requestId: owner });
  /** One sweep, without what the handler does around it. */
  const sweep = (change: Partial<SweepDependencies> = {}, deadline = AMPLE) =>
    sweepJobs({ ...world.dependencies, jobs, openApi, metrics, ...change }, '0', 'me', deadline);
  return { ...world, jobs, work, metrics, nudged, failures, tick, sweep };
}

describe('alert-poller', () => {
  it('polls what is due, wakes the publisher when there is news, and keeps to the interval', async () => {
    const { tick, set, nudged, jobs, clock, metrics, log } = await setUp();
    set('a');
    await tick(NOON);
    expect(nudged).toEqual(['0']);
    expect((await jobs.find('watch'))?.dueAt).toEqual(new Date(NOON.getTime() + 60_000));
    expect((await jobs.find('watch'))?.run).toMatchObject({ runs: 1, failures: 0, items: 1 });
    expect(metrics.values.get('AlertVersions')).toEqual([1]);
    expect(log.events).toEqual([
      ['alert.polled', expect.objectContaining({ provider: 'fake', requests: 3 })],
      ['sweep.completed', { shard: '0', passes: 1, work: 0 }],
    ]);
    clock.advance(60_000);
    await tick(clock.now());
    expect(nudged).toEqual(['0']);
  });

  it('follows hints before it polls, and wakes the publisher for what they tell alone', async () => {
    const { tick, set, nudged, work, fake } = await setUp();
    const payload = { job: 'watch', id: 'a' };
    const asked = { connection: 'of-watch', kind: 'hook', createdAt: NOON, revision: 'r1', attempts: 0 } as const;
    set('a');
    await work.add('0', { ...asked, id: 'watch#a', payload });
    await tick(NOON);
    expect(fake.requests.indexOf('one a')).toBe(0);
    expect(fake.requests.indexOf('page 1')).toBeGreaterThan(0);
    expect(nudged).toEqual(['0']);
    set('b');
    await work.add('0', { ...asked, id: 'watch#b', payload: { ...payload, id: 'b' } });
    await tick(NOON);
    expect(nudged).toEqual(['0', '0']);
  });

  it('P05: leaves a tick that is four minutes late to the next one', async () => {
    const { tick, clock, fake } = await setUp();
    clock.advance(240_001);
    await tick(NOON);
    expect(fake.requests).toEqual([]);
    await tick(new Date(NOON.getTime() + 1));
    expect(fake.requests).not.toEqual([]);
  });

  it('A20: of two ticks at once one polls', async () => {
    const { tick, fake, set } = await setUp();
    set('a');
    await Promise.all([tick(NOON, 'one'), tick(NOON, 'two')]);
    expect(fake.requests.filter((request) => request === 'page 1')).toHaveLength(1);
  });

  it('gives every job its turn whatever becomes of the others, and fails visibly on a bug', async () => {
    const { tick, failures, jobs, metrics } = await setUp(['a', 'b', 'c', 'd']);
    failures.set('of-a', new ProviderUnavailableError('502', { sent: true }));
    failures.set('of-b', new TypeError('a bug'));
    failures.set('of-c', new BudgetExhaustedError('none left', 30_000));
    await expect(tick(NOON)).rejects.toThrow(AggregateError);
    const figures = [];
    for (const name of ['a', 'b', 'c', 'd']) figures.push((await jobs.find(name))?.run.lastError?.code);
    expect(figures).toEqual(['PROVIDER_UNAVAILABLE', 'UNKNOWN', 'BUDGET_EXHAUSTED', undefined]);
    expect(metrics.values.get('BudgetBlocked')).toEqual([1]);
  });

  it('counts its interval from when it was due, also where the pass takes longer than that', async () => {
    const { tick, fake, jobs, clock, set } = await setUp();
    set('a');
    fake.beforePage = () => clock.advance(70_000);
    await tick(NOON);
    expect(clock.now().getTime()).toBeGreaterThan(NOON.getTime() + 60_000);
    expect((await jobs.find('watch'))?.dueAt).toEqual(new Date(NOON.getTime() + 60_000));
  });

  it('P01: begins no pass that its time does not cover', async () => {
    const { tick, fake } = await setUp();
    await tick(NOON, 'me', { remainingMs: () => 24_000 });
    expect(fake.requests).toEqual([]);
  });

  it('measures for how long a job that fails has been blind', async () => {
    const { tick, failures, clock, metrics } = await setUp();
    await tick(NOON);
    failures.set('of-watch', new ProviderUnavailableError('502', { sent: true }));
    for (let minute = 0; minute < 20; minute += 1) {
      clock.advance(60_000);
      await tick(clock.now());
    }
    expect(metrics.values.get('BlindSeconds')?.slice(0, 4)).toEqual([0, 0, 0, 180]);
    expect(metrics.values.get('BlindSeconds')?.at(-1)).toBe(1200);
    failures.clear();
    clock.advance(60_000);
    await tick(clock.now());
    expect(metrics.values.get('BlindSeconds')?.at(-1)).toBe(0);
  });
});

describe('a sweep', () => {
  it('says how many passes there were, and whether one of them has news', async () => {
    const { sweep, set, clock } = await setUp(['a', 'b']);
    expect(await sweep()).toEqual({ passes: 2, announced: false, unexpected: [] });
    clock.advance(60_000);
    set('x');
    expect(await sweep()).toEqual({ passes: 2, announced: true, unexpected: [] });
    expect(await sweep()).toEqual({ passes: 0, announced: false, unexpected: [] });
  });

  it('has no news of a job that somebody else took, or that is none of its kind', async () => {
    const { sweep, jobs } = await setUp();
    const { take, release } = jobs;
    expect(await sweep({ jobs: { ...jobs, take: async () => undefined } })).toMatchObject({
      passes: 0,
      announced: false,
    });
    let released = 0;
    const others = {
      ...jobs,
      take: async (...given: Parameters<typeof take>) => {
        const lease = await take(...given);
        return lease && ({ ...lease, job: { ...lease.job, kind: 'report' } } as never);
      },
      release: async (...given: Parameters<typeof release>) => ((released += 1), release(...given)),
    };
    expect(await sweep({ jobs: others })).toEqual({ passes: 0, announced: false, unexpected: [] });
    expect(released).toBe(1);
    expect((await jobs.find('watch'))?.run.runs).toBe(0);
  });

  it.each([
    [25_000, 1],
    [24_999, 0],
  ])('P01: begins a pass with the time for one: %i ms', async (ms, passes) => {
    const { sweep } = await setUp();
    expect(await sweep({}, { remainingMs: () => ms })).toMatchObject({ passes });
  });

  it('holds a job for as long as it may run and ten seconds more, and opens its connection as a poller', async () => {
    const { sweep, jobs, source } = await setUp();
    const until: Date[] = [];
    const opened: unknown[] = [];
    await sweep({
      jobs: { ...jobs, take: async (...given) => (until.push(given[3]), jobs.take(...given)) },
      openApi: async (...given) => (opened.push(given), fakeApi(source)),
    });
    expect(until).toEqual([new Date(NOON.getTime() + 60_000)]);
    expect(opened).toEqual([['of-watch', 'alerts']]);
  });

  it('has twelve passes side by side and no more', async () => {
    const { sweep, source } = await setUp(Array.from({ length: 30 }, (_, index) => `j${index}`));
    let [flying, most] = [0, 0];
    const openApi = async () => {
      most = Math.max(most, (flying += 1));
      await new Promise(setImmediate);
      flying -= 1;
      return fakeApi(source);
    };
    expect(await sweep({ openApi })).toMatchObject({ passes: 30 });
    expect(most).toBe(12);
  });

  it('looks after the webhooks of a pass that went well, and announces what they have to say', async () => {
    const { sweep, failures, clock, jobs } = await setUp();
    const kept: string[] = [];
    const keepHooks = async ({ name }: { readonly name: string }) => (kept.push(name), true);
    expect(await sweep({ keepHooks })).toEqual({ passes: 1, announced: true, unexpected: [] });
    clock.advance(60_000);
    expect(await sweep({ keepHooks: async () => false })).toMatchObject({ announced: false });
    clock.advance(60_000);
    failures.set('of-watch', new ProviderUnavailableError('502', { sent: true }));
    await sweep({ keepHooks });
    expect(kept).toEqual(['watch']);
    expect((await jobs.find('watch'))?.run.lastError?.message).toBe('502');
  });

  it('keeps what a cut pass saw, and looks after no webhook then', async () => {
    const { sweep, set, fake, source } = await setUp();
    set('x');
    const kept: string[] = [];
    const keepHooks = async ({ name }: { readonly name: string }) => (kept.push(name), false);
    const readOpenPage = async () => Promise.reject(new BudgetExhaustedError('none left', 7000));
    const openApi = async () => fakeApi({ ...source, readOpenPage });
    expect(await sweep({ keepHooks, openApi })).toMatchObject({ passes: 1, announced: true });
    expect([kept, fake.requests]).toEqual([[], ['page 1']]);
  });

  it('A20: leaves it at that where its lease went to another, and fails for what nobody knows', async () => {
    const { sweep, jobs, log, clock } = await setUp();
    const lost = { ...jobs, complete: async () => Promise.reject(new ConflictError('lost')) };
    expect(await sweep({ jobs: lost })).toEqual({ passes: 1, announced: false, unexpected: [] });
    expect(log.events).toContainEqual(['alert.lease-lost', { job: 'watch' }]);
    clock.advance(60_000);
    const bug = new TypeError('a bug');
    const broken = { ...jobs, complete: async () => Promise.reject(bug) };
    expect(await sweep({ jobs: broken })).toEqual({ passes: 0, announced: false, unexpected: [bug] });
  });

  it('measures by provider what it published, what the budget kept back, and for how long it was blind', async () => {
    const { sweep, set, change, failures, clock } = await setUp();
    const added: unknown[][] = [];
    const metrics = { add: (...given: unknown[]) => void added.push(given) };
    for (const id of ['a', 'b', 'c', 'd']) set(id);
    await sweep({ metrics });
    clock.advance(60_000);
    change('a', { state: 'resolved' });
    change('b', { severity: 'critical' });
    change('c', { severity: 'critical' });
    change('e', {});
    await sweep({ metrics });
    clock.advance(180_000);
    failures.set('of-watch', new BudgetExhaustedError('none left', 1000));
    await sweep({ metrics });
    const fake = { provider: 'fake' };
    expect(added).toEqual([
      ['AlertVersions', 'Count', 4, fake],
      ['BlindSeconds', 'Seconds', 0, fake],
      ['AlertVersions', 'Count', 4, fake],
      ['BlindSeconds', 'Seconds', 0, fake],
      ['BudgetBlocked', 'Count', 1, fake],
      ['BlindSeconds', 'Seconds', 180, fake],
    ]);
  });

  it.each([
    ['alert.poll-put-off', new AccessTokenRejectedError('x'), 'ACCESS_TOKEN_REJECTED'],
    ['alert.poll-put-off', new BudgetExhaustedError('x', 1000), 'BUDGET_EXHAUSTED'],
    ['alert.poll-failed', new ProviderRefusedError('x'), 'PROVIDER_REFUSED'],
    ['alert.poll-failed', new TypeError('x'), 'UNKNOWN'],
  ])('says %s of %s', async (event, failure, code) => {
    const { sweep, failures, log, jobs } = await setUp();
    failures.set('of-watch', failure);
    await sweep();
    const fields = { job: 'watch', connection: 'of-watch', provider: 'fake', code };
    expect(log.events).toEqual([[event, fields]]);
    const message = code === 'UNKNOWN' ? 'An unforeseen error: see the log of alert-poller' : 'x';
    expect((await jobs.find('watch'))?.run.lastError).toMatchObject({ code, message });
  });

  it('says of a job whose source is no more what to do', async () => {
    const { sweep, jobs } = await setUp([]);
    await jobs.configure(anAlertJob({ source: 'toString' }), NOON);
    await sweep();
    expect((await jobs.find('watch'))?.run.lastError?.code).toBe(new ConfigInvalidError('x').code);
  });
});

describe('the next turn', () => {
  const job = anAlertJob({ everySeconds: 120 });
  const at = (failure: unknown, complete = true, failures = 1, dueAt = NOON) =>
    nextDueAt({ dueAt }, job, NOON, { complete }, failure, { failures }).getTime() - NOON.getTime();

  it.each([
    ['went well', undefined, 120_000],
    ['lost its token', new AccessTokenRejectedError('x'), 0],
    ['had no budget', new BudgetExhaustedError('x', 7000), 7000],
    ['had no budget for hours', new BudgetExhaustedError('x', 7_000_000), 120_000],
    ['failed in passing', new ProviderUnavailableError('x', { sent: true }), 120_000],
    ['waits for a person', new ReauthorizationRequiredError('x'), 120_000],
    ['is paused', new ConnectionPausedError('x'), 120_000],
    ['was refused', new ProviderRefusedError('x'), 240_000],
    ['met a bug', new TypeError('x'), 240_000],
  ])('of a job that %s', (_what, failure, wait) => {
    expect(at(failure)).toBe(wait);
  });

  it('goes on at once where time ran out in the recording', () => {
    expect(at(undefined, false)).toBe(0);
  });

  it('backs off to a quarter of an hour', () => {
    expect(at(new ProviderRefusedError('x'), true, 50)).toBe(900_000);
  });

  it('keeps to its interval after a failure that left its work half done, and at its very time goes on', () => {
    expect(at(new ProviderUnavailableError('x', { sent: true }), false)).toBe(120_000);
    expect(nextDueAt({ dueAt: NOON }, job, NOON, undefined, undefined, { failures: 0 }).getTime()).toBe(
      NOON.getTime() + 120_000,
    );
    expect(at(undefined, true, 0, new Date(NOON.getTime() - 120_000))).toBe(120_000);
  });

  it('counts from when it was due, and skips what was missed', () => {
    expect(at(undefined, true, 0, new Date(NOON.getTime() - 5000))).toBe(115_000);
    expect(at(undefined, true, 0, new Date(NOON.getTime() - 500_000))).toBe(120_000);
  });
});
