import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource, SourceRow } from '../../../../functions/core/reports/source.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { expectAsDescribed } from '../../../support/described.ts';
import { alertContext, NOW, opsrampBench, readReport, response } from '../../../support/opsramp.ts';

const source = (name: string) => opsramp.sources[name] as ReportSource;
const window = { from: new Date('2026-03-09T12:00:00Z'), to: NOW };

/** The fields of a source's `queryString` under some options. */
async function fieldsAsked(name: string, options: unknown): Promise<Readonly<Record<string, string>>> {
  const { context } = await opsrampBench().open();
  let asked: Parameters<CallApi>[0] | undefined;
  const call: CallApi = async (request) => {
    asked = request;
    return response(200, { results: [], totalResults: 0 });
  };
  const report = source(name);
  await report.readPage(
    call,
    { ...context, options: report.parseOptions(options), window, observedAt: NOW, now: NOW },
    undefined,
  );
  const text = asked?.query?.find(([field]) => field === 'queryString')?.[1] ?? '';
  return Object.fromEntries(text.split('+').map((field) => field.split(/:(.*)/u).slice(0, 2) as [string, string]));
}

/** Members that the vendor documents and the simulated tenant has none of. */
const DOCUMENTED: Readonly<Record<string, readonly SourceRow[]>> = {
  incidents: [{ id: 'INC-x', resolvedDate: '2026-03-09T12:00:00+0000', dueDate: '2026-03-09T12:00:00+0000' }],
  resources: [{ id: 'x', make: 'HPE', model: 'DL380', createdDate: '2026-03-09T12:00:00+0000' }],
};

describe('what a source says of itself', () => {
  it.each([
    ['alert-history', 'currentState', 900_000],
    ['incidents', 'status', 900_000],
    ['resources', 'resourceType', 0],
    ['patch-compliance', 'complianceName', 0],
    ['patch-status', 'patchStatus', 0],
  ])('%s has its columns, its key and its groups in its rows', async (name, groupColumn, settleMs) => {
    const { rows } = await readReport(await opsrampBench().open(), source(name));
    const description = source(name).describe({});
    expectAsDescribed(description, [...rows, ...(DOCUMENTED[name] ?? [])]);
    expect(description).toMatchObject({ groupColumn, settleMs });
    expect(description.columns).toEqual(expect.arrayContaining([groupColumn, ...(description.keyColumns ?? [])]));
  });
});

