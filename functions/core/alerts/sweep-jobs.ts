import type { OpenApi, OpenApiFor } from '../api.ts';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  ConflictError,
  ConnectionPausedError,
  ReauthorizationRequiredError,
  ServiceError,
} from '../errors.ts';
import type { AlertJob } from '../jobs.ts';
import type { Metrics } from '../log.ts';
import { recordRun, type RunFigures } from '../schedules/job-run.ts';
import type { JobStore, LeasedJob } from '../schedules/job-store.ts';
import { type Deadline, MINUTE_MS, SECOND_MS } from '../time.ts';
import { boundedApi } from './bounded-api.ts';
import { ranOut } from './observation.ts';
import { type PassDependencies, type PassResult, runAlertPass } from './pass.ts';

/** Jobs that one sweep takes. */
export const DUE_LIMIT = 500;
/** Passes side by side: they wait for providers most of the time. */
export const CONCURRENCY = 12;
/** No pass is begun with less time left: one page and its recording have to fit. */
export const PASS_MS = 25 * SECOND_MS;
/** The lease outlives the invocation by this, for clocks that differ. */
const LEASE_SLACK_MS = 10 * SECOND_MS;
/** A job that keeps failing is tried less often, but never less often than this. */
const SLOWEST_MS = 15 * MINUTE_MS;

export interface SweepDependencies extends PassDependencies {
  readonly jobs: JobStore;
  readonly openApi: OpenApiFor;
  readonly metrics: Metrics;
  /** Looks after the webhooks that feed a job. `true` when it had something to announce. */
  readonly keepHooks?: (job: AlertJob, api: OpenApi) => Promise<boolean>;
}

export interface SweepResult {
  readonly passes: number;
  /** Shards with rows for their publisher. */
  readonly announced: boolean;
  /** What nobody foresaw: the run fails with these, after every job had its turn. */
  readonly unexpected: readonly unknown[];
}

/** Takes every alert job of a shard that is due, and gives each a pass. One job's failure is no other job's. */
export async function sweepJobs(
  dependencies: SweepDependencies,
  shard: string,
  owner: string,
  deadline: Deadline,
): Promise<SweepResult> {
  const { jobs, clock } = dependencies;
  const names = [...(await jobs.due('alert', shard, clock.now(), DUE_LIMIT))];
  const unexpected: unknown[] = [];
  let passes = 0;
  let announced = false;
  const worker = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (deadline.remainingMs() < PASS_MS) return;
      try {
        const result = await takeTurn(dependencies, name, owner, deadline);
        if (result !== undefined) passes += 1;
        announced ||= result?.announced ?? false;
      } catch (error) {
        unexpected.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, names.length) }, worker));
  return { passes, announced, unexpected };
}

/** One job's turn: lease, pass, figures. Throws what is a bug; a failure that has a code is in the job's figures. */
async function takeTurn(
  dependencies: SweepDependencies,
  name: string,
  owner: string,
  deadline: Deadline,
): Promise<PassResult | undefined> {
  const { jobs, clock, openApi, log } = dependencies;
  const now = clock.now();
  const until = new Date(now.getTime() + deadline.remainingMs() + LEASE_SLACK_MS);
  const lease = await jobs.take(name, owner, now, until);
  if (lease === undefined) return undefined;
  const { job } = lease;
  if (job.kind !== 'alert') {
    await jobs.release(lease);
    return undefined;
  }
  let api: OpenApi | undefined;
  let result: PassResult | undefined;
  let failure: unknown;
  try {
    api = boundedApi(await openApi(job.connection, 'alerts'), deadline);
    result = await runAlertPass(dependencies, job, api, deadline);
    failure = result.interruption;
    if (failure === undefined && (await dependencies.keepHooks?.(job, api))) result = { ...result, announced: true };
  } catch (error) {
    failure = error;
  }
  report(dependencies, lease, job, { result, failure, requests: api?.requests() ?? 0 });
  try {
    const run = figuresOf(lease, clock.now(), result, failure);
    await jobs.complete(lease, nextDueAt(lease, job, now, result, failure, run), run);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    log.warn('alert.lease-lost', { job: name });
  }
  if (failure !== undefined && !(failure instanceof ServiceError)) throw failure;
  return result;
}

function figuresOf(lease: LeasedJob, at: Date, result: PassResult | undefined, failure: unknown): RunFigures {
  const items = result === undefined ? 0 : sum(result);
  if (failure === undefined) return recordRun(lease.run, { at, items });
  const error =
    failure instanceof ServiceError
      ? { code: failure.code, message: failure.message }
      : { code: 'UNKNOWN', message: 'An unforeseen error: see the log of alert-poller' };
  return recordRun(lease.run, { at, items, error });
}

/**
 * When the job has its next turn: what ran out of something goes on at the next tick, what failed backs off, the rest keeps to
 * its interval, counted from when it was due, so that ticks that come late do not add up.
 */
export function nextDueAt(
  lease: Pick<LeasedJob, 'dueAt'>,
  job: AlertJob,
  now: Date,
  result: Pick<PassResult, 'complete'> | undefined,
  failure: unknown,
  run: Pick<RunFigures, 'failures'>,
): Date {
  const interval = job.everySeconds * SECOND_MS;
  if (ranOut(failure) || (failure === undefined && result?.complete === false)) {
    const wait = failure instanceof BudgetExhaustedError ? failure.retryAfterMs : 0;
    return new Date(now.getTime() + Math.min(wait, interval));
  }
  // Looking whether somebody has consented meanwhile, or ended a pause, costs one read.
  const cheap = failure instanceof ReauthorizationRequiredError || failure instanceof ConnectionPausedError;
  if (failure !== undefined && !cheap && !(failure instanceof ServiceError && failure.retryable)) {
    const backOff = interval * 2 ** Math.min(run.failures, 6);
    return new Date(now.getTime() + Math.max(interval, Math.min(backOff, SLOWEST_MS)));
  }
  const planned = (lease.dueAt ?? now).getTime() + interval;
  return new Date(planned <= now.getTime() ? now.getTime() + interval : planned);
}

/** What a turn came to. */
interface Turn {
  readonly result: PassResult | undefined;
  readonly failure: unknown;
  readonly requests: number;
}

function report(
  { metrics, log, clock }: SweepDependencies,
  lease: LeasedJob,
  job: AlertJob,
  { result, failure, requests }: Turn,
): void {
  const dimensions = { provider: job.provider };
  const { name, provider, connection } = job;
  if (result !== undefined) {
    metrics.add('AlertVersions', 'Count', sum(result), dimensions);
    const { counts, digested } = result;
    log.info('alert.polled', { job: name, connection, provider, ...counts, digested, requests });
  }
  if (failure instanceof BudgetExhaustedError) metrics.add('BudgetBlocked', 'Count', 1, dimensions);
  const lastSuccess = lease.run.lastSuccessAt ?? lease.createdAt;
  const silence = failure === undefined ? 0 : clock.now().getTime() - lastSuccess.getTime();
  const blindMs = silence > 2 * job.everySeconds * SECOND_MS ? silence : 0;
  metrics.add('BlindSeconds', 'Seconds', Math.round(blindMs / SECOND_MS), dimensions);
  if (failure === undefined) return;
  const code = failure instanceof ServiceError ? failure.code : 'UNKNOWN';
  const fields = { job: name, connection, provider, code };
  if (failure instanceof AccessTokenRejectedError || ranOut(failure)) log.info('alert.poll-put-off', fields);
  else log.warn('alert.poll-failed', fields);
}

function sum({ counts }: PassResult): number {
  return counts.opened + counts.changed + counts.resolved;
}
