import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../../functions/core/alerts/fingerprint.ts';
import { ConfigInvalidError, ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { automationAlerts } from '../../../../functions/providers/action1/alerts/automations.ts';
import { endpointAlerts } from '../../../../functions/providers/action1/alerts/endpoints.ts';
import { vulnerabilityAlerts } from '../../../../functions/providers/action1/alerts/vulnerabilities.ts';
import { severityOf } from '../../../../functions/providers/action1/vulnerability.ts';
import { createWorld, response, START } from './world.ts';

const HOUR = 3_600_000;
const QUIET = { vulnerabilitiesPerOrganization: 0 };

describe('severity of a score', () => {
  it.each([
    [10, 'critical'],
    [9, 'critical'],
    [8.9, 'high'],
    [7, 'high'],
    [6.9, 'medium'],
    [4, 'medium'],
    [3.9, 'low'],
    [0.1, 'low'],
    [0, 'info'],
    [Number.NaN, 'info'],
    [undefined, 'info'],
  ] as const)('%s is %s', (score, severity) => {
    expect(severityOf(score)).toBe(severity);
  });
});

describe('vulnerability alerts', () => {
  it('has what is new, by organization and CVE', async () => {
    const world = createWorld(QUIET);
    expect((await world.pass(vulnerabilityAlerts)).alerts).toEqual([]);
    const added = world.model.control.addCriticalVulnerability({ organization: 1 });
    const { alerts } = await world.pass(vulnerabilityAlerts);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      id: `${added.organizationId}/${added.cve}`,
      severity: 'critical',
      state: 'open',
      significant: { score: 9.8, knownExploited: false, remediationStatus: 'Due_soon' },
    });
    world.model.control.removeVulnerability(added);
    expect((await world.pass(vulnerabilityAlerts)).alerts).toEqual([]);
  });

  it('becomes another version when it is exploited, overdue or controlled, and not when it spreads', async () => {
    const world = createWorld(QUIET);
    const { control } = world.model;
    const added = control.addCriticalVulnerability({});
    const look = async () => {
      const [alert] = (await world.pass(vulnerabilityAlerts)).alerts;
      if (alert === undefined) throw new Error('No alert');
      return alert;
    };
    const prints = [fingerprintOf(await look())];
    for (const change of [
      { knownExploited: true },
      { remediationStatus: 'Overdue' },
      { remediationStatus: 'Compensated' },
    ]) {
      control.changeVulnerability(added, change);
      prints.push(fingerprintOf(await look()));
    }
    expect(new Set(prints).size).toBe(4);
    expect((await look()).state).toBe('suppressed');
    control.changeVulnerability(added, { endpoints: 7 } as object);
    expect(fingerprintOf(await look())).toBe(prints.at(-1));
  });

  it('takes lower scores when they are exploited or overdue, as asked', async () => {
    const world = createWorld(QUIET);
    const { control } = world.model;
    control.addCriticalVulnerability({ cve: 'CVE-2026-1', score: 5 });
    control.addCriticalVulnerability({ cve: 'CVE-2026-2', score: 5, knownExploited: true });
    control.changeVulnerability(control.addCriticalVulnerability({ cve: 'CVE-2026-3', score: 5 }), {
      remediationStatus: 'Overdue',
    });
    control.addCriticalVulnerability({ cve: 'CVE-2026-4', score: 9 });
    const found = async (options: object) =>
      (await world.pass(vulnerabilityAlerts, options as never)).alerts.map(({ id }) => id.slice(id.indexOf('/') + 1));
    expect(await found({})).toEqual(['CVE-2026-2', 'CVE-2026-3', 'CVE-2026-4']);
    expect(await found({ knownExploited: false })).toEqual(['CVE-2026-3', 'CVE-2026-4']);
    expect(await found({ overdue: false, minimumScore: 5 })).toEqual([
      'CVE-2026-1',
      'CVE-2026-2',
      'CVE-2026-3',
      'CVE-2026-4',
    ]);
    expect(await found({ overdue: false, knownExploited: false })).toEqual(['CVE-2026-4']);
    expect(new Set(world.paths().filter((path) => path.includes('score=Critical'))).size).toBe(3);
  });

  it('asks for affected endpoints in enrich alone, once', async () => {
    const world = createWorld({ vulnerabilitiesPerOrganization: 300 });
    const { alerts, enrich } = await world.pass(vulnerabilityAlerts);
    const route = 'GET vulnerabilities/:org/:cve/endpoints';
    expect(world.model.control.counters()[route]).toBeUndefined();
    const first = alerts[0];
    if (first === undefined) throw new Error('No alert');
    const enriched = await enrich(first);
    expect(world.model.control.counters()[route]).toBe(1);
    const affected = enriched?.details['affectedEndpoints'] as readonly unknown[] | undefined;
    expect(affected?.length).toBeGreaterThan(0);
    expect(affected?.length).toBeLessThanOrEqual(25);
    expect(fingerprintOf(enriched ?? first)).toBe(fingerprintOf(first));
  });

  it('A11, A24: a list that shrank while it was paged is read again, so that nothing seems to be gone', async () => {
    const options = { organizations: 1, vulnerabilitiesPerOrganization: 450 };
    const all = await createWorld(options).pass(vulnerabilityAlerts, { minimumScore: 0 });
    const world = createWorld({ ...options, switches: { shiftVulnerabilitiesOnce: true } });
    const { alerts } = await world.pass(vulnerabilityAlerts, { minimumScore: 0 });
    const seen = new Set(alerts.map(({ id }) => id));
    expect(all.alerts.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  });

  it('A24: gives the pass up when the list changes at every reading', async () => {
    let total = 1_000;
    const call: CallApi = async ({ path }) => {
      if (path === 'organizations') return response(200, { items: [{ id: 'o', name: 'O' }], total_items: 1 });
      total += 1;
      return response(200, {
        items: Array.from({ length: 200 }, (_, index) => ({ cve_id: `CVE-1-${index}` })),
        total_items: total,
      });
    };
    const context = { connection: 'c1', settings: {}, options: vulnerabilityAlerts.parseOptions({}), now: START };
    const read = async () => {
      let cursor;
      for (let pages = 0; pages < 50; pages += 1) {
        const page = await vulnerabilityAlerts.readPage(call, context, { from: START, to: START }, cursor);
        if (page.next === undefined) return;
        cursor = page.next;
      }
    };
    await expect(read()).rejects.toThrow(ProviderResponseInvalidError);
  });

  it('A24: begins a list again whose total moves, and goes on with one that gives none', async () => {
    const context = { connection: 'c1', settings: {}, options: vulnerabilityAlerts.parseOptions({}), now: START };
    const organizations = [{ id: 'o', name: 'O' }];
    const at = { step: 'rows', organizations, index: 0, position: { from: 2 }, total: 9, restarts: 1 };
    const items = [{ cve_id: 'CVE-1', cvss_score: 9 }];
    const after = async (total: number | null) => {
      const call: CallApi = async () => response(200, { items, total_items: total, limit: 1 });
      return vulnerabilityAlerts.readPage(call, context, { from: START, to: START }, at);
    };
    expect(await after(8)).toEqual({
      alerts: [],
      next: { ...at, position: { from: 0 }, total: null, restarts: 2 },
    });
    const [same, unknown] = [await after(9), await after(null)];
    expect([same.alerts, unknown.alerts].map(({ length }) => length)).toEqual([1, 1]);
    expect(same.next).toEqual({ ...at, position: { from: 3 } });
    expect(unknown.next).toEqual({ ...at, position: { from: 3 }, total: null });
  });

  it('A08: reports what it cannot read by its id and goes on', async () => {
    const items = [
      { cve_id: 'CVE-1-1', cvss_score: {} },
      { cve_id: '../x', cvss_score: '9.9' },
      { cve_id: 'CVE-1-2', cvss_score: '9.9' },
      7,
      null,
    ];
    const call: CallApi = async ({ path }) =>
      response(200, {
        items: path === 'organizations' ? [{ id: 'o', name: 'O' }] : items,
        total_items: path === 'organizations' ? 1 : 5,
      });
    const context = { connection: 'c1', settings: {}, options: vulnerabilityAlerts.parseOptions({}), now: START };
    const first = await vulnerabilityAlerts.readPage(call, context, { from: START, to: START }, undefined);
    const page = await vulnerabilityAlerts.readPage(call, context, { from: START, to: START }, first.next);
    expect(page.alerts.map(({ id }) => id)).toEqual(['o/CVE-1-2']);
    expect(page.unreadable).toEqual(['o/CVE-1-1', '', '', '']);
  });

  it.each([{ minimumScore: 11 }, { minimumScore: '9' }, { scores: [] }])('refuses the options %j', (given) => {
    expect(() => vulnerabilityAlerts.parseOptions(given)).toThrow(ConfigInvalidError);
  });
});

