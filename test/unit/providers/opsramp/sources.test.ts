import { describe, expect, it } from 'vitest';
import {
  ConfigInvalidError,
  ExportIncompleteError,
  ProviderResponseInvalidError,
} from '../../../../functions/core/errors.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource, SourceRow } from '../../../../functions/core/reports/source.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { MAX_DEPTH } from '../../../../functions/providers/opsramp/spans.ts';
import { NOW, type OpsrampBench, opsrampBench, readReport, response } from '../../../support/opsramp.ts';

const source = (name: string) => opsramp.sources[name] as ReportSource;
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);
const ids = (rows: readonly SourceRow[], column = 'uniqueId') => rows.map((row) => row[column] as string);

/** An alert that comes after the first page, or a later one, and goes after the next. */
function comesAndGoes(bench: OpsrampBench, createdAt: Date, after = 1): () => void {
  let pages = 0;
  let passing = '';
  return () => {
    pages += 1;
    if (pages === after) passing = bench.control.openAlert({ createdAt });
    if (pages === after + 1) bench.control.removeAlert(passing);
  };
}

describe('alert-history', () => {
  it('I22 reads every alert of the tenant once and reconciles with its total', async () => {
    const bench = opsrampBench({ alerts: 1234 });
    const { rows, last } = await readReport(await bench.open(), source('alert-history'));

    expect(ids(rows).toSorted()).toEqual([...bench.control.alertIds()].toSorted());
    expect(last).toMatchObject({ sourceTotal: 1234, completeness: 'reconciled' });
    expect(last.facts).toMatchObject({ stamp: 'createdDate', stampMoves: false, asOf: NOW.toISOString() });
  });

  it.each([true, false])('I19 tiles time whether the bounds are inclusive (%s) or not', async (inclusiveBounds) => {
    const bench = opsrampBench({ alerts: 300, switches: { inclusiveBounds } });
    const edge = new Date('2026-03-01T00:00:00Z');
    for (const ms of [-1000, 0, 1000]) bench.control.openAlert({ createdAt: new Date(edge.getTime() + ms) });
    const api = await bench.open();

    const before = await readReport(api, source('alert-history'), { to: edge });
    const after = await readReport(api, source('alert-history'), { from: edge, to: NOW });

    expect([...ids(before.rows), ...ids(after.rows)].toSorted()).toEqual([...bench.control.alertIds()].toSorted());
    expect(before.last.sourceTotal).toBe(before.rows.length);
    expect(after.last.sourceTotal).toBe(after.rows.length);
    expect(after.rows.some((row) => row.createdDate === '2026-03-01T00:00:00+0000')).toBe(true);
  });

  it('leaves out what differs each time one asks, so that a second read has the same bytes', async () => {
    const bench = opsrampBench();
    const first = await readReport(await bench.open(), source('alert-history'));
    bench.advance(3_600_000);
    const second = await readReport(await bench.open(), source('alert-history'));
    expect(JSON.stringify(second.rows)).toBe(JSON.stringify(first.rows));
  });

  it('passes filters on and takes letter case as it comes', async () => {
    const bench = opsrampBench({ alerts: 400 });
    const options = { states: ['critical'], priorities: ['p0', 'P1'] };
    const { rows } = await readReport(await bench.open(), source('alert-history'), { options });
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map((row) => row.currentState))).toEqual(new Set(['Critical']));
    expect(rows.filter((row) => row.priority !== 'P0' && row.priority !== 'P1')).toEqual([]);
  });

  it('cuts a window that is too deep in pieces', async () => {
    const bench = opsrampBench({ alerts: MAX_DEPTH + 500 });
    const { rows, last, pages } = await readReport(await bench.open(), source('alert-history'));
    expect(rows.length).toBe(MAX_DEPTH + 500);
    expect(new Set(ids(rows)).size).toBe(rows.length);
    expect(last).toMatchObject({ sourceTotal: MAX_DEPTH + 500, completeness: 'reconciled' });
    expect(pages[0]?.rows).toEqual([]);
  });

  it('E14 fails closed when the dates are ignored', async () => {
    const bench = opsrampBench({ alerts: 300 });
    const api = await bench.open();
    const call: CallApi = (request) =>
      api.call({ ...request, query: (request.query ?? []).filter(([name]) => name !== 'queryString') });
    const reading = readReport({ ...api, call }, source('alert-history'), { from: daysAgo(2) });
    await expect(reading).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('falls back to 100 a page where 500 are refused', async () => {
    const bench = opsrampBench({ alerts: 250, switches: { alertsPageSize: 100, pageSizeStatus: 400 } });
    const { rows, pages } = await readReport(await bench.open(), source('alert-history'));
    expect(rows).toHaveLength(250);
    expect(pages).toHaveLength(4);
  });

  it('falls back to the order of the list where ours is refused, and reads it twice to be sure', async () => {
    const bench = opsrampBench({ alerts: 700, switches: { alertSortNames: ['ts'] } });
    const { rows, last } = await readReport(await bench.open(), source('alert-history'));
    expect(new Set(ids(rows)).size).toBe(700);
    expect(last).toMatchObject({ sourceTotal: 700, completeness: 'second-pass' });
  });

  it('E13 believes what it has read when a second pass meets the same, although the total moved', async () => {
    const bench = opsrampBench({ alerts: 1200 });
    const { rows, last } = await readReport(await bench.open(), source('alert-history'), {
      betweenPages: comesAndGoes(bench, daysAgo(1 / 48)),
    });
    expect(last).toMatchObject({ completeness: 'second-pass', sourceTotal: 1200 });
    expect(new Set(ids(rows)).size).toBe(1200);
  });

  it('E13 fails when a row was hidden by what came and went before it, although the total is the same', async () => {
    const bench = opsrampBench({ alerts: 1200, switches: { alertSortNames: ['ts'] } });
    const reading = readReport(await bench.open(), source('alert-history'), {
      // The first answer refuses our order.
      betweenPages: comesAndGoes(bench, daysAgo(29), 2),
    });
    await expect(reading).rejects.toThrow(ExportIncompleteError);
  });

  it('E13 fails when the list does not hold still', async () => {
    const bench = opsrampBench({ alerts: 1200 });
    const reading = readReport(await bench.open(), source('alert-history'), {
      betweenPages: () => bench.control.removeAlert(bench.control.alertIds()[0] ?? ''),
    });
    await expect(reading).rejects.toThrow(ExportIncompleteError);
  });

  it('E16 reads an empty window', async () => {
    const bench = opsrampBench({ alerts: 0 });
    const { rows, last } = await readReport(await bench.open(), source('alert-history'));
    expect(rows).toEqual([]);
    expect(last).toMatchObject({ sourceTotal: 0, completeness: 'reconciled' });
  });

  it('refuses an answer that is no list', async () => {
    const bench = opsrampBench();
    const api = await bench.open();
    for (const body of ['', '<html>', '{"results":"none"}', '{"results":[1]}']) {
      const call: CallApi = async () => response(200, body);
      await expect(readReport({ ...api, call }, source('alert-history'))).rejects.toThrow(ProviderResponseInvalidError);
    }
  });

  it.each([{ states: ['Bad'] }, { states: [] }, { metrics: ['a+b'] }, { unknown: 1 }, 'text'])(
    'refuses the options %j',
    (options) => {
      expect(() => source('alert-history').parseOptions(options)).toThrow(ConfigInvalidError);
    },
  );
});

