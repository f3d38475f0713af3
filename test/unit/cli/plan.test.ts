import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../functions/core/connections/connection.ts';
import type { ReportJob } from '../../../functions/core/jobs.ts';
import { plan, type WantedConnection } from '../../../infra/cli/apply/plan.ts';

const wanted: WantedConnection = {
  name: 'acme',
  provider: 'vendor',
  grant: 'client-credentials',
  settings: { region: 'here' },
  secret: { name: 'clients', key: 'acme' },
  budgetAccount: 'e1',
};
const stored = { ...wanted, schema: 1, health: 'connected', generation: 3, attempts: [] } as unknown as Connection;
const job: ReportJob = {
  kind: 'report',
  name: 'rows',
  connection: 'acme',
  provider: 'vendor',
  source: 'rows',
  options: { b: 1, a: 2 },
  shard: '0',
  paused: false,
  topic: 'events',
  cron: '0 2 * * *',
  zone: 'UTC',
  formats: ['csv'],
  gzip: false,
  defuseFormulas: true,
  retention: { days: 1, mode: 'GOVERNANCE' },
};
const nothing = { connections: [], jobs: [], hooks: [] };

describe('plan', () => {
  it('creates what there is not, and says what it will be', () => {
    const changes = plan({ wanted: { connections: [wanted], jobs: [job], hooks: [] }, current: nothing });

    expect(changes.map(({ action, kind, name }) => [action, kind, name])).toEqual([
      ['create', 'connection', 'acme'],
      ['create', 'report', 'rows'],
    ]);
    expect(changes[0]?.details).toContain('secret: "clients#acme"');
  });

  it('says nothing of what stays, whatever the order of its members', () => {
    const same = { ...job, options: { a: 2, b: 1 } };
    expect(
      plan({
        wanted: { connections: [wanted], jobs: [job], hooks: [] },
        current: { connections: [stored], jobs: [same], hooks: [] },
      }),
    ).toEqual([]);
  });

  it('shows before and after of what changes, and nothing else', () => {
    const current = { connections: [stored], jobs: [{ ...job, cron: '0 3 * * *' }], hooks: [] };

    const [change, ...others] = plan({ wanted: { connections: [wanted], jobs: [job], hooks: [] }, current });

    expect(others).toEqual([]);
    expect(change).toEqual({
      action: 'update',
      kind: 'report',
      name: 'rows',
      details: ['cron: "0 3 * * *" → "0 2 * * *"'],
    });
  });

  it('removes a job that the file no longer names, and keeps a connection', () => {
    const changes = plan({ wanted: nothing, current: { connections: [stored], jobs: [job], hooks: [] } });

    expect(changes.map(({ action, name }) => [action, name])).toEqual([
      ['keep', 'acme'],
      ['remove', 'rows'],
    ]);
    expect(changes[0]?.details[0]).toContain('steward disconnect acme');
  });
});
