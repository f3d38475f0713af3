import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import type { ReportSource, SourceRow } from '../../../../functions/core/reports/source.ts';
import type { Alert, AlertSource } from '../../../../functions/core/alerts/source.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { toSoftware } from '../../../../functions/providers/action1/vulnerability.ts';
import { expectAsDescribed } from '../../../support/described.ts';
import { createWorld, response, START } from './world.ts';

const source = (name: string) => action1.sources[name] as ReportSource;
const ORGANIZATION = { id: 'o/1', name: 'Head Office' };
const STAMP = '2026-05-01_10-20-30';
const ISO = '2026-05-01T10:20:30.000Z';

/** One organization with one page of a list; what was asked for besides it. */
function listing(items: readonly unknown[], more: JsonObject = {}) {
  const asked: ApiRequest[] = [];
  const call: CallApi = async (request) => {
    if (request.path === 'organizations') return response(200, { items: [ORGANIZATION], total_items: '1' });
    asked.push(request);
    return response(200, { items, total_items: String(items.length), ...more });
  };
  return { call, asked };
}

async function rowsOf(name: string, given: JsonObject, items: readonly unknown[]) {
  const { call, asked } = listing(items);
  const report = source(name);
  const window = { from: new Date('2026-05-01T00:00:00Z'), to: new Date('2026-05-02T00:00:00Z') };
  const context = { connection: 'c1', settings: {}, options: report.parseOptions(given), window, now: START };
  const rows: SourceRow[] = [];
  let cursor: JsonValue | undefined;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await report.readPage(call, { ...context, observedAt: START }, cursor);
    rows.push(...page.rows);
    if (page.next === undefined) return { rows, asked };
    cursor = page.next;
  }
  throw new Error('A source that does not end');
}

async function alertsOf(name: string, given: JsonObject, items: readonly unknown[], now = START) {
  const { call, asked } = listing(items);
  const alerts = action1.alertSources[name] as AlertSource;
  const context = { connection: 'c1', settings: {}, options: alerts.parseOptions(given), now };
  const span = { from: START, to: START };
  const first = await alerts.readPage(call, context, span, undefined);
  const page = await alerts.readPage(call, context, span, first.next);
  expect(page.next).toBeUndefined();
  return { alerts: page.alerts, asked };
}

describe('what a source says of itself', () => {
  it.each([
    ['endpoints', { counts: true }, 'status'],
    ['missing-updates', {}, 'severity'],
    ['vulnerabilities', {}, 'severity'],
    ['vulnerabilities', { affectedEndpoints: true }, 'severity'],
    ['installed-software', {}, 'Update Status'],
    ['audit-events', {}, 'event'],
  ])('%s with %j has its columns, its key and its groups in its rows', async (name, options, groupColumn) => {
    const world = createWorld({ organizations: 2, vulnerabilitiesPerOrganization: 5, endpointsPerOrganization: 12 });
    const window = { from: new Date('2026-05-20T00:00:00Z'), to: new Date('2026-05-21T00:00:00Z') };
    const { rows } = await world.drain(source(name), options, window);
    const description = source(name).describe(source(name).parseOptions(options));
    expectAsDescribed(description, rows);
    expect(description.groupColumn).toBe(groupColumn);
    expect(description.settleMs).toBe(name === 'audit-events' ? 600_000 : 0);
    if (description.columns !== undefined) {
      expect(Object.keys(rows[0] ?? {}).toSorted()).toEqual([...description.columns].toSorted());
    }
  });

  it('names the keys of a report, drilled into or not', () => {
    const report = source('report');
    expect(report.describe({ report: 'x' })).toMatchObject({
      kind: 'snapshot',
      settleMs: 0,
      keyColumns: ['organizationId', 'rowId'],
    });
    expect(report.describe({ report: 'x', drilldown: true }).keyColumns).toEqual([
      'organizationId',
      'parentRowId',
      'rowId',
    ]);
  });
});

