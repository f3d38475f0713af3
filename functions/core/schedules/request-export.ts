import { NotFoundError, UsageError } from '../errors.ts';
import type { ReportJob } from '../jobs.ts';
import type { SourceDescription, Window } from '../reports/source.ts';
import type { Clock } from '../time.ts';
import { coveredSpan } from './decide.ts';
import type { JobStore } from './job-store.ts';
import type { WindowStore } from './window-store.ts';

export interface RequestExportDependencies {
  readonly jobs: JobStore;
  readonly windows: WindowStore;
  readonly describe: (job: ReportJob) => SourceDescription;
  readonly clock: Clock;
}

/** The span that will be covered because of the request; more than one window where boundaries lie inside. */
export type RequestExport = (name: string, backfillFrom?: Date) => Promise<Window>;

/**
 * *Export now*, or a back-fill from a date.
 *
 * *Now* puts a boundary at this moment (an incremental source: at this moment less its settle delay, because what is
 * younger cannot be read yet); the schedule goes on from there, so that windows still tile. A back-fill lets the chain
 * reach back to a date.
 *
 * @throws NotFoundError no such report job
 * @throws UsageError a back-fill of a snapshot, a date that is covered or to come, or nothing new to export
 */
export function createRequestExport({ jobs, windows, describe, clock }: RequestExportDependencies): RequestExport {
  return async (name, backfillFrom) => {
    const state = await jobs.find(name);
    if (state?.job.kind !== 'report') throw new NotFoundError(`No report job ${name}`);
    const { job, createdAt } = state;
    const now = clock.now();
    const source = describe(job);
    const chain = await windows.chain(name);
    const covered = coveredSpan({ timetable: job, startAt: job.startAt, createdAt, chain });
    if (backfillFrom !== undefined) {
      const from = wholeSecond(backfillFrom);
      refuseBackfill(job, source, covered, from);
      await jobs.request(name, { from }, now);
      return { from, to: covered.from };
    }
    const until = wholeSecond(new Date(now.getTime() - (source.kind === 'incremental' ? source.settleMs : 0)));
    if (until <= covered.to) {
      throw new UsageError(
        `${name} is exported up to ${covered.to.toISOString()}: there is nothing newer to export yet`,
      );
    }
    await jobs.request(name, { until }, now);
    return { from: covered.to, to: until };
  };
}

function refuseBackfill(job: ReportJob, source: SourceDescription, covered: Window, from: Date): void {
  if (source.kind === 'snapshot') {
    const reason = source.snapshotReason ?? 'the provider only shows the present state';
    throw new UsageError(`${job.name} cannot be back-filled, ${job.source} is a snapshot: ${reason}`);
  }
  if (from >= covered.from) {
    throw new UsageError(`${job.name} covers ${covered.from.toISOString()} onwards already: give an earlier date`);
  }
}

function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}