describe('endpoint alerts', () => {
  it('has endpoints that are silent for as long as asked for, from that moment on', async () => {
    const world = createWorld({ offlineEvery: 0 });
    const { control } = world.model;
    const id = control.setEndpoint({ organization: 2, endpoint: 5 }, new Date(START.getTime() - 24 * HOUR + 1_000));
    expect((await world.pass(endpointAlerts)).alerts).toEqual([]);
    control.setEndpoint({ organization: 2, endpoint: 5 }, new Date(START.getTime() - 24 * HOUR));
    const { alerts } = await world.pass(endpointAlerts);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ id: expect.stringContaining(id) as string, severity: 'medium', raisedAt: START });
    control.setEndpoint({ organization: 2, endpoint: 5 });
    expect((await world.pass(endpointAlerts)).alerts).toEqual([]);
  });

  it('is the same alert from pass to pass while the endpoint is silent', async () => {
    const world = createWorld();
    const before = (await world.pass(endpointAlerts, { hours: 1, severity: 'low' })).alerts;
    world.advance(5 * HOUR);
    const after = (await world.pass(endpointAlerts, { hours: 1, severity: 'low' })).alerts;
    expect(before).toHaveLength(12);
    expect(after.map((alert) => [alert.id, fingerprintOf(alert)])).toEqual(
      before.map((alert) => [alert.id, fingerprintOf(alert)]),
    );
  });
});