describe('rows', () => {
  it('of endpoints have what the vendor says in our names, and null for what it does not', async () => {
    const full = {
      id: 'e1',
      name: 'n',
      device_name: 'd',
      status: 'Disconnected',
      last_seen: STAMP,
      address: 'a',
      MAC: 'm',
      OS: 'os',
      platform: 'p',
      agent_version: 'v',
      agent_install_date: STAMP,
      last_boot_time: STAMP,
      subscription_status: 'ss',
      user: 'u',
      serial: 's',
      manufacturer: 'mf',
      comment: 'c',
      reboot_required: 'YES',
      online_status: 'os1',
      update_status: 'us',
      vulnerability_status: 'vs',
      missing_updates: { critical: '1', other: 2 },
      missing_critical_updates: 9,
      missing_other_updates: 9,
      vulnerabilities: { critical: 3, other: '4' },
    };
    const older = { id: 'e2', device_name: 'd', last_seen: 'Now', comment: 'None', reboot_required: 'No' };
    const { rows } = await rowsOf('endpoints', {}, [
      full,
      { ...older, missing_critical_updates: '5', missing_other_updates: ' ' },
    ]);
    const organization = { organization: 'Head Office', organizationId: 'o/1' };
    expect(rows[0]).toEqual({
      ...organization,
      endpoint: 'n',
      endpointId: 'e1',
      status: 'Disconnected',
      lastSeen: ISO,
      onlineStatus: 'os1',
      operatingSystem: 'os',
      platform: 'p',
      address: 'a',
      mac: 'm',
      serial: 's',
      manufacturer: 'mf',
      user: 'u',
      agentVersion: 'v',
      agentInstalledAt: ISO,
      lastBootAt: ISO,
      subscriptionStatus: 'ss',
      rebootRequired: true,
      updateStatus: 'us',
      vulnerabilityStatus: 'vs',
      missingCriticalUpdates: 1,
      missingOtherUpdates: 2,
      criticalVulnerabilities: 3,
      otherVulnerabilities: 4,
      comment: 'c',
    });
    const none = Object.fromEntries(Object.keys(rows[0] ?? {}).map((column) => [column, null]));
    expect(rows[1]).toEqual({
      ...none,
      ...organization,
      endpoint: 'd',
      endpointId: 'e2',
      lastSeen: START.toISOString(),
      rebootRequired: false,
      missingCriticalUpdates: 5,
      comment: '',
    });
  });

  it('of updates have their first version', async () => {
    const version = {
      id: 'v1',
      version: '1.2',
      security_severity: 'Critical',
      update_type: 'Security',
      release_date: '2026-05-01',
      security_CVE: ' CVE-1 ,,CVE-2',
      approval_status: 'New',
      update_sla_deadline: STAMP,
      update_sla_status: 'Overdue',
    };
    const update = {
      id: 'u1',
      name: 'n',
      vendor: 'v',
      platform: 'p',
      update_type: 'Other',
      kb_number: 'KB1',
      reboot_needed: 'Yes',
      size: '1 MB',
      versions: [version, { id: 'v2' }],
    };
    const { rows, asked } = await rowsOf('missing-updates', {}, [
      update,
      { id: 'u2', update_type: 'Other', versions: [{}] },
      { id: 'u3' },
    ]);
    expect(rows[0]).toEqual({
      organization: 'Head Office',
      organizationId: 'o/1',
      updateId: 'u1',
      versionId: 'v1',
      update: 'n',
      vendor: 'v',
      version: '1.2',
      platform: 'p',
      kbNumber: 'KB1',
      severity: 'Critical',
      updateType: 'Security',
      releaseDate: '2026-05-01',
      cves: ['CVE-1', 'CVE-2'],
      approvalStatus: 'New',
      slaDeadline: ISO,
      slaStatus: 'Overdue',
      rebootNeeded: 'Yes',
      size: '1 MB',
    });
    const none = Object.fromEntries(Object.keys(rows[0] ?? {}).map((column) => [column, null]));
    const bare = { ...none, organization: 'Head Office', organizationId: 'o/1', cves: [] };
    expect(rows[1]).toEqual({ ...bare, updateId: 'u2', updateType: 'Other' });
    expect(rows[2]).toEqual({ ...bare, updateId: 'u3' });
    expect(asked[0]).toMatchObject({ path: 'updates/o%2F1', timeoutMs: 60_000 });
  });

  it('of vulnerabilities have score, severity and software', async () => {
    const software = {
      product_name: 'Browser',
      platform: 'Windows',
      versions: [{ version: '1' }, { version: null }, {}],
      available_updates: [
        { package_id: 'p', name: 'n', version: '2' },
        { package_id: 'p', version: '3' },
        { version: '4' },
        { name: 'n' },
      ],
    };
    const { rows } = await rowsOf('vulnerabilities', {}, [
      {
        cve_id: 'CVE-1',
        cvss_score: '7.5',
        published_date: '2026-05-01',
        vector_string: 'AV:N',
        remediation_status: 'Overdue',
        remediation_deadline: STAMP,
        endpoints_count: '12',
        cisa_kev: true,
        software: [software, {}],
      },
      { cve_id: 'CVE-2', cvss_score: '', endpoints_count: 'many' },
    ]);
    const mapped = [
      { product: 'Browser', platform: 'Windows', versions: ['1'], updates: ['n 2', 'p 3', '4', 'n'] },
      { product: null, platform: null, versions: [], updates: [] },
    ];
    expect(toSoftware([software, {}])).toEqual(mapped);
    expect(toSoftware(null)).toEqual([]);
    const organization = { organization: 'Head Office', organizationId: 'o/1' };
    expect(rows).toEqual([
      {
        ...organization,
        cve: 'CVE-1',
        score: 7.5,
        severity: 'high',
        knownExploited: true,
        remediationStatus: 'Overdue',
        remediationDeadline: ISO,
        endpoints: 12,
        publishedAt: '2026-05-01T00:00:00.000Z',
        vector: 'AV:N',
        software: mapped,
      },
      {
        ...organization,
        cve: 'CVE-2',
        score: null,
        severity: 'info',
        knownExploited: false,
        remediationStatus: null,
        remediationDeadline: null,
        endpoints: null,
        publishedAt: null,
        vector: null,
        software: [],
      },
    ]);
  });

  it('of the trail have who did what', async () => {
    const event = {
      id: 7,
      event: 'Login',
      description: 'd',
      object_name: 'o',
      object_url: '/x',
      user_name: 'u',
      user_id: 'u1',
      timestamp: STAMP,
      org_id: 'o1',
      org_name: 'Org',
      status_message: 'ok',
    };
    const bare = { id: 'x', timestamp: '2026-05-01T10:20:30Z' };
    const { rows, asked } = await rowsOf('audit-events', { events: ['Login', 'Logout'] }, [event, bare]);
    expect(rows[0]).toEqual({
      eventId: '7',
      at: ISO,
      event: 'Login',
      description: 'd',
      user: 'u',
      userId: 'u1',
      organization: 'Org',
      organizationId: 'o1',
      object: 'o',
      objectUrl: '/x',
      result: 'ok',
    });
    const none = Object.fromEntries(Object.keys(rows[0] ?? {}).map((column) => [column, null]));
    expect(rows[1]).toEqual({ ...none, eventId: 'x', at: ISO });
    expect(asked[0]?.path).toBe('audit/events');
    expect(asked[0]?.query).toEqual([
      ['timefrom', '2026-04-30_23-59-00'],
      ['timeto', '2026-05-02_00-01-00'],
      ['event', 'Login,Logout'],
      ['from', '0'],
      ['limit', '200'],
    ]);
    const chosen = async (organizations: string[]) =>
      (await rowsOf('audit-events', { organizations }, [event, bare])).rows.length;
    expect([await chosen(['O1', 'x']), await chosen(['org']), await chosen(['other'])]).toEqual([1, 1, 0]);
    await expect(rowsOf('audit-events', {}, [{ ...bare, timestamp: 'yesterday' }])).rejects.toThrow('readable time');
  });

  it('of installed software are the vendor’s own', async () => {
    const { rows, asked } = await rowsOf('installed-software', { filter: 'f' }, [
      { id: 5, fields: { Name: 'n' }, last_refresh: STAMP, response_type: 'live' },
      { fields: null, last_refresh: '', response_type: '' },
    ]);
    const organization = { organization: 'Head Office', organizationId: 'o/1' };
    expect(rows).toEqual([
      { ...organization, rowId: '5', Name: 'n', responseType: 'live', lastRefresh: ISO },
      { ...organization, rowId: null },
    ]);
    expect(asked[0]?.path).toBe('installed-software/o%2F1/data');
  });
});

