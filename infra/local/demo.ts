import { DAY_MS } from '../../functions/core/time.ts';

/** Where the doubles of the three providers listen. */
export interface DoubleUrls {
  readonly action1: string;
  readonly actionstep: string;
  readonly opsramp: string;
}

/**
 * The configuration that `npm start` runs when it is given none: one connection to a double of each provider, and the
 * jobs that a team would begin with. It is written to `.steward/steward.yaml` for people to look at and change.
 *
 * The budgets and the pace of the alert jobs are far above the vendors' limits, and so are the doubles', because nobody
 * wants to watch a minute's allowance go by; everything else is as it would be.
 */
export function demoConfiguration(urls: DoubleUrls, anchor: Date): string {
  const daysBefore = (days: number) => new Date(anchor.getTime() - days * DAY_MS).toISOString().slice(0, 10);
  return `# What this Steward keeps connected, exports and watches. npm start writes and applies it anew each time. To try a change:
# cp .steward/steward.yaml steward.yaml, change the copy, npm run steward -- apply
version: 1

connections:
  harbour-law:
    provider: actionstep
    environment: staging
    endpoint: ${urls.actionstep}
    secret: actionstep
    requestsPerMinute: 6000
  northwind-endpoints:
    provider: action1
    region: NorthAmerica
    endpoint: ${urls.action1}
    secret: action1#northwind
    requestsPerMinute: 6000
  northwind-operations:
    provider: opsramp
    host: northwind.api.opsramp.com
    tenantId: client_1001
    endpoint: ${urls.opsramp}
    secret: opsramp
    requestsPerMinute: 60000

reports:
  matters:
    connection: harbour-law
    source: actions
    schedule: &quarterly "0 2 1 1,4,7,10 *"
    zone: &sydney Australia/Sydney
    startAt: &opening ${daysBefore(45)}
    formats: [csv, parquet]
  matter-contacts:
    { connection: harbour-law, source: participants, schedule: *quarterly, zone: *sydney, startAt: *opening }
  time-recorded:
    { connection: harbour-law, source: time, schedule: *quarterly, zone: *sydney, startAt: *opening, formats: [csv, jsonl] }
  file-notes:
    connection: harbour-law
    source: filenotes
    schedule: *quarterly
    zone: *sydney
    startAt: *opening
    formats: [jsonl]
    gzip: true
  antivirus-status:
    connection: northwind-endpoints
    source: report
    schedule: "0 5 * * 1"
    zone: America/New_York
    options:
      report: Antivirus Status
      requery: { deadlineMinutes: 1, coverage: 0.8, askEverySeconds: 3 }
      vendorCsv: true
  vulnerabilities:
    { connection: northwind-endpoints, source: vulnerabilities, schedule: "0 4 * * *", zone: America/New_York, formats: [csv, parquet] }
  missing-updates:
    { connection: northwind-endpoints, source: missing-updates, schedule: "0 4 * * *", zone: America/New_York }
  alert-history:
    { connection: northwind-operations, source: alert-history, schedule: "0 0 1 * *", startAt: ${daysBefore(15)}, formats: [jsonl] }
  patch-compliance:
    { connection: northwind-operations, source: patch-compliance, schedule: "0 6 * * *" }

alerts:
  matter-changes:
    { connection: harbour-law, source: hooks, every: 5s, filter: { resources: [actions, tasks] } }
  new-vulnerabilities:
    { connection: northwind-endpoints, source: vulnerabilities, every: 3s, filter: { minimumScore: 9 } }
  operations-alerts:
    { connection: northwind-operations, source: alerts, every: 2s }
`;
}

/** Client credentials that the doubles know. They open nothing anywhere else. */
export const DEMO_SECRETS = {
  actionstep: { clientId: 'steward-double', clientSecret: 'actionstep-double-secret' },
  action1: {
    northwind: {
      clientId: 'api-key-9d3c1f6e-55a1-4a0b-8f25-6f1f6f1f0a01c2b7e2a4-3c55-4d66-9e77-1a2b3c4d5e6f@action1.com',
      clientSecret: '5f4dcc3b5aa765d61d8327deb882cf99',
    },
  },
  opsramp: { clientId: 'NwOpsDoubleKey', clientSecret: 'NwOpsDoubleSecret' },
} as const;
