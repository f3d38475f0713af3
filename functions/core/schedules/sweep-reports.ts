import { ConflictError, ServiceError } from '../errors.ts';
import type { ReportJob } from '../jobs.ts';
import type { Log, Metrics } from '../log.ts';
import { exportEvent } from '../reports/export-events.ts';
import type { SourceDescription } from '../reports/source.ts';
import { type Clock, type Deadline, MINUTE_MS, SECOND_MS } from '../time.ts';
import { checkChainOwner } from './chain-owner.ts';
import { decide, type Decision, latenessMs, RESTART_AFTER_MS, STALLED_AFTER_MS, startsToLookUp } from './decide.ts';
import { recordRun, type RunFigures } from './job-run.ts';
import type { JobStore, LeasedJob } from './job-store.ts';
import { executionName, type StartExport } from './start-export.ts';
import { type Chain, keptError, type WindowRecord, type WindowStore } from './window-store.ts';

/** Jobs looked at per tick and shard. What is left over is the longest due on the next tick. */
const BATCH = 200;
const IN_FLIGHT = 8;

/** Longer than one job takes, shorter than a function's time-out and a tick together. */
const LEASE_MS = 2 * MINUTE_MS;

/** A job needs a few reads and writes; it is not begun with less than this. */
const JOB_NEEDS_MS = 10 * SECOND_MS;

/** How often a running export is looked at. Its end wakes the job before. */
const WATCH_MS = 5 * MINUTE_MS;

/** After a failure that is ours to mend (an unknown source, a broken schedule). */
const BROKEN_MS = 15 * MINUTE_MS;