type Asked = readonly [name: string, options: JsonObject, query: readonly (readonly [string, string])[]];

const ASKED: readonly Asked[] = [
  ['endpoints', {}, []],
  ['endpoints', { counts: true }, [['fields', '*']]],
  ['missing-updates', {}, [['only_latest', 'Yes']]],
  ...['New', 'Approved', 'Declined', '-Declined'].map((approval): Asked => [
    'missing-updates',
    { approval },
    [
      ['approval_status', approval],
      ['only_latest', 'Yes'],
    ],
  ]),
  ...['Critical', '-Critical', 'Important', 'Moderate', 'Low', 'Unspecified', 'Other'].map((severity): Asked => [
    'missing-updates',
    { severity, superseded: true },
    [
      ['security_severity', severity],
      ['only_latest', 'No'],
    ],
  ]),
  ['vulnerabilities', {}, []],
  ...['Critical', 'High', 'Medium', 'Low'].map((severity): Asked => [
    'vulnerabilities',
    { severity },
    [['score', severity]],
  ]),
  ...['Overdue', 'Due_soon', 'Overdue_due_soon', 'Due_later', 'Control_applied', 'All_except_control_applied'].map(
    (remediationStatus): Asked => [
      'vulnerabilities',
      { remediationStatus },
      [['remediation_status', remediationStatus]],
    ],
  ),
  ['installed-software', {}, []],
  ['installed-software', { filter: 'f' }, [['filter', 'f']]],
];