describe.each([
  ['endpoint', endpointAlerts],
  ['automation', automationAlerts],
])('%s alerts', (_what, source) => {
  it('A08: are told from what cannot be read by its id', async () => {
    const context = { connection: 'c1', settings: {}, options: source.parseOptions({}), now: START };
    const cursor = {
      step: 'rows',
      organizations: [{ id: 'o', name: 'O' }],
      index: 0,
      position: { from: 0 },
      total: null,
    };
    const call: CallApi = async () => response(200, { items: [{ id: 'x1', name: 5 }], total_items: 1 });
    expect(await source.readPage(call, context, { from: START, to: START }, cursor)).toEqual({
      alerts: [],
      unreadable: ['o/x1'],
    });
  });
});

describe('automation alerts', () => {
  it('has runs that failed, until they are old', async () => {
    const world = createWorld({ automationsPerOrganization: 0 });
    const id = world.model.control.failAutomation({ name: 'Patch Tuesday', at: START });
    const { alerts, enrich } = await world.pass(automationAlerts);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      severity: 'high',
      significant: { status: 'Error' },
      details: { instanceId: id },
    });
    const enriched = alerts[0] && (await enrich(alerts[0]));
    expect(enriched?.details['endpointResults']).toHaveLength(5);
    world.advance(7 * 24 * HOUR);
    world.signIn();
    expect((await world.pass(automationAlerts)).alerts).toHaveLength(1);
    world.advance(1);
    expect((await world.pass(automationAlerts)).alerts).toEqual([]);
  });

  it('chooses by status, at the server where it is one', async () => {
    const world = createWorld();
    expect((await world.pass(automationAlerts, { statuses: ['Error', 'Warning'] })).alerts).toHaveLength(9);
    expect(world.paths().some((path) => path.includes('status='))).toBe(false);
    expect((await world.pass(automationAlerts, { statuses: ['Error'] })).alerts).toHaveLength(9);
    expect(world.paths().filter((path) => path.includes('status=Error'))).toHaveLength(3);
  });
});
