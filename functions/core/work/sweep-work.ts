import { boundedApi } from '../alerts/bounded-api.ts';
import { followHint } from '../alerts/hints.ts';
import type { PassDependencies } from '../alerts/pass.ts';
import type { OpenApi, OpenApiFor } from '../api.ts';
import { AccessTokenRejectedError, ConfigInvalidError, NotFoundError, ServiceError } from '../errors.ts';
import { parseNoteJob } from '../notes/note.ts';
import type { JobStore } from '../schedules/job-store.ts';
import { DAY_MS, type Deadline, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';
import type { WorkRow, WorkStore } from './work.ts';

/** Rows looked at in one sweep: more than it has time for, so that many of one connection hide none of another. */
const LIST_LIMIT = 2000;
/** No row is begun with less time left: two calls to a provider have to fit. */
const ROW_MS = 22 * SECOND_MS;
/** A row that cannot be done stays for people to see until its time to live ends. */
const NEVER_MS = 30 * DAY_MS;

export interface WorkDependencies extends PassDependencies {
  readonly work: WorkStore;
  readonly jobs: JobStore;
  readonly openApi: OpenApiFor;
}

export interface WorkResult {
  readonly done: number;
  readonly announced: boolean;
  readonly unexpected: readonly unknown[];
}

/**
 * Does what was asked for: follows hints, writes notes. A connection that fails is left alone for the rest of the sweep;
 * its rows stay, each with the time of its next attempt.
 */
export async function sweepWork(
  dependencies: WorkDependencies,
  shard: string,
  deadline: Deadline,
): Promise<WorkResult> {
  const { work, clock, log } = dependencies;
  const rows = inTurns(await work.list(shard, clock.now(), LIST_LIMIT));
  const sweep: Sweep = { ...dependencies, apis: new Map(), told: new Map() };
  const failed = new Set<string>();
  const unexpected: unknown[] = [];
  let done = 0;
  let announced = false;
  for (const row of rows) {
    if (deadline.remainingMs() < ROW_MS) break;
    if (failed.has(row.connection)) continue;
    try {
      announced = (await doRow(sweep, row, deadline)) || announced;
      await work.done(shard, row);
      done += 1;
    } catch (error) {
      const code = error instanceof ServiceError ? error.code : 'UNKNOWN';
      log.warn('work.failed', { connection: row.connection, kind: row.kind, code, attempts: row.attempts });
      if (!(error instanceof ServiceError)) unexpected.push(error);
      if (error instanceof ServiceError && error.retryable) failed.add(row.connection);
      await work.postpone(shard, row, nextAttemptAt(row, error, clock.now()), code);
    }
  }
  return { done, announced, unexpected };
}

/** One row of each connection, then the next of each: whoever is told much waits longer, and nobody else. */
function inTurns(rows: readonly WorkRow[]): readonly WorkRow[] {
  const turns = new Map<string, number>();
  const placed = rows.map((row) => {
    const turn = turns.get(row.connection) ?? 0;
    turns.set(row.connection, turn + 1);
    return { row, turn };
  });
  return placed.toSorted((a, b) => a.turn - b.turn).map(({ row }) => row);
}

/**
 * What may work later is tried after 1, 2, 4 … minutes, hourly at the end; what will not is not tried again. A token that
 * was refused is another one by the next tick: a connection that stays refused is denied access, which is another error.
 */
export function nextAttemptAt(row: Pick<WorkRow, 'attempts'>, error: unknown, now: Date): Date {
  if (error instanceof AccessTokenRejectedError) return now;
  const hopeless = error instanceof ServiceError && !error.retryable;
  const wait = hopeless ? NEVER_MS : Math.min(HOUR_MS, MINUTE_MS * 2 ** Math.min(row.attempts, 10));
  return new Date(now.getTime() + wait);
}

/** A sweep while it goes on. */
interface Sweep extends WorkDependencies {
  readonly apis: Map<string, Promise<OpenApi>>;
  /** Versions that hints had published, by job. */
  readonly told: Map<string, number>;
}

async function doRow(sweep: Sweep, row: WorkRow, deadline: Deadline): Promise<boolean> {
  const api = sweep.apis.get(row.connection) ?? sweep.openApi(row.connection, 'alerts');
  sweep.apis.set(row.connection, api);
  const bounded = boundedApi(await api, deadline);
  return row.kind === 'hook' ? followRow(sweep, row, bounded, deadline) : writeRow(sweep, row, bounded);
}

async function followRow(sweep: Sweep, row: WorkRow, api: OpenApi, deadline: Deadline): Promise<boolean> {
  const { job: name, id } = row.payload;
  if (typeof name !== 'string' || typeof id !== 'string') throw new ConfigInvalidError('A hint without job or id');
  const state = await sweep.jobs.find(name);
  if (state === undefined) throw new NotFoundError(`There is no alert job ${name} any more`);
  const { job } = state;
  if (job.kind !== 'alert' || job.connection !== row.connection) {
    throw new ConfigInvalidError(`Job ${name} is no alert job of ${row.connection}`);
  }
  // The poll of a job that is resumed finds what changed.
  if (job.paused) return false;
  // So does the poll after a flood of hints, and has a digest speak for it; unless there is something that no poll finds.
  const told = sweep.told.get(name) ?? 0;
  if (told >= job.stormThreshold && api.provider.hooks?.standing === undefined) return false;
  const recorded = await followHint(sweep, job, api, id, deadline);
  sweep.told.set(name, told + recorded.single);
  return recorded.single + recorded.digested > 0;
}

async function writeRow({ log }: WorkDependencies, row: WorkRow, api: OpenApi): Promise<boolean> {
  const note = parseNoteJob(row.payload);
  if (note === undefined || note.connection !== row.connection) throw new ConfigInvalidError('A note that is none');
  const { writeNote, title } = api.provider;
  if (writeNote === undefined) throw new ConfigInvalidError(`${title} takes no notes`);
  const { status } = await writeNote(api.call, api.context, note);
  log.info('note.written', { connection: row.connection, status });
  return false;
}
