import type { OpenApi } from '../api.ts';
import { ConfigInvalidError } from '../errors.ts';
import type { AlertJob } from '../jobs.ts';
import { DAY_MS, type Deadline, MINUTE_MS } from '../time.ts';
import { blindRow } from './alert-event.ts';
import { shortHash } from './fingerprint.ts';
import type { AlertHead } from './head.ts';
import type { Observation } from './observation.ts';
import { observeFeed, type ObserveOptions } from './observe-feed.ts';
import { observeSnapshot } from './observe-snapshot.ts';
import { closingRows } from './pass-rows.ts';
import { type Recorded, type RecordDependencies, type RecordOptions, recordAlerts } from './record.ts';
import type { AlertSource, AlertSourceContext } from './source.ts';
import { allowanceAt, maintenanceAt, maintenanceEnded } from './storm.ts';
import type { AlertCheckpoint } from './store.ts';
import { vanished } from './transition.ts';

/** How far back a job looks whose checkpoint is gone while it holds alerts open. */
const LOOK_BACK_MS = DAY_MS;
/** Unreadable items that are remembered as announced. */
const UNREADABLE_LIMIT = 500;

export type PassDependencies = RecordDependencies;

export interface PassResult extends Recorded {
  /** Rows were written: the publisher has something to do. */
  readonly announced: boolean;
  /** Why the pass ended early; what it saw is recorded, and the next one goes on. */
  readonly interruption?: unknown;
}

/**
 * One pass of an alert job: look, record, move the checkpoint.
 *
 * The checkpoint moves last and only over what is recorded (I15), so a crash at any point makes the next pass look at
 * the same again, and heads make that silent.
 */
export async function runAlertPass(
  dependencies: PassDependencies,
  job: AlertJob,
  api: OpenApi,
  deadline: Deadline,
): Promise<PassResult> {
  const { store, clock, log } = dependencies;
  const source = alertSourceOf(job, api);
  const began = clock.now();
  const stored = await store.checkpoint(job.name);
  const held = await store.open(job.name);
  const before = stored ?? firstCheckpoint(began, held);
  const context = { ...api.context, options: job.options, now: began };
  const options = { job, source, context, call: api.call, checkpoint: before, held, deadline };
  const seen = await observe(source, options);
  if (seen.complete && !seen.settled) log.warn('alert.pass-unsettled', { job: job.name });

  const recorded = await recordAlerts(
    dependencies,
    {
      job,
      look: { pass: began.getTime(), bornAt: before.bornAt },
      baseline: job.announceExisting === false && before.listedAt === undefined,
      allowance: allowanceAt(job, before, began),
      maintenance: maintenanceAt(job, began),
      deadline,
      known: held,
      ...enrichment(source, api, context),
    },
    [...seen.alerts.values(), ...seen.vanished.filter(({ id }) => !seen.alerts.has(id)).map(vanished)],
  );

  const now = clock.now();
  const after = nextCheckpoint({ job, source, before, began, seen, recorded });
  const rows = closingRows({ origin: dependencies.origin, job, before, began, now, seen, recorded, held });
  if (stored === undefined && held.length > 0) rows.push(lostRow(dependencies, job, before, began, recorded));
  await store.saveCheckpoint({ job: job.name, shard: job.shard }, after, before.revision, rows, now);
  const announced = recorded.single + recorded.digested + rows.length > 0;
  return { ...recorded, announced, ...(seen.interruption === undefined ? {} : { interruption: seen.interruption }) };
}

/** @throws ConfigInvalidError when the provider has no such source (any more). */
export function alertSourceOf(job: AlertJob, api: OpenApi): AlertSource {
  const sources = api.provider.alertSources;
  const source = Object.hasOwn(sources, job.source) ? sources[job.source] : undefined;
  if (source === undefined) {
    throw new ConfigInvalidError(
      `Alert job ${job.name} names ${job.source}, which ${api.provider.title} does not have`,
    );
  }
  return source;
}

/** How details are added, where the source has any to add. */
export function enrichment(
  source: AlertSource,
  api: OpenApi,
  context: AlertSourceContext,
): Pick<RecordOptions, 'enrich'> {
  const enrich = source.enrich?.bind(source);
  return enrich === undefined ? {} : { enrich: (alert) => enrich(api.call, context, alert) };
}

function observe(source: AlertSource, options: ObserveOptions): Promise<Observation> {
  return source.mode === 'feed' ? observeFeed(options) : observeSnapshot(options);
}

/** A new job begins now; one that holds alerts open has lost its checkpoint and looks back (A27). */
function firstCheckpoint(began: Date, held: readonly AlertHead[]): AlertCheckpoint {
  const bornAt = held.length === 0 ? began : new Date(began.getTime() - LOOK_BACK_MS);
  return { revision: 0, bornAt, position: bornAt, succeededAt: began };
}

function lostRow(
  { origin }: PassDependencies,
  job: AlertJob,
  before: AlertCheckpoint,
  began: Date,
  recorded: Recorded,
) {
  return blindRow(
    origin,
    job,
    {
      key: String(began.getTime()),
      reason: 'checkpoint-lost',
      from: before.bornAt,
      to: began,
      explanation: 'had lost its checkpoint and looked back one day',
      found: recorded.counts,
    },
    began,
  );
}

interface Ended {
  readonly job: AlertJob;
  readonly source: AlertSource;
  readonly before: AlertCheckpoint;
  readonly began: Date;
  readonly seen: Observation;
  readonly recorded: Recorded;
}

/** Where the next pass begins. Pure. */
export function nextCheckpoint({ job, source, before, began, seen, recorded }: Ended): AlertCheckpoint {
  const minute = Math.floor(began.getTime() / MINUTE_MS);
  const used = before.minute?.at === minute ? before.minute.versions : 0;
  // A digest speaks for them when a pass has seen everything after the maintenance, and not before.
  const told = seen.complete && recorded.complete && maintenanceEnded(job, before, began) !== undefined;
  const added = maintenanceAt(job, began) === undefined ? 0 : recorded.digested;
  const silenced = (told ? 0 : (before.silenced ?? 0)) + added;
  const { resume, suspicion, ...kept } = before;
  const base: AlertCheckpoint = {
    ...kept,
    revision: before.revision + 1,
    minute: { at: minute, versions: used + recorded.single },
    silenced,
  };
  if (!recorded.complete) return { ...base, ...(resume ? { resume } : {}), ...(suspicion ? { suspicion } : {}) };
  if (!seen.complete) {
    return { ...base, ...(seen.resume ? { resume: seen.resume } : {}), ...(suspicion ? { suspicion } : {}) };
  }
  const reach = seen.startedAt.getTime() - source.lagMs;
  // A span that will not settle is read again, but not for ever more: a day is read over and over by then.
  const position = seen.settled ? reach : Math.max(before.position.getTime(), reach - DAY_MS);
  const listedAt = seen.listed ? began : before.listedAt;
  return {
    ...base,
    position: new Date(position),
    succeededAt: began,
    ...(listedAt === undefined ? {} : { listedAt }),
    ...(seen.suspicion === undefined ? {} : { suspicion: seen.suspicion }),
    unreadable: seen.unreadable.slice(0, UNREADABLE_LIMIT).map(shortHash),
  };
}
