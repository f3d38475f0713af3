import { describe, expect, it } from 'vitest';
import { connectionsTable, consentsTable, errorsTable } from '../../../infra/cli/commands/status.ts';
import type { ConnectionView, Overview } from '../../../infra/cli/overview.ts';

const at = new Date('2026-01-31T02:00:00Z');
const after = (ms: number) => new Date(at.getTime() + ms);
const MINUTE = 60_000;
const DAY = 86_400_000;

const pending: ConnectionView = {
  name: 'new-one',
  provider: 'vendor',
  title: 'Vendor',
  needsConsent: true,
  secret: 'clients#new',
  status: 'pending',
  generation: 0,
};
const consented: ConnectionView = {
  ...pending,
  name: 'acme',
  status: 'connected',
  generation: 3,
  accessExpiresAt: after(30 * MINUTE),
  refreshExpiresAt: after(20 * DAY),
  lastRefreshAt: after(-30 * MINUTE),
  nextRefreshAt: after(20 * MINUTE),
  authorizedBy: 'Pat Example',
  authorizedAt: after(-3 * DAY),
  scopes: ['read', 'write'],
  providerAccount: 'acme-org',
};
const overview = (connections: readonly ConnectionView[]): Overview => ({
  stage: 'local',
  at,
  connections,
  exports: [],
  jobs: [],
  events: [],
  budgets: [],
  outbox: { pending: 0 },
});
/** Cells of each row, without the header and its rule. */
const rowsOf = (text: string | undefined) =>
  text
    ?.split('\n')
    .slice(2)
    .map((line) => line.trim().split(/ {2,}/));

describe('the tables of steward status', () => {
  it('count both tokens down, and say what is assumed', () => {
    const text = connectionsTable({ paint: (_tone, word) => word }, overview([consented, pending]));
    expect(rowsOf(text)).toEqual([
      ['acme', 'vendor', 'connected', '3', 'in 30 min', 'in 20 d (assumed)', '30 min ago', 'in 20 min'],
      ['new-one', 'vendor', 'pending', '0', '–', '–', 'never', '–'],
    ]);
  });

  it('say who consented, when, for which account and to which scopes', () => {
    expect(rowsOf(consentsTable(overview([pending, consented])))).toEqual([
      ['acme', 'Pat Example', '3 d ago', 'acme-org', 'read write'],
    ]);
    const { authorizedBy: _by, scopes: _scopes, providerAccount: _account, ...silent } = consented;
    expect(rowsOf(consentsTable(overview([silent])))).toEqual([['acme', '–', '3 d ago', '–', '–']]);
  });

  it('say the last error in words, of those that had one', () => {
    const lastError = { code: 'PROVIDER_UNAVAILABLE', message: 'vendor.example answered 502', at: after(-MINUTE) };
    expect(rowsOf(errorsTable(overview([consented, { ...pending, lastError }])))).toEqual([
      ['new-one', '1 min ago', 'vendor.example answered 502'],
    ]);
  });

  it('leave out what has no rows', () => {
    expect(consentsTable(overview([pending]))).toBeUndefined();
    expect(errorsTable(overview([pending, consented]))).toBeUndefined();
  });
});
