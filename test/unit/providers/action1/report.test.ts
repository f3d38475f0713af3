import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, NotFoundError, ProviderUnavailableError } from '../../../../functions/core/errors.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { countRecords } from '../../../../functions/providers/action1/sources/report/csv.ts';
import { report } from '../../../../functions/providers/action1/sources/report/source.ts';
import { createWorld, response, START } from './world.ts';

const ANTIVIRUS = 'antivirus_status_1647107026187';
const MINUTE = 60_000;

describe('finding a report', () => {
  it.each(['flat', 'nested', 'categories'] as const)('by name and by id in a %s tree', async (subtree) => {
    for (const wanted of ['antivirus STATUS', ANTIVIRUS]) {
      const world = createWorld({ switches: { subtree } });
      const { rows, last } = await world.drain(report, { report: wanted });
      expect(rows).toHaveLength(120);
      expect(last.facts).toMatchObject({ report: { id: ANTIVIRUS } });
    }
  });

  it('names the nearest reports when there is none of the name', async () => {
    const read = createWorld().drain(report, { report: 'Antivirus State' });
    await expect(read).rejects.toThrow(NotFoundError);
    await expect(createWorld().drain(report, { report: 'Antivirus State' })).rejects.toThrow(
      'Nearest: Antivirus Status',
    );
    await expect(createWorld().drain(report, { report: 'zzzzz_9' })).rejects.toThrow('console');
  });

  it('refuses to choose between two reports of one name', async () => {
    const two = ['a_1', 'b_2'].map((id) => ({ id, name: 'Twice', type: 'Report', simple: 'yes' }));
    const call: CallApi = async () => response(200, { items: [{ type: 'ReportCategory', name: 'c', items: two }] });
    const cursor = { step: 'definition', organizations: [{ id: 'o', name: 'O' }], look: 'tree', near: [] };
    const context = {
      connection: 'c1',
      settings: {},
      options: report.parseOptions({ report: 'twice' }),
      window: { from: START, to: START },
      observedAt: START,
      now: START,
    };
    await expect(report.readPage(call, context, cursor as JsonValue)).rejects.toThrow('a_1, b_2');
  });

  it.each([
    [{}, 'Options of Action1 report: report: '],
    [{ report: ' ' }, 'report'],
    [{ report: 5 }, 'report: must be the id or the name'],
    [{ report: 'x', requery: { coverage: 2 } }, 'requery.coverage'],
    [{ report: 'x', requery: { deadlineMinutes: 0 } }, 'requery.deadlineMinutes'],
    [{ report: 'x', details: true, drilldown: true }, 'exclude each other'],
  ])('refuses the options %j', (given, part) => {
    expect(() => report.parseOptions(given)).toThrow(ConfigInvalidError);
    expect(() => report.parseOptions(given)).toThrow(part);
  });
});

