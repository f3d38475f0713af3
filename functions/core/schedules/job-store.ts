import type { Job } from '../jobs.ts';
import type { RunFigures } from './job-run.ts';

/** What a person asked of a report job besides its schedule. Never cleared: what lies behind the chain asks for nothing. */
export interface ExportRequest {
  /** *Export now*: the running window ends here instead of at the schedule's next time. */
  readonly until?: Date;
  /** Back-fill: the chain is to reach back to here. Incremental sources only. */
  readonly from?: Date;
}

/** A job as it is configured and as it runs. */
export interface JobState {
  readonly job: Job;
  /** When it was first applied: where a report job without `startAt` begins to count. */
  readonly createdAt: Date;
  /** When somebody has to look at it next. `undefined` while it is paused. */
  readonly dueAt: Date | undefined;
  readonly run: RunFigures;
  readonly request: ExportRequest;
}

/** A job that is ours to run until `until`, and nobody else's. */
export interface LeasedJob extends JobState {
  readonly owner: string;
  readonly until: Date;
}

/** Configuration and run state of report and alert jobs. */
export interface JobStore {
  /**
   * Creates a job or replaces its configuration, and makes it due at `now`, so that the next tick works out when it is
   * really due. Run state (figures, requests, lease, first application) is kept. A paused job is never due.
   */
  configure(job: Job, now: Date): Promise<void>;
  /** Forgets a job. Its windows, chain and alert heads stay. No such job: nothing happens. */
  remove(name: string): Promise<void>;
  /** @throws NotFoundError no such job */
  setPaused(name: string, paused: boolean, now: Date): Promise<void>;
  find(name: string): Promise<JobState | undefined>;
  /** Every job, paused ones included, by name. */
  list(): Promise<readonly JobState[]>;
  /**
   * Names of the jobs of one shard that are due, the longest due first. From an index that may lag: `take` decides.
   */
  due(kind: Job['kind'], shard: string, now: Date, limit: number): Promise<readonly string[]>;
  /**
   * Takes a job that is due, for `owner`, until `until`. `undefined` when it is gone, paused, not due after all, or
   * somebody else's.
   */
  take(name: string, owner: string, now: Date, until: Date): Promise<LeasedJob | undefined>;
  /**
   * Gives a job back with its next due time and its figures.
   *
   * A configuration, request or pause that came in meanwhile wins: then the job stays due at the earlier time.
   *
   * @throws ConflictError when the lease was lost; nothing is written then.
   */
  complete(lease: LeasedJob, nextDueAt: Date, run: RunFigures): Promise<void>;
  /** Gives a job back as it was: the next tick takes it again. Losing the lease meanwhile is no error. */
  release(lease: LeasedJob): Promise<void>;
  /**
   * Adds to what is asked of a report job and makes it due. @throws NotFoundError no such job
   */
  request(name: string, request: ExportRequest, now: Date): Promise<void>;
  /** Makes a job due at `now`, because something that it waits for has happened. Gone or paused: nothing happens. */
  wake(name: string, now: Date): Promise<void>;
}
