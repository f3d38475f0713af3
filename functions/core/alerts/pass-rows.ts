import type { OutboxRow } from '../events.ts';
import type { AlertJob } from '../jobs.ts';
import { MINUTE_MS, SECOND_MS } from '../time.ts';
import { blindRow, digestRow, type EventOrigin } from './alert-event.ts';
import { shortHash } from './fingerprint.ts';
import type { AlertHead } from './head.ts';
import type { Observation } from './observation.ts';
import type { Recorded } from './record.ts';
import { maintenanceEnded } from './storm.ts';
import type { AlertCheckpoint } from './store.ts';

/** Ticks are late by seconds: a gap of two intervals and this much is longer than two intervals. */
const TICK_JITTER_MS = 30_000;
/** No job is polled more often than there are ticks, whatever its interval. */
export const TICK_EVERY_MS = MINUTE_MS;
/** Ids that an event names. */
const NAMED = 20;

export interface ClosingOptions {
  readonly origin: EventOrigin;
  readonly job: AlertJob;
  readonly before: AlertCheckpoint;
  readonly began: Date;
  readonly now: Date;
  readonly seen: Observation;
  readonly recorded: Recorded;
  readonly held: readonly AlertHead[];
}

/** What a pass has to say besides its alerts; written in the transaction that moves the checkpoint, so said once. */
export function closingRows(options: ClosingOptions): OutboxRow[] {
  if (!options.seen.complete || !options.recorded.complete) return [];
  return [...gapRows(options), ...suspicionRows(options), ...unreadableRows(options), ...maintenanceRows(options)];
}

function gapRows({ origin, job, before, began, recorded, now }: ClosingOptions): OutboxRow[] {
  const gap = began.getTime() - before.succeededAt.getTime();
  const interval = Math.max(job.everySeconds * SECOND_MS, TICK_EVERY_MS);
  if (before.revision === 0 || gap <= 2 * interval + TICK_JITTER_MS) return [];
  const minutes = Math.round(gap / 60_000);
  const { opened, changed, resolved } = recorded.counts;
  const explanation =
    `saw nothing for ${minutes} minutes; ` +
    `since then ${opened} opened, ${changed} changed and ${resolved} resolved alerts were found`;
  const key = String(before.succeededAt.getTime());
  const blind = {
    key,
    reason: 'gap',
    from: before.succeededAt,
    to: began,
    explanation,
    found: recorded.counts,
  } as const;
  return [blindRow(origin, job, blind, now)];
}

function suspicionRows({ origin, job, before, began, seen, now }: ClosingOptions): OutboxRow[] {
  if (seen.suspicion === undefined) return [];
  const { held, seen: shown } = seen.suspicion;
  const explanation = `was shown ${shown} alerts where ${held} stood open; nothing is resolved until a second says so`;
  const found = { held, seen: shown };
  const key = String(began.getTime());
  return [
    blindRow(
      origin,
      job,
      { key, reason: 'shrunken-answer', from: before.succeededAt, to: began, explanation, found },
      now,
    ),
  ];
}

function unreadableRows({ origin, job, before, began, seen, now }: ClosingOptions): OutboxRow[] {
  const announced = new Set(before.unreadable);
  const fresh = seen.unreadable.filter((id) => !announced.has(shortHash(id)));
  if (fresh.length === 0) return [];
  const explanation = `was given ${seen.unreadable.length} items that cannot be read as alerts`;
  const found = { count: seen.unreadable.length, ids: fresh.slice(0, NAMED) };
  const key = `${fresh.map(shortHash).join('|')}|${began.getTime()}`;
  return [blindRow(origin, job, { key, reason: 'unreadable-items', from: began, to: began, explanation, found }, now)];
}

function maintenanceRows({ origin, job, before, began, held, now }: ClosingOptions): OutboxRow[] {
  const ended = maintenanceEnded(job, before, began);
  if (ended === undefined) return [];
  const { from, to, reason, versions } = ended;
  const open = held.filter((head) => head.openedAt !== undefined && head.openedAt >= from && head.openedAt < to);
  if (versions === 0 && open.length === 0) return [];
  const digest = {
    key: `maintenance|${to.getTime()}`,
    reason: 'maintenance',
    explanation: `${versions} changes in maintenance (${reason}), ${open.length} of its alerts are still open`,
    from,
    to,
    versions,
    counts: { open: open.length },
    sample: open,
  } as const;
  return [digestRow(origin, job, digest, now)];
}