describe('incidents', () => {
  it('reads by creation and sends dates, without which only a month is searched', async () => {
    const bench = opsrampBench({ incidents: 350 });
    const { rows, last } = await readReport(await bench.open(), source('incidents'));
    expect(rows).toHaveLength(350);
    expect(last).toMatchObject({ sourceTotal: 350, completeness: 'reconciled' });
  });

  it('reads by change, also of incidents that were created long before', async () => {
    const bench = opsrampBench({ incidents: 350 });
    const options = { stamp: 'updated' };
    const api = await bench.open();
    const old = await readReport(api, source('incidents'), { options, to: daysAgo(7) });
    const recent = await readReport(api, source('incidents'), {
      options,
      from: daysAgo(7),
      to: new Date(NOW.getTime() + 1000),
    });
    expect(old.rows.length + recent.rows.length).toBe(350);
    expect(ids(recent.rows, 'createdDate').some((created) => created < daysAgo(40).toISOString())).toBe(true);
    expect(recent.last.facts).toMatchObject({ stamp: 'updatedDate', stampMoves: true });
  });
});

describe('resources', () => {
  it('reads the inventory as a snapshot', async () => {
    const bench = opsrampBench({ resources: 1100 });
    const { rows, last } = await readReport(await bench.open(), source('resources'));
    expect(ids(rows, 'id')).toEqual(bench.control.resources().map(({ id }) => id));
    expect(last).toMatchObject({ sourceTotal: 1100, completeness: 'reconciled' });
    expect(source('resources').describe({}).kind).toBe('snapshot');
  });

  it('E13 does not double what an insertion pushes on to the next page, and reads again to be sure', async () => {
    const bench = opsrampBench({ resources: 1100 });
    let added = false;
    const first = bench.control.resources()[0];
    if (first === undefined) throw new Error('no resource');
    const reading = readReport(await bench.open(), source('resources'), {
      betweenPages: () => {
        if (!added) bench.control.addResource({ ...first, id: '00000000-new' });
        added = true;
      },
    });
    // The inserted one lies on a page that was read already: the second pass meets it, and the export says so.
    await expect(reading).rejects.toThrow(ExportIncompleteError);
  });

  it('narrows by type', async () => {
    const bench = opsrampBench();
    const { rows } = await readReport(await bench.open(), source('resources'), {
      options: { resourceTypes: ['Windows'] },
    });
    expect(new Set(rows.map((row) => row.resourceType))).toEqual(new Set(['Windows']));
  });
});

