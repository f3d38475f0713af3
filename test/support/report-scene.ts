import { NotFoundError, StoreUnavailableError } from '../../functions/core/errors.ts';
import type { ExportInput } from '../../functions/core/reports/run-types.ts';
import type { SourceDescription } from '../../functions/core/reports/source.ts';
import { createSweepReports } from '../../functions/core/schedules/sweep-reports.ts';
import { createMemoryJobStore } from './memory-job-store.ts';
import { createMemoryWindowStore } from './memory-window-store.ts';
import { aReportJob } from './report-job.ts';

/** The report poller in memory: job `nightly`, whose executions are noted instead of run. */
export function createReportScene(description: Partial<SourceDescription> = {}) {
  const state = { now: new Date('2026-03-10T12:00:00Z') };
  const clock = { now: () => state.now };
  const jobs = createMemoryJobStore();
  const windows = createMemoryWindowStore();
  const started: { name: string; input: ExportInput }[] = [];
  const metrics: string[] = [];
  const measured: unknown[][] = [];
  const nudged: string[] = [];
  let failing = false;
  const described = (): SourceDescription => ({ kind: 'incremental', settleMs: 0, ...description });
  const sweep = createSweepReports({
    stage: 'test',
    jobs,
    windows,
    describe: (job) => {
      if (job.source === 'gone') throw new NotFoundError('no such source');
      if (job.source === 'bug') throw new TypeError('a bug');
      return described();
    },
    start: async (name, input) => {
      if (failing) throw new StoreUnavailableError('Lambda is down');
      started.push({ name, input });
    },
    nudge: async (shard) => void nudged.push(shard),
    clock,
    log: { info() {}, warn() {}, error() {} },
    metrics: {
      add(...given) {
        metrics.push(given[0]);
        measured.push(given);
      },
    },
  });
  let ticks = 0;
  const seal = async (input: ExportInput, state_: 'exported' | 'gap' = 'exported') => {
    const { sequence } = (await windows.chain(input.job))!;
    const key = { job: input.job, from: new Date(input.from), attempt: input.attempt };
    const sealed = {
      sequence: sequence + 1,
      manifestKey: `acme/nightly/m${sequence}`,
      manifestSha256: `s${sequence}`,
      rows: 5,
      bytes: 9,
    };
    await windows.seal(key, state_, sealed, { shard: '0', rows: [] }, state.now);
    await jobs.wake(input.job, state.now);
  };
  return {
    state,
    jobs,
    windows,
    started,
    metrics,
    measured,
    nudged,
    seal,
    clock,
    described,
    job: aReportJob({ zone: 'UTC' }),
    breakStart: (broken: boolean) => (failing = broken),
    tick: (at: string, remainingMs = () => 50_000) => {
      state.now = new Date(at);
      return sweep('0', `owner-${++ticks}`, { remainingMs });
    },
    fail: async (input: ExportInput, retryable = true) => {
      const key = { job: input.job, from: new Date(input.from), attempt: input.attempt };
      const error = { code: 'PROVIDER_UNAVAILABLE', message: 'no answer', retryable };
      await windows.fail(key, input.action === 'fill' ? 'gap' : 'failed', error, { shard: '0', rows: [] }, state.now);
      await jobs.wake(input.job, state.now);
    },
  };
}
