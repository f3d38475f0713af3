import type { AlertJob, ReportJob } from '../../functions/core/jobs.ts';

/** A report job with everything usual about it. */
export function aReportJob(change: Partial<ReportJob> = {}): ReportJob {
  return {
    kind: 'report',
    name: 'nightly',
    connection: 'acme',
    provider: 'fake',
    source: 'rows',
    options: {},
    shard: '0',
    paused: false,
    topic: 'events',
    cron: '0 2 * * *',
    zone: 'Europe/Berlin',
    formats: ['csv', 'jsonl'],
    gzip: false,
    defuseFormulas: true,
    retention: { days: 30, mode: 'GOVERNANCE' },
    ...change,
  };
}

/** An alert job with everything usual about it. */
export function anAlertJob(change: Partial<AlertJob> = {}): AlertJob {
  return {
    kind: 'alert',
    name: 'watch',
    connection: 'acme',
    provider: 'fake',
    source: 'alerts',
    options: {},
    shard: '0',
    paused: false,
    topic: 'alerts',
    everySeconds: 60,
    stormThreshold: 100,
    maintenance: [],
    ...change,
  };
}
