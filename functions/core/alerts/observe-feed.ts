import type { AlertJob } from '../jobs.ts';
import type { CallApi } from '../provider.ts';
import { type Deadline, HOUR_MS, MINUTE_MS } from '../time.ts';
import { DeadlineTooNearError, ServiceError } from '../errors.ts';
import type { AlertHead } from './head.ts';
import { cutShort, type Observation, ranOut, resumeOf } from './observation.ts';
import { readPages, type ReadPagesOptions, RECORDING_MS } from './read-pages.ts';
import type { Alert, AlertSource, AlertSourceContext, AlertSpan } from './source.ts';
import type { AlertCheckpoint } from './store.ts';

/** How far back each pass reads again: a provider's index lags, and its clock may be minutes off (A14, A15). */
export const OVERLAP_MS = 15 * MINUTE_MS;
/** How often everything that is open is listed, whatever the feed said. */
const RECONCILE_EVERY_MS = HOUR_MS;
/** Open alerts that are asked for one by one; more of them are listed. */
const ONE_BY_ONE = 10;
/** Single alerts asked for in one pass. */
const ONE_BY_ONE_LIMIT = 25;
/** Open alerts that are listed again in every pass; twice as many in every second one. */
const LISTED_EVERY_PASS = 1000;

export interface ObserveOptions {
  readonly job: AlertJob;
  readonly source: AlertSource;
  readonly context: AlertSourceContext;
  readonly call: CallApi;
  readonly checkpoint: AlertCheckpoint;
  /** What the job holds open. */
  readonly held: readonly AlertHead[];
  readonly deadline: Deadline;
}

export function overlapMs(job: AlertJob): number {
  return Math.max(OVERLAP_MS, 3 * job.everySeconds * 1000);
}

/**
 * Looks at a feed: what changed since the checkpoint minus the overlap, then what we hold open and the feed did not
 * show, because acknowledging, ticketing and closing may not move the stamp that the feed goes by.
 */
export async function observeFeed(options: ObserveOptions): Promise<Observation> {
  const { job, source, context, call, checkpoint, deadline } = options;
  const began = context.now;
  const resume = resumeOf(checkpoint, began);
  const span = resume ?? spanOf(job, checkpoint, began);
  const pages = await readPages({
    read: (cursor) => source.readPage(call, context, { from: span.from, to: span.to }, cursor),
    deadline,
    mayGrow: true,
    resume: resume?.pages,
  });
  const startedAt = resume?.startedAt ?? began;
  if (pages.interruption !== undefined) return cutShort(pages, startedAt, span);

  const alerts = new Map(pages.alerts);
  const again = await lookAgain(options, alerts);
  return {
    startedAt,
    alerts,
    vanished: again.vanished,
    unreadable: [...new Set([...pages.unreadable, ...again.unreadable])],
    complete: true,
    settled: pages.settled,
    listed: again.listed,
    ...(again.interruption === undefined ? {} : { interruption: again.interruption }),
  };
}

function spanOf(job: AlertJob, checkpoint: AlertCheckpoint, began: Date): AlertSpan {
  const position = Math.min(checkpoint.position.getTime(), began.getTime());
  return {
    from: new Date(position - overlapMs(job)),
    // A provider whose clock is ahead stamps its changes in our future.
    to: new Date(began.getTime() + OVERLAP_MS),
  };
}

interface SecondLook {
  readonly vanished: AlertHead[];
  readonly unreadable: string[];
  listed: boolean;
  interruption?: unknown;
}

/** Adds to `alerts` what is open and was not in the feed. */
async function lookAgain(options: ObserveOptions, alerts: Map<string, Alert>): Promise<SecondLook> {
  const { source, context, call, deadline, held } = options;
  const readOpenPage = source.readOpenPage?.bind(source);
  const readOne = source.readOne?.bind(source);
  const look: SecondLook = { vanished: [], unreadable: [], listed: readOpenPage === undefined };
  const missing = () => held.filter((head) => !alerts.has(head.id));
  if (readOpenPage !== undefined && listingIsDue(options, missing().length)) {
    const settle = readOne === undefined;
    const read: ReadPagesOptions['read'] = (cursor) => readOpenPage(call, context, cursor);
    const open = await readPages({ read, deadline, mayGrow: false, settle });
    for (const [id, alert] of open.alerts) alerts.set(id, alert);
    look.unreadable.push(...open.unreadable);
    if (open.interruption !== undefined) return { ...look, interruption: open.interruption };
    look.listed = true;
    if (settle && open.settled) {
      const unread = new Set(look.unreadable);
      look.vanished.push(...missing().filter((head) => !unread.has(head.id)));
    }
  } else if (readOpenPage !== undefined && missing().length > ONE_BY_ONE) {
    return look;
  }
  if (readOne !== undefined) {
    await readOneByOne(options, missing(), (id) => readOne(call, context, id), { alerts, look });
  }
  return look;
}

function listingIsDue({ job, checkpoint, context }: ObserveOptions, missing: number): boolean {
  if (checkpoint.listedAt === undefined) return true;
  const age = context.now.getTime() - checkpoint.listedAt.getTime();
  if (age >= RECONCILE_EVERY_MS) return true;
  const everyPasses = Math.ceil(missing / LISTED_EVERY_PASS);
  return missing > ONE_BY_ONE && age >= (everyPasses - 0.5) * job.everySeconds * 1000;
}

/** Asks for single alerts. One that cannot be read is counted and stops no other. */
async function readOneByOne(
  { context, deadline, job }: ObserveOptions,
  missing: readonly AlertHead[],
  readOne: (id: string) => Promise<Alert | undefined>,
  { alerts, look }: { readonly alerts: Map<string, Alert>; readonly look: SecondLook },
): Promise<void> {
  // Where there are more than one pass takes, the next pass begins at the next ones.
  const turn = Math.floor(context.now.getTime() / (job.everySeconds * 1000)) * ONE_BY_ONE_LIMIT;
  const first = missing.length > ONE_BY_ONE_LIMIT ? turn % missing.length : 0;
  const chosen = [...missing.slice(first), ...missing.slice(0, first)].slice(0, ONE_BY_ONE_LIMIT);
  for (const head of chosen) {
    try {
      if (deadline.remainingMs() < RECORDING_MS)
        throw new DeadlineTooNearError('Too little time is left to look again');
      const alert = await readOne(head.id);
      if (alert === undefined) look.vanished.push(head);
      else alerts.set(alert.id, alert);
    } catch (error) {
      if (!(error instanceof ServiceError) || ranOut(error)) {
        look.interruption = error;
        return;
      }
      look.unreadable.push(head.id);
    }
  }
}
