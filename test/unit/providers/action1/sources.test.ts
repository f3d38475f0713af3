import { describe, expect, it } from 'vitest';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ConfigInvalidError,
  NotFoundError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource } from '../../../../functions/core/reports/source.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { verdict } from '../../../../functions/providers/action1/walk.ts';
import { createWorld, response, START } from './world.ts';

function source(name: string): ReportSource {
  const found = action1.sources[name];
  if (found === undefined) throw new Error(`No source ${name}`);
  return found;
}
const LISTS = ['endpoints', 'missing-updates', 'vulnerabilities'] as const;

describe('snapshots of lists', () => {
  it.each(LISTS)('E14: %s reconciles with the totals of all organizations', async (name) => {
    const world = createWorld({
      endpointsPerOrganization: 230,
      vulnerabilitiesPerOrganization: 410,
      updatesPerOrganization: 120,
    });
    const { rows, last } = await world.drain(source(name), {});
    const expected = { endpoints: 690, 'missing-updates': 360, vulnerabilities: 1230 }[name];
    expect(rows).toHaveLength(expected);
    expect(last).toMatchObject({ sourceTotal: expected, completeness: 'reconciled' });
    const key = source(name).describe(source(name).parseOptions({})).keyColumns ?? [];
    expect(new Set(rows.map((row) => JSON.stringify(key.map((column) => row[column])))).size).toBe(expected);
  });

  it.each([
    { nextPageMissing: true },
    { totalsAsNumbers: true },
    { largestPage: 7 },
    { totalsMissing: true, largestPage: 13 },
    { scoresAsNumbers: true },
  ])('read the same under %j', async (switches) => {
    const options = { endpointsPerOrganization: 31, vulnerabilitiesPerOrganization: 45, productsPerOrganization: 40 };
    for (const name of [...LISTS, 'installed-software']) {
      const plain = await createWorld(options).drain(source(name), {});
      const quirky = await createWorld({ ...options, switches }).drain(source(name), {});
      expect(quirky.rows).toEqual(plain.rows);
    }
  });

  it('say that the end was a short page where the list gives no total', async () => {
    const { rows, last } = await createWorld({ productsPerOrganization: 250 }).drain(source('installed-software'), {});
    expect(rows).toHaveLength(750);
    expect(last.sourceTotal).toBeUndefined();
    expect(last.completeness).toBe('short-page');
  });

  it('E16: an empty list is read twice and reconciles at nothing', async () => {
    const world = createWorld({ organizations: 1, endpointsPerOrganization: 0 });
    const { rows, last } = await world.drain(source('endpoints'), {});
    expect(rows).toEqual([]);
    expect(last).toMatchObject({ sourceTotal: 0, completeness: 'reconciled' });
    expect(world.model.control.counters()['GET endpoints/managed/:org']).toBe(2);
  });

  it('are not fooled by an empty answer that passes by', async () => {
    const world = createWorld({ switches: { emptyEndpointsOnce: true } });
    expect((await world.drain(source('endpoints'), {})).rows).toHaveLength(120);
  });

  it('maps an endpoint to our names, connected ones seen at the time of observation', async () => {
    const world = createWorld({ organizations: 1 });
    const { rows } = await world.drain(source('endpoints'), { counts: true });
    expect(Object.keys(rows[0] ?? {})).toEqual(source('endpoints').describe({}).columns);
    expect(rows[0]).toMatchObject({
      organization: 'Head Office',
      status: 'Connected',
      lastSeen: START.toISOString(),
      comment: '',
    });
    expect(rows[0]?.['missingCriticalUpdates']).toEqual(expect.any(Number));
    expect(rows[9]).toMatchObject({ status: 'Disconnected' });
    expect(new Date(rows[9]?.['lastSeen'] as string).getTime()).toBeLessThan(START.getTime());
    expect(world.paths().some((path) => path.includes('fields=*'))).toBe(true);
  });

  it('maps an update with the severity that stands in its version', async () => {
    const { rows } = await createWorld({ organizations: 1 }).drain(source('missing-updates'), { severity: 'Critical' });
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map((row) => row['severity']))).toEqual(new Set(['Critical']));
    expect(rows.find((row) => row['kbNumber'] !== null)?.['cves']).toHaveLength(2);
  });

  it('takes organizations by name and by id, each once', async () => {
    const world = createWorld();
    const [first, second] = world.model.control.organizations();
    const { rows, last } = await world.drain(source('endpoints'), {
      organizations: [second?.name.toUpperCase(), first?.id, second?.id],
    });
    expect(new Set(rows.map((row) => row['organizationId']))).toEqual(new Set([first?.id, second?.id]));
    expect(last.facts).toEqual({ organizations: [second, first].map((one) => ({ id: one?.id, name: one?.name })) });
  });

  it('names the nearest organizations when one is not there', async () => {
    const world = createWorld();
    await expect(world.drain(source('endpoints'), { organizations: ['Brunch North'] })).rejects.toThrow(NotFoundError);
    await expect(world.drain(source('endpoints'), { organizations: ['Brunch North'] })).rejects.toThrow('Branch North');
  });

  it('says that a credential without any organization lacks a scope', async () => {
    await expect(createWorld({ organizations: 0 }).drain(source('endpoints'), {})).rejects.toThrow(AccessDeniedError);
  });

  it.each([
    [{ organizations: [] }, 'at least one'],
    [{ severity: 'critical' }, 'must be one of Critical'],
    [{ limit: 5 }, 'limit'],
  ])('refuses the options %j by name', (given, part) => {
    expect(() => source('vulnerabilities').parseOptions(given)).toThrow(ConfigInvalidError);
    expect(() => source('vulnerabilities').parseOptions(given)).toThrow(part);
  });

  it('says why none of them can be made for a past date, but for the audit trail', () => {
    const described = Object.entries(action1.sources).map(([name, one]) => ({
      name,
      ...one.describe(one.parseOptions(name === 'report' ? { report: 'x' } : {})),
    }));
    const snapshots = described.filter(({ kind }) => kind === 'snapshot');
    expect(described.filter(({ kind }) => kind === 'incremental').map(({ name }) => name)).toEqual(['audit-events']);
    expect(snapshots.filter(({ snapshotReason }) => !snapshotReason?.includes('Action1'))).toEqual([]);
  });

  it.each([
    ['an empty body', { emptyBodyOnce: true }, ProviderResponseInvalidError],
    ['a web page', { htmlOnce: true }, ProviderUnavailableError],
    ['500', { failOnce: true }, ProviderUnavailableError],
  ])('fails on %s and reads on from the same cursor', async (_what, switches, kind) => {
    const world = createWorld({ organizations: 1 });
    const first = await world.readPage(source('endpoints'), {});
    world.model.control.setSwitches(switches);
    await expect(world.readPage(source('endpoints'), {}, first.next)).rejects.toThrow(kind);
    expect((await world.readPage(source('endpoints'), {}, first.next)).rows).toHaveLength(40);
  });

  it('E20: a token that is no longer taken ends the step, and a new one takes it up again', async () => {
    const world = createWorld({ organizations: 1 });
    const first = await world.readPage(source('endpoints'), {});
    world.model.control.expireTokens();
    await expect(world.readPage(source('endpoints'), {}, first.next)).rejects.toThrow(AccessTokenRejectedError);
    world.signIn();
    expect((await world.readPage(source('endpoints'), {}, first.next)).rows).toHaveLength(40);
  });
});