describe('patches', () => {
  it('reads the devices of every compliance and adds up their totals', async () => {
    const bench = opsrampBench({ resources: 200, compliances: 5 });
    const { rows, last } = await readReport(await bench.open(), source('patch-compliance'));
    expect(rows.length).toBeGreaterThan(50);
    expect(last).toMatchObject({ sourceTotal: rows.length, completeness: 'reconciled' });
    expect(last.facts?.compliances).toHaveLength(5);
    expect(rows[0]).toMatchObject({ complianceId: expect.stringMatching(/^PCMP-/u), deviceId: expect.any(String) });
    const pairs = rows.map(({ complianceId, deviceId }) => JSON.stringify([complianceId, deviceId]));
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('reads a tenant without compliances', async () => {
    const bench = opsrampBench({ compliances: 0 });
    const { rows, last } = await readReport(await bench.open(), source('patch-compliance'));
    expect(rows).toEqual([]);
    expect(last).toMatchObject({ sourceTotal: 0, completeness: 'reconciled' });
  });

  it('reads the status of every patch on every server', async () => {
    const bench = opsrampBench({ resources: 150 });
    const all = await readReport(await bench.open(), source('patch-status'));
    const missing = await readReport(await bench.open(), source('patch-status'), {
      options: { patchStatuses: ['missing'] },
    });
    expect(all.last).toMatchObject({ sourceTotal: all.rows.length, completeness: 'reconciled' });
    expect(missing.rows.length).toBe(all.rows.filter((row) => row.patchStatus === 'MISSING').length);
    expect(missing.rows.length).toBeGreaterThan(0);
  });
});

describe('every source', () => {
  it.each(Object.keys(opsramp.sources))('%s reads ascending pages on a paginated budget', async (name) => {
    const bench = opsrampBench();
    const api = await bench.open();
    const asked: Parameters<CallApi>[0][] = [];
    const call: CallApi = (request) => {
      asked.push(request);
      return api.call(request);
    };
    await readReport({ ...api, call }, source(name));
    expect(asked.length).toBeGreaterThan(0);
    for (const { budget, query } of asked) {
      expect(budget).toBe(name === 'alert-history' ? 'alerts-paginated' : 'other-paginated');
      expect(opsramp.budgets[budget ?? '']?.perMinute).toBe(50);
      expect(query).toContainEqual(['isDescendingOrder', 'false']);
    }
  });
});