describe('options', () => {
  it.each(ASKED)("%s asks with %j under the vendor's names", async (name, options, query) => {
    const { asked } = await rowsOf(name, options, [{ id: 'x', cve_id: 'x' }]);
    expect(asked[0]?.query).toEqual([...query, ['from', '0'], ['limit', name === 'missing-updates' ? '50' : '200']]);
    expect(asked[0]?.method).toBe('GET');
  });

  it.each([
    ['endpoints', { counts: 'yes' }],
    ['missing-updates', { approval: 'Maybe' }],
    ['missing-updates', { severity: 'critical' }],
    ['vulnerabilities', { remediationStatus: 'Late' }],
    ['installed-software', { filter: '' }],
    ['audit-events', { events: [] }],
    ['audit-events', { events: [' '] }],
    ['audit-events', { organizations: [] }],
    ['endpoints', { organizations: [''] }],
  ])('of %s cannot be %j, and the source is named', (name, options) => {
    expect(() => source(name).parseOptions(options)).toThrow(ConfigInvalidError);
    expect(() => source(name).parseOptions(options)).toThrow(`Options of Action1 ${name}: ${Object.keys(options)[0]}`);
  });

  it.each(['vulnerabilities', 'endpoints', 'automations'])('of alerts on %s are named, too', (name) => {
    const alerts = action1.alertSources[name];
    expect(() => alerts?.parseOptions({ nonsense: 1 })).toThrow(`Options of Action1 ${name}: nonsense`);
    expect(() => alerts?.parseOptions({ organizations: 'some' })).toThrow('organizations');
    expect(alerts).toMatchObject({ mode: 'snapshot', lagMs: 0 });
  });
});

