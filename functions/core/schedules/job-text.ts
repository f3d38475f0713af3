import type { AlertJob, Job, ReportJob } from '../jobs.ts';

type Stored = { readonly [key: string]: unknown };

/** A job's configuration as text: JSON, instants as ISO 8601. */
export function jobToText(job: Job): string {
  return JSON.stringify(job);
}

/** Reads what `jobToText` wrote. */
export function jobFromText(text: string): Job {
  const stored = JSON.parse(text) as Stored;
  if (stored['kind'] === 'report') {
    const { startAt, ...rest } = stored;
    return { ...rest, ...(typeof startAt === 'string' ? { startAt: new Date(startAt) } : {}) } as unknown as ReportJob;
  }
  const maintenance = (stored['maintenance'] as readonly { from: string; to: string; reason: string }[]).map(
    ({ from, to, reason }) => ({ from: new Date(from), to: new Date(to), reason }),
  );
  return { ...stored, maintenance } as unknown as AlertJob;
}