describe('options', () => {
  const dates = { startDate: '2026-03-09T11:59:59 0000', endDate: '2026-03-10T12:00:01 0000' };
  const created = { startCreationDate: dates.startDate, endCreationDate: dates.endDate };
  const updated = {
    startCreationDate: '2000-01-01T00:00:00 0000',
    endCreationDate: dates.endDate,
    startUpdationDate: dates.startDate,
    endUpdationDate: dates.endDate,
  };

  it.each([
    ['alert-history', {}, { ...dates, alertTimeBase: 'created' }],
    [
      'alert-history',
      {
        states: ['critical', 'Warning', 'info', 'ok'],
        priorities: ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'],
        resourceTypes: ['Linux'],
        resources: ['r1', 'r2'],
        metrics: ['system.ping.pl'],
        alertTypes: ['Monitoring'],
        apps: ['OPSRAMP'],
        clients: ['client_1'],
      },
      {
        ...dates,
        alertTimeBase: 'created',
        states: 'Critical,Warning,Info,Ok',
        priority: 'P0,P1,P2,P3,P4,P5',
        resourceType: 'Linux',
        resourceIds: 'r1,r2',
        metrics: 'system.ping.pl',
        alertTypes: 'Monitoring',
        apps: 'OPSRAMP',
        clientIds: 'client_1',
      },
    ],
    ['incidents', {}, created],
    ['incidents', { stamp: 'created' }, created],
    ['incidents', { stamp: 'updated' }, updated],
    [
      'incidents',
      {
        statuses: ['new', 'open', 'pending', 'resolved', 'closed', 'on hold'],
        priorities: ['very low', 'low', 'normal', 'high', 'urgent'],
        sources: ['portal', 'integration', 'mobile', 'email'],
        assigneeGroups: ['7'],
      },
      {
        ...created,
        status: 'New,Open,Pending,Resolved,Closed,On Hold',
        priority: 'Very Low,Low,Normal,High,Urgent',
        source: 'PORTAL,INTEGRATION,MOBILE,EMAIL',
        assigneeGroupIds: '7',
      },
    ],
    ['resources', {}, { state: 'active' }],
    [
      'resources',
      { state: 'all', types: ['a'], resourceTypes: ['b'], deviceTypes: ['c'], tags: ['d'] },
      { state: 'all', type: 'a', resourceType: 'b', deviceType: 'c', tags: 'd' },
    ],
    ['resources', { state: 'inactive' }, { state: 'inactive' }],
    ['resources', { state: 'discovered' }, { state: 'discovered' }],
    ['resources', { state: 'active' }, { state: 'active' }],
    [
      'patch-status',
      {
        patchStatuses: ['missing', 'installed'],
        installedStatuses: ['inprogress', 'completed', 'failed', 'excluded', 'need_to_install'],
        approvalStatuses: ['approved', 'not_approved'],
        severities: ['Critical'],
        categories: ['Security'],
      },
      {
        patchStatus: 'MISSING,INSTALLED',
        installedStatus: 'INPROGRESS,COMPLETED,FAILED,EXCLUDED,NEED_TO_INSTALL',
        approvalStatus: 'APPROVED,NOT_APPROVED',
        severity: 'Critical',
        category: 'Security',
      },
    ],
  ])("%s asks with %j under the vendor's names", async (name, options, expected) => {
    expect(await fieldsAsked(name, options)).toEqual(expected);
  });

  it.each(['alert-history', 'incidents', 'resources', 'patch-compliance', 'patch-status'])(
    'of %s are named with the source and the field where they are wrong',
    (name) => {
      expect(() => source(name).parseOptions({ nonsense: 1 })).toThrow(new RegExp(`${name}: nonsense`, 'u'));
      expect(() => source(name).parseOptions(7)).toThrow(new RegExp(`${name}: options`, 'u'));
    },
  );

  it.each([
    ['resources', { state: 'gone' }],
    ['resources', { types: [] }],
    ['resources', { types: [''] }],
    ['resources', { types: ['x'.repeat(201)] }],
    ['resources', { types: Array.from({ length: 51 }, (_, at) => `t${at}`) }],
    ['incidents', { stamp: 'resolved' }],
    ['patch-compliance', { osTypes: ['MAC'] }],
    ['patch-compliance', { osTypes: [] }],
  ])('of %s cannot be %j', (name, options) => {
    expect(() => source(name).parseOptions(options)).toThrow(ConfigInvalidError);
  });

  it('take fifty values of two hundred characters', () => {
    const types = Array.from({ length: 50 }, (_, at) => String(at).padEnd(200, 'x'));
    expect(source('resources').parseOptions({ types })).toEqual({ state: 'active', types });
  });

  it('choose the compliances of an operating system, whatever the case', async () => {
    const bench = opsrampBench({ compliances: 6 });
    const all = await readReport(await bench.open(), source('patch-compliance'));
    const some = await readReport(await bench.open(), source('patch-compliance'), { options: { osTypes: ['linux'] } });
    const linux = all.rows.filter((row) => /^linux$/iu.test(row.complianceOsType as string));
    expect(some.rows).toEqual(linux);
    expect(linux.length).toBeGreaterThan(0);
    expect(linux.length).toBeLessThan(all.rows.length);
  });
});

describe('the search for open alerts', () => {
  const alerts = opsramp.alertSources.alerts;

  it.each([
    [{}, 'Critical,Warning,Info'],
    [{ states: ['Critical', 'Ok'] }, 'Critical'],
    // Of what is healed nothing is open: what else may have been held open is asked for.
    [{ states: ['Ok'] }, 'Critical,Warning,Info'],
  ])('asks with %j for the states %s', async (options, states) => {
    const api = await opsrampBench().open();
    const asked: string[] = [];
    const call: CallApi = async ({ query = [] }) => {
      asked.push(...query.flatMap(([name, value]) => (name === 'queryString' ? [value] : [])));
      return response(200, { results: [], totalResults: 0 });
    };
    await alerts?.readOpenPage?.(call, alertContext(api, alerts, NOW, options), undefined);
    expect(asked).toEqual([
      `startDate:2009-12-31T23:59:59 0000+endDate:2026-03-10T12:00:01 0000+alertTimeBase:created+states:${states}`,
    ]);
  });

  it('asks the feed by the time of the last event', async () => {
    expect(alerts?.mode).toBe('feed');
    const api = await opsrampBench().open();
    const asked: (readonly [string, string])[] = [];
    const call: CallApi = async ({ query = [] }) => {
      asked.push(...query);
      return response(200, { results: [], totalResults: 0 });
    };
    const page = await alerts?.readPage(call, alertContext(api, alerts, NOW, {}), window, undefined);
    expect(page).toEqual({ alerts: [], total: 0 });
    expect(asked).toEqual([
      ['pageNo', '1'],
      ['pageSize', '500'],
      ['isDescendingOrder', 'false'],
      ['sortName', 'ts'],
      ['queryString', 'startDate:2026-03-09T11:59:59 0000+endDate:2026-03-10T12:00:01 0000+alertTimeBase:updated'],
    ]);
  });

  it('names itself where its options are wrong', () => {
    expect(() => alerts?.parseOptions({ states: ['Bad'] })).toThrow(/OpsRamp alerts: states/u);
    expect(() => alerts?.parseOptions({ nonsense: 1 })).toThrow(ConfigInvalidError);
  });
});