export interface SweepReportsDependencies {
  readonly stage: string;
  readonly jobs: JobStore;
  readonly windows: WindowStore;
  readonly describe: (job: ReportJob) => SourceDescription;
  readonly start: StartExport;
  readonly nudge: (shard: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Looks at every report job of a shard that is due. `owner` is unique to this run. */
export type SweepReports = (shard: string, owner: string, deadline: Deadline) => Promise<void>;

/**
 * Starts what is due, watches what runs, and says what is late.
 *
 * @throws AggregateError when jobs could not be looked at, after all others were
 */
export function createSweepReports(deps: SweepReportsDependencies): SweepReports {
  return async (shard, owner, deadline) => {
    const names = [...(await deps.jobs.due('report', shard, deps.clock.now(), BATCH))];
    const failures: unknown[] = [];
    const worker = async () => {
      while (deadline.remainingMs() >= JOB_NEEDS_MS) {
        const name = names.shift();
        if (name === undefined) return;
        try {
          await lookAt(deps, name, owner);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} report jobs could not be looked at`);
  };
}

async function lookAt(deps: SweepReportsDependencies, name: string, owner: string): Promise<void> {
  const now = deps.clock.now();
  const lease = await deps.jobs.take(name, owner, now, new Date(now.getTime() + LEASE_MS));
  if (lease?.job.kind !== 'report') return;
  try {
    const { dueAt, run } = await advance(deps, lease, lease.job, now);
    await deps.jobs.complete(lease, dueAt, run);
  } catch (error) {
    // Somebody else was first with the lease or the window: the next tick sees what they did.
    if (error instanceof ConflictError) return deps.jobs.release(lease);
    if (!(error instanceof ServiceError) || error.retryable) throw error;
    deps.log.error('job.broken', { job: name, code: error.code, message: error.message });
    const result = { at: now, items: 0, error: { code: error.code, message: error.message } };
    await deps.jobs.complete(lease, new Date(now.getTime() + BROKEN_MS), recordRun(lease.run, result));
  }
}

interface Next {
  readonly dueAt: Date;
  readonly run: RunFigures;
}

async function advance(deps: SweepReportsDependencies, lease: LeasedJob, job: ReportJob, now: Date): Promise<Next> {
  const chain = await deps.windows.chain(job.name);
  const run = await countRuns(deps, lease, chain);
  if (chain?.current) {
    const record = await deps.windows.find(job.name, chain.current.from);
    if (record?.state === 'running') {
      noteLateness(deps, lease, job, chain, now);
      return { dueAt: await watch(deps, job, record, now), run };
    }
  }
  checkChainOwner(job, chain);
  const { createdAt, request } = lease;
  const input = { timetable: job, source: deps.describe(job), startAt: job.startAt, createdAt, request, chain, now };
  noteLateness(deps, lease, job, chain, now);
  const records = new Map<number, WindowRecord>();
  for (const from of startsToLookUp(input)) {
    const record = await deps.windows.find(job.name, from);
    if (record) records.set(from.getTime(), record);
  }
  const decision = decide({ ...input, records });
  if (decision.type === 'wait') return { dueAt: decision.until, run };
  await begin(deps, job, decision, now);
  return { dueAt: new Date(now.getTime() + WATCH_MS), run };
}

/** An export that runs, or is tried again and again, is as late as one that does not. */
function noteLateness(
  { describe, metrics, log }: SweepReportsDependencies,
  { createdAt, request }: LeasedJob,
  job: ReportJob,
  chain: Chain | undefined,
  now: Date,
): void {
  try {
    const input = { timetable: job, source: describe(job), startAt: job.startAt, createdAt, request, chain, now };
    if (latenessMs(input) === 0) return;
  } catch (error) {
    // What is wrong with the source or the schedule is told when the next window is decided on.
    if (error instanceof ServiceError) return;
    throw error;
  }
  metrics.add('ExportsLate', 'Count', 1, { provider: job.provider });
  log.warn('export.delayed', { job: job.name, covered: chain?.to.toISOString() });
}

async function begin(
  deps: SweepReportsDependencies,
  job: ReportJob,
  decision: Exclude<Decision, { type: 'wait' }>,
  now: Date,
): Promise<void> {
  const { type: action, window, attempt } = decision;
  const key = { job: job.name, from: window.from, attempt };
  const reason = decision.type === 'gap' ? { reason: decision.reason } : {};
  const execution = executionName(deps.stage, key);
  const record = await deps.windows.begin({ ...key, to: window.to, action, execution, ...reason }, now);
  await launch(deps, record);
}

async function launch({ start, log }: SweepReportsDependencies, record: WindowRecord): Promise<void> {
  const { job, from, to, attempt, action, execution, reason } = record;
  const given = reason === undefined ? {} : { reason };
  await start(execution, { job, from: from.toISOString(), to: to.toISOString(), attempt, action, ...given });
  log.info('export.started', { job, from: from.toISOString(), to: to.toISOString(), attempt, action });
}

/** A running export: started again when it may never have been, given up when it has been silent for hours. */
async function watch(deps: SweepReportsDependencies, job: ReportJob, record: WindowRecord, now: Date): Promise<Date> {
  const silentMs = now.getTime() - record.updatedAt.getTime();
  if (silentMs < STALLED_AFTER_MS) {
    if (silentMs >= RESTART_AFTER_MS) await launch(deps, record);
    return new Date(now.getTime() + WATCH_MS);
  }
  const message = 'The export has given no sign of life for hours';
  const error = { code: 'STALLED', message, retryable: true, mayStand: true as const };
  const window = { from: record.from.toISOString(), to: record.to.toISOString() };
  const summary = `${job.name}: attempt ${record.attempt} at ${window.from} to ${window.to} failed: ${error.message}`;
  const data = { code: error.code, message: error.message, retryable: true };
  const base = { stage: deps.stage, job, type: 'failed' as const, window, attempt: record.attempt, at: now };
  const rows = [exportEvent({ ...base, summary, data })];
  const stays = record.action === 'fill' ? 'gap' : 'failed';
  await deps.windows.fail(record, stays, keptError(record, error), { shard: job.shard, rows }, now);
  await deps.nudge(job.shard);
  return now;
}

/** Figures of the windows that ended since the last look. The chain and the newest failure tell. */
async function countRuns({ windows }: SweepReportsDependencies, lease: LeasedJob, chain: Chain | undefined) {
  if (chain === undefined) return lease.run;
  let { run } = lease;
  const since = run.lastRunAt?.getTime() ?? 0;
  const ended = (await windows.list(lease.job.name, 10))
    .filter(({ state, updatedAt }) => state !== 'running' && updatedAt.getTime() > since)
    .toSorted((a, b) => a.updatedAt.getTime() - b.updatedAt.getTime());
  for (const { updatedAt: at, to, state, sealed, error } of ended) {
    const latenciesMs = state === 'exported' ? [Math.max(0, at.getTime() - to.getTime())] : [];
    const failure = error ? { error: { code: error.code, message: error.message } } : {};
    run = recordRun(run, { at, items: sealed?.rows ?? 0, latenciesMs, ...failure });
  }
  return run;
}
