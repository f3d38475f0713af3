import { hash } from 'node:crypto';
import { Cron } from 'croner';
import type { Connection, ConnectionDemand, SealedToken } from '../connections/connection.ts';
import { HOUR_MS, SECOND_MS } from '../time.ts';
import { FIRST_BACK_OFF_MS, KEEP_ALIVE_MS, LONGEST_BACK_OFF_MS, LONGEST_MARGIN_MS } from './timing.ts';

export interface RefreshTiming {
  readonly name: string;
  readonly paused: boolean;
  readonly access: Pick<SealedToken, 'issuedAt' | 'expiresAt'>;
  readonly refresh?: Pick<SealedToken, 'issuedAt' | 'expiresAt'>;
  readonly demand?: readonly ConnectionDemand[];
  /** The provider handed out the old token again: asking before its end brings nothing (OpsRamp). */
  readonly sameToken?: boolean;
}

/**
 * When a connection is refreshed next. Pure: the same token set has the same answer, wherever it is computed.
 *
 * A connection that is needed is refreshed a margin before its token's end, or, when its next job comes later than
 * that, the same margin before the job. One that nobody needs is kept alive. The jitter spreads connections that
 * were made together, and is part of the name.
 */
export function nextRefreshAt(timing: RefreshTiming): Date {
  const { access, demand } = timing;
  const spread = jitter(timing.name);
  const keepAlive = keepAliveAt(timing, spread);
  if (timing.paused || demand?.length === 0) return new Date(keepAlive);
  const life = access.expiresAt.getTime() - access.issuedAt.getTime();
  if (timing.sameToken === true) return new Date(Math.min(access.expiresAt.getTime() + SECOND_MS, keepAlive));
  const margin = Math.min(LONGEST_MARGIN_MS, life / 4);
  const lead = margin + (spread * margin) / 3;
  const fresh = access.expiresAt.getTime() - lead;
  const neededAt = demand === undefined ? fresh : nextRun(demand, new Date(fresh)) - lead;
  return new Date(Math.round(Math.min(Math.max(fresh, neededAt), keepAlive)));
}

/** When a failed refresh is tried again: doubling, capped, spread by name and count. */
export function backOffUntil(connection: Pick<Connection, 'name'>, failures: number, now: Date): Date {
  const wait = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.min(failures - 1, 10), LONGEST_BACK_OFF_MS);
  return new Date(Math.round(now.getTime() + wait * (1 + jitter(`${connection.name}:${failures}`) / 4)));
}

/** 0 ≤ jitter < 1, the same for the same name. */
export function jitter(name: string): number {
  return Number.parseInt(hash('sha256', name, 'hex').slice(0, 8), 16) / 2 ** 32;
}

/** Seven days after the last refresh, or a third of the refresh token's life where that is shorter. */
function keepAliveAt({ access, refresh }: RefreshTiming, spread: number): number {
  const issued = access.issuedAt.getTime();
  const life = refresh === undefined ? Infinity : refresh.expiresAt.getTime() - refresh.issuedAt.getTime();
  const wait = Math.min(KEEP_ALIVE_MS, life / 3);
  return Math.round(issued + wait - spread * Math.min(HOUR_MS, wait / 10));
}

/** The first run of any job at or after `from`; a job that runs every so often is taken to run all the time. */
function nextRun(demand: readonly ConnectionDemand[], from: Date): number {
  return Math.min(
    ...demand.map((job) => {
      if ('everySeconds' in job) return from.getTime();
      return nextCronRun(job, from);
    }),
  );
}

/**
 * A schedule or time zone that this runtime does not know (it was applied with another one's) is taken to run all the
 * time: this is computed between a reply and its commit, where nothing may throw.
 */
function nextCronRun(job: { readonly cron: string; readonly zone: string }, from: Date): number {
  try {
    const run = new Cron(job.cron, { timezone: job.zone }).nextRun(new Date(from.getTime() - SECOND_MS));
    return run?.getTime() ?? Infinity;
  } catch {
    return from.getTime();
  }
}