describe('the verdict on an export', () => {
  it.each([
    [
      { rows: 3, total: 3, unknown: false },
      { sourceTotal: 3, completeness: 'reconciled' },
    ],
    [
      { rows: 3, total: 2, unknown: false },
      { sourceTotal: 2, completeness: 'unproven' },
    ],
    [{ rows: 3, total: 2, unknown: true }, { completeness: 'short-page' }],
  ] as const)('of %j is %j', (tally, expected) => {
    expect(verdict(tally)).toEqual(expected);
  });
});

describe('vulnerabilities with their endpoints', () => {
  it('has a row for each organization, CVE and endpoint, and reconciles', async () => {
    const world = createWorld({ organizations: 2, vulnerabilitiesPerOrganization: 130, endpointsPerOrganization: 250 });
    const plain = await world.drain(source('vulnerabilities'), {});
    const expected = plain.rows.reduce((sum, row) => sum + Number(row['endpoints']), 0);
    const { rows, last } = await world.drain(source('vulnerabilities'), { affectedEndpoints: true });
    expect(rows).toHaveLength(expected);
    expect(last).toMatchObject({ sourceTotal: expected, completeness: 'reconciled' });
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(
      [...(source('vulnerabilities').describe({ affectedEndpoints: true }).columns ?? [])].sort(),
    );
  });

  it('reads a page of CVEs, then the endpoints of each, one request at a time', async () => {
    const organizations = ['o/1', 'o2'].map((id) => ({ id, name: `Name of ${id}` }));
    const list = { from: 0 };
    const begin = { step: 'rows', organizations, index: 0, list, waiting: [], position: { from: 0 } };
    let next: JsonValue | undefined = { ...begin, tally: { rows: 0, total: 0, unknown: false } };
    const step = async (items: readonly unknown[], total: number) => {
      const asked: ApiRequest[] = [];
      const call: CallApi = async (request) => {
        asked.push(request);
        return response(200, { items, total_items: total });
      };
      const options = source('vulnerabilities').parseOptions({ affectedEndpoints: true, severity: 'High' });
      const window = { from: START, to: START };
      const context = { connection: 'c1', settings: {}, options, window, observedAt: START, now: START };
      const page = await source('vulnerabilities').readPage(call, context, next);
      next = page.next;
      const query = asked[0]?.query?.map(([name, value]) => `${name}=${value}`).join('&');
      return { rows: page.rows, asked: `${asked[0]?.path}?${query}`, page };
    };
    const score = { cvss_score: '7.5', cisa_kev: 'Yes', remediation_status: 'Overdue' };
    const first = { cve_id: 'C1', ...score, remediation_deadline: '2026-05-01_10-20-30' };
    const kept = { cve: 'C1', score: 7.5, knownExploited: true, remediationStatus: 'Overdue' };
    const waiting = { ...kept, remediationDeadline: '2026-05-01T10:20:30.000Z' };
    const bare = { score: null, knownExploited: false, remediationStatus: null, remediationDeadline: null };

    expect((await step([first, { cve_id: 'C2' }], 3)).asked).toBe('vulnerabilities/o%2F1?score=High&from=0&limit=100');
    expect(next).toMatchObject({
      list: { from: 2 },
      waiting: [waiting, { cve: 'C2', ...bare }],
      position: { from: 0 },
    });
    const endpoints = await step(
      [{ endpoint_id: 'e1', endpoint_name: 'n', OS: 'os', software: [{}] }, { endpoint_id: 'e2' }],
      3,
    );
    expect(endpoints.asked).toBe('vulnerabilities/o%2F1/C1/endpoints?from=0&limit=200');
    const row = { organization: 'Name of o/1', organizationId: 'o/1', ...waiting, severity: 'high' };
    const software = [{ product: null, platform: null, versions: [], updates: [] }];
    expect(endpoints.rows).toEqual([
      { ...row, endpointId: 'e1', endpoint: 'n', operatingSystem: 'os', software },
      { ...row, endpointId: 'e2', endpoint: null, operatingSystem: null, software: [] },
    ]);
    expect(next).toMatchObject({ waiting: [waiting, {}], position: { from: 2 }, tally: { rows: 2, total: 0 } });
    expect((await step([{ endpoint_id: 'e3' }], 3)).rows).toHaveLength(1);
    expect(next).toMatchObject({ waiting: [{ cve: 'C2' }], position: { from: 0 }, tally: { rows: 3, total: 3 } });
    expect((await step([{ endpoint_id: 'e1' }], 1)).rows).toMatchObject([{ cve: 'C2', severity: 'info' }]);
    expect(next).toMatchObject({ list: { from: 2 }, waiting: [], tally: { rows: 4, total: 4 } });
    expect((await step([{ cve_id: 'C3' }], 3)).asked).toContain('?score=High&from=2&');
    expect(next).not.toHaveProperty('list');
    expect((await step([{ endpoint_id: 'e1' }], 1)).rows).toHaveLength(1);
    expect(next).toEqual({ ...begin, index: 1, tally: { rows: 5, total: 5, unknown: false } });
    await step([], 0);
    const last = await step([], 0);
    expect(last.asked).toContain('vulnerabilities/o2?');
    expect(last.page).toEqual({ rows: [], sourceTotal: 5, completeness: 'reconciled', facts: { organizations } });
  });

  it('lets the server choose by severity', async () => {
    const world = createWorld();
    const { rows } = await world.drain(source('vulnerabilities'), { severity: 'Critical' });
    expect(new Set(rows.map((row) => row['severity']))).toEqual(new Set(['critical']));
    expect(world.paths().filter((path) => path.includes('score=Critical'))).toHaveLength(3);
  });

  it('ends with an organization that has none', async () => {
    const world = createWorld({ vulnerabilitiesPerOrganization: 0 });
    const { rows, last } = await world.drain(source('vulnerabilities'), { affectedEndpoints: true });
    expect(rows).toEqual([]);
    expect(last.sourceTotal).toBe(0);
  });
});

