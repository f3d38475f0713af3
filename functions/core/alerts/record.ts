import { ConflictError, ServiceError } from '../errors.ts';
import type { AlertJob, MaintenanceWindow } from '../jobs.ts';
import type { Log } from '../log.ts';
import type { Clock, Deadline } from '../time.ts';
import { alertRow, digestRow, type EventOrigin } from './alert-event.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { AlertChange, AlertHead } from './head.ts';
import type { Alert } from './source.ts';
import { type AlertDestination, type AlertStore, COMMIT_LIMIT } from './store.ts';
import { divideNews, stormDigest } from './storm.ts';
import { type Look, type Transition, type TransitionKind, transitionOf } from './transition.ts';

/** Sum of the events of one commit: DynamoDB takes 4 MB in a transaction. */
const COMMIT_BYTES = 2_500_000;
/** No commit is begun with less time left. */
const COMMIT_MS = 3_000;
/** A call to the provider and the commit after it have to fit: details are never worth a killed pass. */
const ENRICH_MS = 18_000;
/** How often a head that others keep changing is compared again. */
const CONFLICT_TRIES = 3;

export interface RecordDependencies {
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly origin: EventOrigin;
}

export interface RecordOptions {
  readonly job: AlertJob;
  readonly look: Look;
  /** Takes what is open as known, without a word. */
  readonly baseline: boolean;
  /** Versions that may be published one by one. */
  readonly allowance: number;
  readonly maintenance?: MaintenanceWindow | undefined;
  readonly deadline: Deadline;
  /** Heads that are known already, perhaps some seconds old. One with the same fingerprint is news of nothing. */
  readonly known?: readonly AlertHead[];
  /** Adds what a list lacks. Asked for only where a message is to be written. */
  readonly enrich?: (alert: Alert) => Promise<Alert>;
}

export interface Recorded {
  readonly counts: Readonly<Record<TransitionKind, number>>;
  /** Published one by one. */
  readonly single: number;
  readonly digested: number;
  /** Everything was recorded; otherwise time ran out, and the next pass finds the rest again. */
  readonly complete: boolean;
}

/**
 * Compares what was seen with the heads and records what is news: each head with its event, in one transaction.
 *
 * The digest of a storm is written before what it speaks for: a crash between leaves a digest too many, never a flood
 * that nobody was told of.
 */
export async function recordAlerts(
  dependencies: RecordDependencies,
  options: RecordOptions,
  alerts: readonly Alert[],
): Promise<Recorded> {
  const { store, clock } = dependencies;
  const { job, look } = options;
  // A head that is older than it should be hides a change for one pass at most: the next one reads a newer one.
  const fingerprints = new Map(options.known?.map(({ id, fingerprint }) => [id, fingerprint]));
  const others = alerts.filter((alert) => fingerprints.get(alert.id) !== fingerprintOf(alert));
  const heads = await store.heads(
    job.name,
    others.map(({ id }) => id),
  );
  const news = others.flatMap((alert) => transitionOf(heads.get(alert.id), alert, look) ?? []);
  const division = divideNews(news, options.baseline ? news.length : options.allowance, options.maintenance);
  if (division.reason === 'storm') {
    const now = clock.now();
    const digest = stormDigest(job, division.digested, look.pass, now);
    await store.announce(job.shard, [digestRow(dependencies.origin, job, digest, now)], now);
  }
  const recording: Recording = {
    ...dependencies,
    ...options,
    counts: { opened: 0, changed: 0, resolved: 0 },
    single: 0,
    digested: 0,
    enriching: !options.baseline,
  };
  const complete =
    (await commitAll(recording, division.single, false)) && (await commitAll(recording, division.digested, true));
  const { counts, single, digested } = recording;
  return { counts, single, digested, complete };
}

/** Recording while it goes on. */
interface Recording extends RecordDependencies, RecordOptions {
  readonly counts: Record<TransitionKind, number>;
  single: number;
  digested: number;
  /** Off once asking for details ran into a limit: alerts are not held back for them. */
  enriching: boolean;
}

