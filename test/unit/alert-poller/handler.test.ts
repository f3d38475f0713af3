import { describe, expect, it } from 'vitest';
import { createHandler } from '../../../functions/alert-poller/handler.ts';
import { nextDueAt } from '../../../functions/core/alerts/sweep-jobs.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
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
  const handle = createHandler({
    ...world.dependencies,
    jobs,
    work: createMemoryWorkStore(),
    openApi,
    metrics,
    nudge: async (shard) => void nudged.push(shard),
  });
  const tick = (slot?: Date, owner = 'me', deadline = AMPLE) =>
    handle({ shard: '0', ...(slot === undefined ? {} : { slot: slot.toISOString() }) }, { deadline, requestId: owner });
  return { ...world, jobs, metrics, nudged, failures, tick };
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
    expect(log.events.find(([event]) => event === 'alert.polled')?.[1]).toMatchObject({
      provider: 'fake',
      requests: 3,
    });
    clock.advance(60_000);
    await tick(clock.now());
    expect(nudged).toEqual(['0']);
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

  it('counts from when it was due, and skips what was missed', () => {
    expect(at(undefined, true, 0, new Date(NOON.getTime() - 5000))).toBe(115_000);
    expect(at(undefined, true, 0, new Date(NOON.getTime() - 500_000))).toBe(120_000);
  });
});