describe('audit events', () => {
  const window = { from: new Date('2026-05-20T00:00:00Z'), to: new Date('2026-05-21T00:00:00Z') };

  it('E23: has the events of the window, its beginning in and its end out', async () => {
    const { rows, last } = await createWorld().drain(source('audit-events'), {}, window);
    expect(rows).toHaveLength(96);
    const times = rows.map((row) => row['at'] as string).sort();
    expect(times[0]).toBe(window.from.toISOString());
    expect(times.at(-1)).toBe('2026-05-20T23:45:00.000Z');
    expect(last).toMatchObject({ sourceTotal: 96, completeness: 'reconciled', facts: { outsideWindow: 1 } });
  });

  it('E25: windows side by side tile the trail', async () => {
    const world = createWorld({ auditEverySeconds: 7 });
    const cuts = ['2026-05-20T00:00:00Z', '2026-05-20T00:30:00Z', '2026-05-20T01:00:00Z'].map((text) => new Date(text));
    const read = async (from: Date | undefined, to: Date | undefined) =>
      (await world.drain(source('audit-events'), {}, { from: from as Date, to: to as Date })).rows.map(
        (row) => row['eventId'],
      );
    const apart = [...(await read(cuts[0], cuts[1])), ...(await read(cuts[1], cuts[2]))];
    expect(apart).toEqual(await read(cuts[0], cuts[2]));
    expect(new Set(apart).size).toBe(apart.length);
  });

  it('chooses events and organizations, and still reconciles', async () => {
    const world = createWorld();
    const { rows, last } = await world.drain(
      source('audit-events'),
      { events: ['Login'], organizations: ['head office'] },
      window,
    );
    expect(new Set(rows.map((row) => row['event']))).toEqual(new Set(['Login']));
    expect(new Set(rows.map((row) => row['organization']))).toEqual(new Set(['Head Office']));
    expect(last).toMatchObject({ sourceTotal: rows.length, completeness: 'reconciled' });
  });
});
