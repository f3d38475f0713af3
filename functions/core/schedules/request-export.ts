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

/** What is asked for besides *now*. */
export interface AskedSpan {
  readonly from?: Date;
  readonly to?: Date;
}

/** What will be covered because of the request; more than one window where boundaries lie inside. */
export interface Requested extends Window {
  /** Windows of gap records that will be filled. */
  readonly fills: readonly Window[];
}

export type RequestExport = (name: string, span?: AskedSpan) => Promise<Requested>;

/**
 * *Export now*, a back-fill from a date, or the filling of gaps.
 *
 * *Now* puts a boundary at this moment (an incremental source: at this moment less its settle delay, because what is
 * younger cannot be read yet); the schedule goes on from there, so that windows still tile. A back-fill lets the chain
 * reach back to a date. Where the chain covers the span already, its gap records in it are filled.
 *
 * @throws NotFoundError no such report job
 * @throws UsageError the past of a snapshot, a span without gaps, one that does not adjoin, or nothing new to export
 */
export function createRequestExport(deps: RequestExportDependencies): RequestExport {
  return async (name, { from, to } = {}) => {
    const { jobs, windows, describe, clock } = deps;
    const state = await jobs.find(name);
    if (state?.job.kind !== 'report') throw new NotFoundError(`No report job ${name}`);
    const { job, createdAt } = state;
    const source = describe(job);
    const chain = await windows.chain(name);
    const covered = coveredSpan({ timetable: job, startAt: job.startAt, createdAt, chain });
    if (from === undefined) {
      if (to !== undefined) throw new UsageError('--to needs a --from: which gaps are to be filled?');
      return exportNow(deps, job, source, covered);
    }
    refuseSnapshot(job, source);
    const first = wholeSecond(from);
    if (to !== undefined && to <= first) throw new UsageError('--to must be later than --from');
    if (first >= covered.from) return fillGaps(deps, name, covered, { from: first, to: to ?? covered.to });
    if (to !== undefined && to < covered.from) {
      throw new UsageError(
        `${name} covers ${covered.from.toISOString()} onwards, and what is added adjoins it: leave --to out`,
      );
    }
    await jobs.request(name, { from: first }, clock.now());
    return { from: first, to: covered.from, fills: [] };
  };
}

async function exportNow(
  { jobs, clock }: RequestExportDependencies,
  { name }: ReportJob,
  { kind, settleMs }: SourceDescription,
  covered: Window,
): Promise<Requested> {
  const now = clock.now();
  const until = wholeSecond(new Date(now.getTime() - (kind === 'incremental' ? settleMs : 0)));
  if (until <= covered.to) {
    throw new UsageError(`${name} is exported up to ${covered.to.toISOString()}: there is nothing newer to export yet`);
  }
  await jobs.request(name, { until }, now);
  return { from: covered.to, to: until, fills: [] };
}

async function fillGaps(
  { jobs, windows, clock }: RequestExportDependencies,
  name: string,
  covered: Window,
  span: Window,
): Promise<Requested> {
  const gaps = span.from < span.to ? await windows.gaps(name, span) : [];
  const [first] = gaps;
  if (first === undefined) {
    throw new UsageError(
      `${name} covers ${covered.from.toISOString()} to ${covered.to.toISOString()} already, and no gap begins there ` +
        `from ${span.from.toISOString()} on: give an earlier date, or the beginning of a gap`,
    );
  }
  for (const gap of gaps) await windows.ask(name, gap.from);
  await jobs.request(name, {}, clock.now());
  return { from: first.from, to: (gaps.at(-1) ?? first).to, fills: gaps };
}

function refuseSnapshot(job: ReportJob, { kind, snapshotReason }: SourceDescription): void {
  if (kind === 'incremental') return;
  const reason = snapshotReason ?? 'the provider only shows the present state';
  throw new UsageError(
    `${job.name} cannot be back-filled and its gaps stay, because ${job.source} is a snapshot: ${reason}`,
  );
}

function wholeSecond(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1000) * 1000);
}
