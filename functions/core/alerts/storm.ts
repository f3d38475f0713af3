import type { AlertJob, MaintenanceWindow } from '../jobs.ts';
import { MINUTE_MS } from '../time.ts';
import { countTransitions, type DigestDescription, severityRank } from './alert-event.ts';
import type { AlertCheckpoint } from './store.ts';
import type { Transition } from './transition.ts';

/** How the news of one pass is published. */
export interface Division {
  /** One by one, the worst first. */
  readonly single: readonly Transition[];
  /** Recorded and replayable; a digest speaks for them. */
  readonly digested: readonly Transition[];
  readonly reason?: 'storm' | 'maintenance';
}

/** The maintenance window that `now` lies in. */
export function maintenanceAt(job: AlertJob, now: Date): MaintenanceWindow | undefined {
  return job.maintenance.find(({ from, to }) => from <= now && now < to);
}

/** The stretch of maintenance that a digest speaks for. */
export interface EndedMaintenance extends MaintenanceWindow {
  /** Versions that were recorded in it in silence. */
  readonly versions: number;
}

/**
 * The maintenance that ended since the last pass that saw everything, as one stretch: passes may have been cut short
 * for all of it. What was recorded in a window that has been taken out of the configuration since is told of, too.
 */
export function maintenanceEnded(
  job: AlertJob,
  { succeededAt, silenced: versions = 0 }: Pick<AlertCheckpoint, 'succeededAt' | 'silenced'>,
  now: Date,
): EndedMaintenance | undefined {
  const ended = job.maintenance.filter(({ to }) => succeededAt < to && to <= now);
  if (ended.length > 0) {
    const from = new Date(Math.min(...ended.map((window) => window.from.getTime())));
    const to = new Date(Math.max(...ended.map((window) => window.to.getTime())));
    return { from, to, reason: [...new Set(ended.map(({ reason }) => reason))].join(', '), versions };
  }
  if (versions === 0 || maintenanceAt(job, now) !== undefined) return undefined;
  return { from: succeededAt, to: now, reason: 'no longer configured', versions };
}

/** How many versions may still be published one by one in the running minute. */
export function allowanceAt(job: AlertJob, checkpoint: Pick<AlertCheckpoint, 'minute'>, now: Date): number {
  const at = Math.floor(now.getTime() / MINUTE_MS);
  const used = checkpoint.minute?.at === at ? checkpoint.minute.versions : 0;
  return Math.max(0, job.stormThreshold - used);
}

/** Shares out the news: the worst within the allowance singly, the rest to the digest; in maintenance all of it. */
export function divideNews(
  transitions: readonly Transition[],
  allowance: number,
  maintenance: MaintenanceWindow | undefined,
): Division {
  const worstFirst = [...transitions].sort(
    (a, b) => severityRank(a.alert.severity) - severityRank(b.alert.severity) || (a.alert.id < b.alert.id ? -1 : 1),
  );
  if (maintenance !== undefined) return { single: [], digested: worstFirst, reason: 'maintenance' };
  if (worstFirst.length <= allowance) return { single: worstFirst, digested: [] };
  return { single: worstFirst.slice(0, allowance), digested: worstFirst.slice(allowance), reason: 'storm' };
}

/** The digest of a storm. Its key is the pass, so that a pass that is run again says it again. */
export function stormDigest(
  job: AlertJob,
  digested: readonly Transition[],
  pass: number,
  now: Date,
): DigestDescription {
  return {
    key: `storm|${pass}`,
    reason: 'storm',
    explanation:
      `${digested.length} more alerts than the ${job.stormThreshold} a minute that are published one by one; ` +
      'each is recorded and can be replayed',
    from: new Date(pass),
    to: now,
    versions: digested.length,
    counts: countTransitions(digested),
    sample: digested.map(({ alert }) => alert),
  };
}