describe('rows of a report', () => {
  it('are flat, under the names that people gave the columns', async () => {
    const { rows } = await createWorld({ organizations: 1 }).drain(report, { report: ANTIVIRUS });
    expect(rows[0]).toMatchObject({
      organization: 'Head Office',
      'Endpoint Name': expect.any(String) as string,
      responseType: 'cache',
    });
    expect(rows[0]?.['lastRefresh']).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('E17: of a large report are read a page at a time', async () => {
    const world = createWorld({ organizations: 2, reportRows: 4_321 });
    const { rows, last } = await world.drain(report, { report: 'Compliance overview' });
    expect(rows).toHaveLength(8_642);
    expect(last).toMatchObject({ sourceTotal: 8_642, completeness: 'reconciled' });
    expect(new Set(rows.map((row) => JSON.stringify([row['organizationId'], row['rowId']]))).size).toBe(8_642);
  });

  it('a page at the end of a million costs no more than the first', async () => {
    const world = createWorld({ organizations: 1, reportRows: 1_000_000 });
    const [organization] = world.model.control.organizations();
    const run = {
      organizations: [{ id: organization?.id ?? '', name: 'O' }],
      report: { id: 'compliance_overview_1225221157946', name: 'C', simple: true },
      waitedMs: 0,
      coverage: [null],
      totals: [null],
      silent: { names: [], more: false },
      failed: { count: 0, names: [] },
    };
    const cursor = {
      step: 'rows',
      run,
      index: 0,
      position: { from: 999_900 },
      tally: { rows: 999_900, total: 0, unknown: false },
    };
    const page = await world.readPage(report, { report: 'C' }, cursor);
    expect(page.rows).toHaveLength(100);
    expect(page).toMatchObject({ sourceTotal: 1_000_000, completeness: 'reconciled' });
  });

  it('of a summary report are expanded by details', async () => {
    const options = { organizations: 1, productsPerOrganization: 9, endpointsPerOrganization: 30 };
    const summary = await createWorld(options).drain(report, { report: 'Installed Software' });
    expect(summary.rows).toHaveLength(9);
    const details = await createWorld(options).drain(report, { report: 'Installed Software', details: true });
    expect(details.rows).toHaveLength(90);
    expect(details.last.completeness).toBe('reconciled');
  });

  it('of a summary report are read behind each row by drilldown, its id verbatim in the path', async () => {
    const world = createWorld({
      organizations: 2,
      productsPerOrganization: 140,
      endpointsPerOrganization: 30,
      switches: { largestPage: 60 },
    });
    const { rows, last } = await world.drain(report, { report: 'Installed Software', drilldown: true });
    expect(rows).toHaveLength(2 * 140 * 10);
    expect(last).toMatchObject({ sourceTotal: 2_800, completeness: 'reconciled' });
    expect(rows[0]).toHaveProperty('parentRowId');
    expect(world.paths().some((path) => path.includes('/data/Google%2520Chrome/drilldown'))).toBe(true);
    expect(report.describe({ report: 'x', drilldown: true }).keyColumns).toContain('parentRowId');
  });

  it('keeps a row id that is no path segment below its report', async () => {
    const paths: string[] = [];
    const call: CallApi = async ({ path }) => {
      paths.push(path);
      return response(200, { items: [{ id: 'r', fields: {} }], total_items: '1' });
    };
    const run = {
      organizations: [{ id: 'o', name: 'O' }],
      report: { id: 'r', name: 'R', simple: false },
      waitedMs: 0,
      coverage: [null],
      totals: [null],
      silent: { names: [], more: false },
      failed: { count: 0, names: [] },
    };
    const context = {
      connection: 'c1',
      settings: {},
      options: report.parseOptions({ report: 'R', drilldown: true }),
      window: { from: START, to: START },
      observedAt: START,
      now: START,
    };
    for (const id of ['../../me', '..', 'a/b?c#d', 'a%2520b.']) {
      const cursor = {
        step: 'rows',
        run,
        index: 0,
        position: { from: 0 },
        tally: { rows: 0, total: 0, unknown: false },
        drill: { rows: [id], position: { from: 0 }, more: false },
      };
      await report.readPage(call, context, cursor);
    }
    const reached = paths.map((path) => new URL(path, 'https://app.action1.com/api/3.0/').pathname);
    expect(
      reached.every((path) => path.startsWith('/api/3.0/reportdata/o/r/data/') || path.includes('/reportdata/o/r/')),
    ).toBe(true);
    expect(reached[3]).toBe('/api/3.0/reportdata/o/r/data/a%2520b./drilldown');
  });
});

describe('requery', () => {
  const requery = { deadlineMinutes: 15, coverage: 0.9 };

  it('waits until enough endpoints have answered, and says who has not', async () => {
    const world = createWorld({ organizations: 2, requerySeconds: 150 });
    const { rows, last, waits } = await world.drain(report, { report: ANTIVIRUS, requery });
    expect(waits.length).toBeGreaterThan(1);
    expect(rows).toHaveLength(80);
    const facts = last.facts?.['requery'] as Record<string, JsonValue>;
    expect(facts).toMatchObject({
      liveResponses: 72,
      sentRequests: 80,
      coverage: 0.9,
      requestedAt: START.toISOString(),
    });
    expect(facts['waitedMs']).toBeLessThan(5 * MINUTE);
    const silent = facts['notAnswered'] as { endpoints: string[]; complete: boolean };
    expect(silent.endpoints).toHaveLength(8);
    expect(silent.complete).toBe(true);
    expect(rows.filter((row) => row['responseType'] === 'cache').map((row) => row['Endpoint Name'])).toEqual(
      silent.endpoints,
    );
    expect(world.model.control.counters()['POST reportdata/:org/:report/requery']).toBe(2);
  });

  it('gives up at the deadline and goes on with what there is', async () => {
    const world = createWorld({ organizations: 1, requerySeconds: 3_600 });
    const { rows, last, waits } = await world.drain(report, {
      report: ANTIVIRUS,
      requery: { deadlineMinutes: 3, coverage: 1 },
    });
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(3 * MINUTE);
    expect(rows).toHaveLength(40);
    const facts = last.facts?.['requery'] as { coverage: number; liveResponses: number };
    expect(facts.coverage).toBeLessThan(0.9);
    expect(facts.liveResponses).toBeGreaterThan(0);
  });

  it('asks again as often as it is told to', async () => {
    const world = createWorld({ organizations: 1, requerySeconds: 30 });
    const { waits } = await world.drain(report, { report: ANTIVIRUS, requery: { askEverySeconds: 7, coverage: 0.9 } });
    expect(new Set(waits)).toEqual(new Set([7_000]));
    expect(waits.length).toBeLessThanOrEqual(5);
  });

  it('takes no counters of an older requery for its own', async () => {
    const world = createWorld({ organizations: 1 });
    const [organization] = world.model.control.organizations();
    await world.call({ method: 'POST', path: `reportdata/${organization?.id}/${ANTIVIRUS}/requery` });
    world.advance(60 * MINUTE);
    const stale: CallApi = async (request) =>
      request.method === 'POST' ? response(200, { type: 'Success' }) : world.call(request);
    let cursor: JsonValue | undefined;
    let coverage: unknown;
    const options = report.parseOptions({ report: ANTIVIRUS, requery: { deadlineMinutes: 2, coverage: 0.5 } });
    let now = world.now();
    for (let step = 0; step < 20; step += 1) {
      const page = await report.readPage(
        stale,
        { connection: 'c1', settings: {}, options, window: { from: START, to: START }, observedAt: START, now },
        cursor,
      );
      now = new Date(now.getTime() + (page.waitMs ?? 0));
      coverage = (page.facts?.['requery'] as { coverage?: unknown } | undefined)?.coverage;
      if (page.next === undefined) break;
      cursor = page.next;
    }
    expect(coverage).toBeNull();
  });

  it('says that nobody knows where a summary report has no counters', async () => {
    const world = createWorld({ organizations: 1, switches: { summaryCounters: false } });
    const { last } = await world.drain(report, { report: 'Installed Software', requery: { deadlineMinutes: 2 } });
    expect(last.facts?.['requery']).toMatchObject({ coverage: null, liveResponses: null, waitedMs: 2 * MINUTE });
  });

  it('names endpoints that answered with a script error', async () => {
    const world = createWorld({ organizations: 2, endpointsPerOrganization: 50, offlineEvery: 0 });
    const { last } = await world.drain(report, { report: ANTIVIRUS, requery: { coverage: 1 } });
    expect(last.facts?.['endpointErrors']).toMatchObject({ count: 4, endpoints: expect.any(Array) as unknown[] });
    const errors = last.facts?.['endpointErrors'] as { endpoints: string[] } | undefined;
    expect(errors?.endpoints).toHaveLength(4);
    expect(last.facts?.['requery']).toMatchObject({ coverage: 1, notAnswered: { endpoints: [] } });
  });

  it('reads live rows only when that is asked for', async () => {
    const world = createWorld({ organizations: 1, requerySeconds: 30 });
    const { rows } = await world.drain(report, { report: ANTIVIRUS, requery, liveOnly: true });
    expect(rows).toHaveLength(36);
    expect(new Set(rows.map((row) => row['responseType']))).toEqual(new Set(['live']));
  });

  it('a lost answer to a requery asks again and no more', async () => {
    const world = createWorld({ organizations: 1 });
    let cursor: JsonValue | undefined;
    for (let step = 0; step < 2; step += 1)
      cursor = (await world.readPage(report, { report: ANTIVIRUS, requery }, cursor)).next;
    world.model.control.setSwitches({ failOnce: true });
    await expect(world.readPage(report, { report: ANTIVIRUS, requery }, cursor)).rejects.toThrow(
      ProviderUnavailableError,
    );
    const page = await world.readPage(report, { report: ANTIVIRUS, requery }, cursor);
    expect(page).toMatchObject({ rows: [], waitMs: MINUTE });
  });
});

describe('the vendor’s own CSV', () => {
  it('is kept byte for byte, file by file', async () => {
    const world = createWorld({ organizations: 2, reportRows: 5_001 });
    const { files, rows, last } = await world.drain(report, { report: 'Compliance overview', vendorCsv: true });
    expect(rows).toHaveLength(10_002);
    expect(files).toHaveLength(4);
    expect(new Set(files.map(({ name }) => name)).size).toBe(4);
    const exported = world.exchanges.filter(({ request }) => request.url.includes('/export?'));
    expect(files.map(({ bytes }) => new TextDecoder().decode(bytes))).toEqual(
      exported.map(({ answer }) => answer.body),
    );
    expect(last).toMatchObject({
      completeness: 'reconciled',
      facts: { vendorCsv: { files: 4, records: 10_002, expected: 10_002 } },
    });
    expect(exported[0]?.request.headers['accept']).toBe('*/*');
    expect(files[0]?.name).toMatch(/^compliance-overview\.head-office\.[0-9a-f-]{36}\.0001\.csv$/);
  });

  it('E19: keeps a byte order mark and quoted cells', async () => {
    const world = createWorld({ organizations: 1, switches: { csvMark: true } });
    const { files, last } = await world.drain(report, { report: 'Low Disk Space', vendorCsv: true });
    expect([...(files[0]?.bytes.slice(0, 3) ?? [])]).toEqual([0xef, 0xbb, 0xbf]);
    expect(last.facts?.['vendorCsv']).toEqual({ files: 1, records: 40, expected: 40 });
  });

  it('E16: makes no file of nothing', async () => {
    const world = createWorld({ organizations: 1, endpointsPerOrganization: 0 });
    const { files, last } = await world.drain(report, { report: 'Low Disk Space', vendorCsv: true });
    expect(files).toEqual([]);
    expect(last.facts?.['vendorCsv']).toEqual({ files: 0, records: 0, expected: 0 });
  });

  it('counts records, not lines', () => {
    expect(count('')).toBe(0);
    expect(count('a,b\n')).toBe(0);
    expect(count('a,b\n1,2')).toBe(1);
    expect(count('a,b\r\n1,"x\r\ny ""z"""\r\n3,4\r\n\r\n')).toBe(2);
  });
});

describe('a report as a job', () => {
  it('is among the sources of the provider', () => {
    expect(action1.sources['report']).toBe(report);
  });
});

function count(text: string): number {
  return countRecords(new TextEncoder().encode(text));
}