/** Commits in transactions as full as they may be. `false` when time ran out. */
async function commitAll(recording: Recording, news: readonly Transition[], digested: boolean): Promise<boolean> {
  let batch: { transition: Transition; change: AlertChange }[] = [];
  let bytes = 0;
  for (const found of news) {
    if (recording.deadline.remainingMs() < COMMIT_MS) {
      await commit(recording, batch);
      return false;
    }
    const transition = digested ? found : await enriched(recording, found);
    const change = changeOf(recording, transition, digested);
    const size = change.row === undefined ? 1024 : Buffer.byteLength(JSON.stringify(change.row.event)) + 4096;
    if (batch.length === COMMIT_LIMIT || bytes + size > COMMIT_BYTES) {
      await commit(recording, batch);
      batch = [];
      bytes = 0;
    }
    batch.push({ transition, change });
    bytes += size;
  }
  await commit(recording, batch);
  return true;
}

async function enriched(recording: Recording, transition: Transition): Promise<Transition> {
  const { enrich, enriching, log, job, deadline } = recording;
  // What is over and was told of when it stood has been read; what came and went between two passes has not.
  const isTold = transition.kind === 'resolved' && transition.previous !== undefined;
  if (enrich === undefined || !enriching || isTold) return transition;
  if (deadline.remainingMs() < ENRICH_MS) return unenriched(transition);
  try {
    // What the head was compared by stays what the pass saw. A list of healed alerts may not say how bad they were.
    const { alert } = transition;
    const { details, severity } = await enrich(alert);
    return { ...transition, alert: { ...alert, details, ...(alert.state === 'resolved' ? { severity } : {}) } };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.retryable) recording.enriching = false;
    log.warn('alert.unenriched', { job: job.name, code: error.code });
    return unenriched(transition);
  }
}

/** What the list alone had, and a mark that there is more. */
function unenriched(transition: Transition): Transition {
  const { alert } = transition;
  return { ...transition, alert: { ...alert, details: { ...alert.details, enriched: false } } };
}

function changeOf({ origin, job, baseline, clock }: Recording, transition: Transition, digested: boolean): AlertChange {
  const { head, previous } = transition;
  const change = { head, previousVersion: previous?.version ?? 0, digested };
  return baseline ? change : { ...change, row: alertRow(origin, job, transition, clock.now()) };
}

type Batch = readonly { readonly transition: Transition; readonly change: AlertChange }[];

/** One transaction; where one head of it was changed by somebody else, each for itself. */
async function commit(recording: Recording, batch: Batch): Promise<void> {
  if (batch.length === 0) return;
  const { store, clock, job } = recording;
  const destination: AlertDestination = { job: job.name, shard: job.shard };
  try {
    const changes = batch.map(({ change }) => change);
    await store.commit(destination, changes, clock.now());
    for (const { transition, change } of batch) count(recording, transition, change);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    for (const { transition, change } of batch) await commitAlone(recording, transition, change.digested);
  }
}

/** Compares again with the head as it is now: the same news, other news, or (our own write, or a newer pass) none. */
async function commitAlone(recording: Recording, found: Transition, digested: boolean): Promise<void> {
  const { store, clock, job, look } = recording;
  for (let attempt = 1; ; attempt += 1) {
    const head = (await store.heads(job.name, [found.alert.id])).get(found.alert.id);
    const transition = transitionOf(head, found.alert, look);
    if (transition === undefined) return;
    const change = changeOf(recording, transition, digested);
    try {
      await store.commit({ job: job.name, shard: job.shard }, [change], clock.now());
      count(recording, transition, change);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === CONFLICT_TRIES) throw error;
    }
  }
}

function count(recording: Recording, { kind }: Transition, change: AlertChange): void {
  recording.counts[kind] += 1;
  if (change.row === undefined) return;
  if (change.digested) recording.digested += 1;
  else recording.single += 1;
}
