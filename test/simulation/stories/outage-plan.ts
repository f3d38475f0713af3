import type { AlertJob, ReportJob } from '../../../functions/core/jobs.ts';
import { between, pick } from '../random.ts';
import { START } from '../start.ts';
import type { Outage } from '../vendors.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** From a storm of an afternoon (R29) to the longest that a refresh token survives (R30). */
export function outageOf(seed: number): Outage {
  const [low, high] = pick(seed, 'outage span', [
    [2 * HOUR_MS, 6 * HOUR_MS],
    [DAY_MS, 5 * DAY_MS],
    [14 * DAY_MS, 20 * DAY_MS - HOUR_MS],
  ] as const);
  const from = START.getTime() + 90_000;
  const kind = pick(seed, 'outage kind', ['down', 'silent', 'limited'] as const);
  return { from, until: from + between(seed, 'outage length', low, high), kind };
}

/** Whether it is over in some hours; exports, which would make up hundreds of windows, are left to those. */
export function isShort({ from, until }: Outage): boolean {
  return until - from <= 6 * HOUR_MS;
}

/** A job as it runs where days go by. */
export function slowJob(job: AlertJob | ReportJob): AlertJob | ReportJob {
  if (job.kind === 'alert') return { ...job, everySeconds: 3600 };
  return { ...job, cron: '17 * * * *', startAt: new Date('2026-03-10T10:17:00Z') };
}