describe('alerts', () => {
  it('on vulnerabilities say what is known of them', async () => {
    const item = {
      cve_id: 'CVE-1',
      cvss_score: 9.1,
      published_date: '2026-05-01',
      vector_string: 'AV:N',
      remediation_status: 'Overdue',
      remediation_deadline: STAMP,
      endpoints_count: '12',
      cisa_kev: 'Yes',
      software: [{ product_name: 'Browser' }, {}],
    };
    const { alerts, asked } = await alertsOf('vulnerabilities', {}, [item, { cve_id: 'CVE-2', cvss_score: 9 }]);
    expect(alerts[0]).toEqual({
      id: 'o/1/CVE-1',
      severity: 'critical',
      state: 'open',
      title: 'CVE-1 (CVSS 9.1) in Head Office, known to be exploited, remediation overdue',
      resource: 'Head Office/CVE-1',
      significant: { score: 9.1, knownExploited: true, remediationStatus: 'Overdue' },
      details: {
        cve: 'CVE-1',
        organizationId: 'o/1',
        organization: 'Head Office',
        endpoints: 12,
        remediationDeadline: ISO,
        publishedAt: '2026-05-01T00:00:00.000Z',
        vector: 'AV:N',
        products: ['Browser'],
        software: ['Browser', null].map((product) => ({ product, platform: null, versions: [], updates: [] })),
      },
    });
    expect(alerts[1]).toMatchObject({
      title: 'CVE-2 (CVSS 9) in Head Office',
      significant: { knownExploited: false, remediationStatus: null },
      details: { endpoints: null, remediationDeadline: null, publishedAt: null, vector: null, products: [] },
    });
    const unscored = await alertsOf('vulnerabilities', {}, [{ cve_id: 'CVE-3', cisa_kev: true }]);
    expect(unscored.alerts[0]?.title).toBe('CVE-3 (CVSS unknown) in Head Office, known to be exploited');
    expect(asked[0]).toMatchObject({ path: 'vulnerabilities/o%2F1', timeoutMs: 15_000 });
    expect(asked[0]?.query).toEqual([
      ['from', '0'],
      ['limit', '200'],
    ]);
  });

  it.each([
    [{ cvss_score: 8.9 }, {}, undefined],
    [{ cvss_score: 8.9, remediation_status: 'OVERDUE' }, {}, 'open'],
    [{ cvss_score: 8.9, remediation_status: 'Overdue' }, { overdue: false }, undefined],
    [{ cvss_score: 9, remediation_status: 'Control_Applied' }, {}, 'suppressed'],
    [{ cvss_score: 9, remediation_status: 'Compensated' }, {}, 'suppressed'],
    [{ cisa_kev: true }, {}, 'open'],
    [{ cisa_kev: false }, { minimumScore: 0 }, undefined],
    [{ cvss_score: 0 }, { minimumScore: 0 }, 'open'],
    [{ cvss_score: 10 }, { minimumScore: 10 }, 'open'],
  ])('on vulnerabilities: %j under %j is %s', async (item, options, state) => {
    const { alerts } = await alertsOf('vulnerabilities', options, [{ cve_id: 'CVE-1', ...item }]);
    expect(alerts[0]?.state).toBe(state);
  });

  it.each([
    [{ minimumScore: 9, knownExploited: false, overdue: false }, true],
    [{ minimumScore: 8.9, knownExploited: false, overdue: false }, false],
    [{ minimumScore: 9, knownExploited: true, overdue: false }, false],
    [{ minimumScore: 9, knownExploited: false, overdue: true }, false],
  ])('on vulnerabilities under %j: the server chooses: %s', async (options, chooses) => {
    const { asked } = await alertsOf('vulnerabilities', options, [{ cve_id: 'CVE-1' }]);
    expect(asked[0]?.query?.[0]).toEqual(chooses ? ['score', 'Critical'] : ['from', '0']);
  });

  it('on silent endpoints say since when', async () => {
    const item = {
      id: 'e1',
      name: 'n',
      status: 'Disconnected',
      last_seen: '2026-05-30_23-00-00',
      OS: 'os',
      user: 'u',
      address: 'a',
      subscription_status: 's',
    };
    const { alerts, asked } = await alertsOf('endpoints', {}, [
      item,
      { id: 'e2', device_name: 'd', last_seen: '2026-05-30_23-00-00' },
      { id: 'e3', last_seen: '2026-05-30_23-00-00' },
      { id: 'e4', last_seen: '2026-05-30_23-00-00', status: 'CONNECTED' },
      { id: 'e5', last_seen: 'None' },
      { id: 'e6', last_seen: 'Now' },
    ]);
    expect(alerts[0]).toEqual({
      id: 'o/1/e1',
      severity: 'medium',
      state: 'open',
      title: 'n in Head Office has not reported since 2026-05-30T23:00:00.000Z',
      resource: 'n',
      raisedAt: new Date('2026-05-31T23:00:00Z'),
      changedAt: new Date('2026-05-31T23:00:00Z'),
      significant: { lastSeen: '2026-05-30T23:00:00.000Z' },
      details: {
        endpointId: 'e1',
        organizationId: 'o/1',
        organization: 'Head Office',
        operatingSystem: 'os',
        user: 'u',
        address: 'a',
        subscriptionStatus: 's',
      },
    });
    expect(alerts.map(({ resource }) => resource)).toEqual(['n', 'd', 'e3']);
    expect(alerts[1]?.details).toMatchObject({
      operatingSystem: null,
      user: null,
      address: null,
      subscriptionStatus: null,
    });
    expect(asked[0]).toMatchObject({ path: 'endpoints/managed/o%2F1', timeoutMs: 15_000 });
    expect(asked[0]?.query?.[0]).toEqual(['status', 'Disconnected']);
    const low = await alertsOf('endpoints', { severity: 'info', hours: 26 }, [item]);
    expect(low.alerts).toEqual([]);
    for (const severity of ['critical', 'high', 'medium', 'low', 'info']) {
      expect((await alertsOf('endpoints', { severity, hours: 1 }, [item])).alerts[0]?.severity).toBe(severity);
    }
  });

  it('on automations say how they ended', async () => {
    const item = { id: 'r1', name: 'Patch', status: 'Error', start_time: '2026-05-30_00-00-00', end_time: STAMP };
    const { alerts, asked } = await alertsOf('automations', { withinDays: 60 }, [
      item,
      { id: 'r2', status: 'ERROR', start_time: STAMP },
      { id: 'r3', status: 'error' },
      { id: 'r4', status: 'Completed' },
      { id: 'r5' },
    ]);
    expect(alerts[0]).toEqual({
      id: 'o/1/r1',
      severity: 'high',
      state: 'open',
      title: 'Automation Patch in Head Office ended with Error',
      resource: 'Head Office/Patch',
      raisedAt: new Date(ISO),
      changedAt: new Date(ISO),
      significant: { status: 'Error' },
      details: { instanceId: 'r1', organizationId: 'o/1', organization: 'Head Office', automation: 'Patch' },
    });
    expect(alerts.map(({ resource }) => resource)).toEqual(['Head Office/Patch', 'Head Office/r2', 'Head Office/r3']);
    expect(alerts[1]?.raisedAt).toEqual(new Date(ISO));
    expect(alerts[2]).not.toHaveProperty('raisedAt');
    expect(asked[0]).toMatchObject({ path: 'automations/instances/o%2F1', timeoutMs: 15_000 });
    expect(asked[0]?.query?.[0]).toEqual(['status', 'Error']);
    const both = await alertsOf('automations', { statuses: ['Warning', 'Stopped'], withinDays: 60 }, [
      { ...item, status: 'Warning' },
      { ...item, status: 'Stopped' },
      item,
    ]);
    expect(both.alerts.map(({ severity }) => severity)).toEqual(['medium', 'low']);
    expect(both.asked[0]?.query?.[0]).toEqual(['from', '0']);
    expect(() => action1.alertSources.automations?.parseOptions({ withinDays: 0 })).toThrow('withinDays');
    expect(() => action1.alertSources.automations?.parseOptions({ statuses: [] })).toThrow('statuses');
  });

  it('are enriched with a page of endpoints, and left alone where they name nothing to ask for', async () => {
    const bare: Alert = {
      id: 'x',
      severity: 'low',
      state: 'open',
      title: 't',
      resource: 'r',
      significant: {},
      details: { organizationId: 'o/1' },
    };
    const enrich = async (name: string, details: JsonObject, items: readonly unknown[], total?: number) => {
      const { call, asked } = listing(items, total === undefined ? { total_items: null } : { total_items: total });
      const alerts = action1.alertSources[name];
      const context = { connection: 'c1', settings: {}, options: {}, now: START };
      const after = await alerts?.enrich?.(call, context, { ...bare, details });
      return { details: after?.details, asked };
    };
    for (const name of ['vulnerabilities', 'automations']) {
      for (const details of [{ organizationId: 'o/1' }, { cve: 'c', instanceId: 'i' }, { organizationId: 1, cve: 2 }]) {
        expect(await enrich(name, details, [])).toEqual({ details, asked: [] });
      }
    }
    const cve = { organizationId: 'o/1', cve: 'C/1', endpoints: 7 };
    const item = { endpoint_id: 'e1', endpoint_name: 'n', OS: 'os' };
    const affected = { endpointId: 'e1', endpoint: 'n', operatingSystem: 'os' };
    const told = await enrich('vulnerabilities', cve, [item], 30);
    expect(told.details).toEqual({ ...cve, endpoints: 30, affectedEndpoints: [affected] });
    expect(told.asked[0]).toMatchObject({ path: 'vulnerabilities/o%2F1/C%2F1/endpoints', timeoutMs: 15_000 });
    expect(told.asked[0]?.query).toEqual([
      ['from', '0'],
      ['limit', '25'],
    ]);
    expect((await enrich('vulnerabilities', cve, [{ endpoint_id: 'e2' }])).details).toMatchObject({
      endpoints: 7,
      affectedEndpoints: [{ endpointId: 'e2', endpoint: null, operatingSystem: null }],
    });
    expect((await enrich('vulnerabilities', { organizationId: 'o/1', cve: 'C' }, [item])).details?.endpoints).toBe(1);
    const run = { organizationId: 'o/1', instanceId: 'i/1' };
    const results = [{ endpoint_name: 'n', status: 's', action_name: 'a', description: 'd' }, {}];
    const failed = await enrich('automations', run, results);
    expect(failed.details).toEqual({
      ...run,
      endpointResults: [
        { endpoint: 'n', status: 's', action: 'a', description: 'd' },
        { endpoint: null, status: null, action: null, description: null },
      ],
    });
    expect(failed.asked[0]).toMatchObject({
      path: 'automations/instances/o%2F1/i%2F1/endpoint-results',
      timeoutMs: 15_000,
    });
  });
});
