import { describe, expect, it } from 'vitest';
import { listAlerts } from '../../../../functions/providers/oauth2/list-alerts.ts';
import { open, readAlerts } from './harness.ts';

const INCIDENT = {
  id: 7,
  summary: 'Disk full',
  priority: 'P1',
  status: 'New',
  host: { name: 'web-03' },
  openedAt: '2026-03-01T10:00:00Z',
  note: 'first',
};
const RECIPE = {
  path: 'offset/incidents',
  rows: 'data',
  paging: { style: 'offset', size: 2, sizeParameter: 'size' },
  total: 'meta.total',
  id: 'id',
  title: 'summary',
  resource: 'host.name',
  severity: { from: 'priority', map: { p1: 'critical', P2: 'high' } },
  state: { from: 'status', map: { New: 'open', Ack: 'acknowledged', Closed: 'resolved' } },
  fingerprint: ['host.name'],
  details: ['note'],
  raisedAt: 'openedAt',
};

async function only(row: object) {
  const harness = await open({ collections: { incidents: [row as never] } });
  return (await readAlerts(harness, RECIPE))[0]?.alerts[0];
}

describe('a list of alerts', () => {
  it('maps a row', async () => {
    expect(await only(INCIDENT)).toEqual({
      id: '7',
      severity: 'critical',
      state: 'open',
      title: 'Disk full',
      resource: 'web-03',
      raisedAt: new Date('2026-03-01T10:00:00Z'),
      significant: { severity: 'critical', state: 'open', fields: { 'host.name': 'web-03' } },
      details: { note: 'first' },
    });
  });

  it.each([
    [{ status: 'Ack' }, 'acknowledged', 'critical'],
    [{ status: 'CLOSED' }, 'resolved', 'critical'],
    [{ status: 'Weird', priority: 'P9' }, 'open', 'medium'],
    [{ status: undefined, priority: null }, 'open', 'medium'],
  ])('%j is %s and %s: what nobody told us of is not harmless', async (change, state, severity) => {
    expect(await only({ ...INCIDENT, ...change })).toMatchObject({ state, severity });
  });

  it('is news where a field of the fingerprint changed, and none where only another did', async () => {
    const before = await only(INCIDENT);
    expect((await only({ ...INCIDENT, note: 'second' }))?.significant).toEqual(before?.significant);
    expect((await only({ ...INCIDENT, host: { name: 'web-04' } }))?.significant).not.toEqual(before?.significant);
  });

  it('names rows without an id as unreadable, so that a pass resolves nothing for their sake', async () => {
    const harness = await open({ collections: { incidents: [INCIDENT, { ...INCIDENT, id: null }] } });
    const [page] = await readAlerts(harness, RECIPE);
    expect([page?.alerts.length, page?.unreadable]).toEqual([1, ['']]);
  });

  it('A11, A23: hands out what came twice, so that a pass sees that pages shifted', async () => {
    const rows = [1, 2, 3, 4, 5].map((id) => ({ ...INCIDENT, id }));
    const harness = await open({ collections: { incidents: rows }, hidesEvery: 2 });
    const ids = (await readAlerts(harness, { ...RECIPE, total: undefined })).flatMap((page) =>
      page.alerts.map(({ id }) => id),
    );
    expect(ids.length).toBeGreaterThan(new Set(ids).size);
    expect(new Set(ids)).toEqual(new Set(['1', '3', '5']));
  });

  it('gives the total with each page', async () => {
    const harness = await open({ collections: { incidents: [1, 2, 3].map((id) => ({ ...INCIDENT, id })) } });
    expect((await readAlerts(harness, RECIPE)).map(({ total }) => total)).toEqual([3, 3]);
  });

  it.each([
    [{ id: undefined }, /id is missing/u],
    [{ severity: { from: 'p', map: { a: 'urgent' } } }, /severity map a must be one of critical, high/u],
    [{ severity: { from: 'p', map: { a: 'criticall' } } }, /Did you mean critical\?/u],
    [{ state: { form: 'p', map: {} } }, /state form is not a setting here\. Did you mean from\?/u],
    [{ columns: ['a'] }, /columns is not a setting here/u],
  ])('refuses %j with its place', (change, message) => {
    expect(() => listAlerts.parseOptions({ ...RECIPE, ...change })).toThrow(message);
  });

  it('is all that stands, and what the recipe leaves out is little', () => {
    expect(listAlerts).toMatchObject({ mode: 'snapshot', lagMs: 0 });
    const least = { path: 'incidents', id: 'id', title: 'summary' };
    expect(listAlerts.parseOptions(least)).toEqual({
      ...least,
      query: {},
      rows: '',
      paging: { style: 'none' },
      fingerprint: [],
      details: [],
      format: 'iso',
    });
  });

  it.each([
    [{ severity: undefined, state: undefined }, {}, { severity: 'medium', state: 'open' }],
    [{ severity: { from: 'x', map: { '': 'low' } } }, {}, { severity: 'low' }],
    [{ severity: { from: 'x', map: { '': 'low' } } }, { x: { y: 1 } }, { severity: 'low' }],
    [{ severity: { from: 'x', map: { undefined: 'low' }, otherwise: 'high' } }, {}, { severity: 'high' }],
    [{ severity: { from: 'x', map: { '[object object]': 'low' } } }, { x: {} }, { severity: 'medium' }],
    [{ severity: { from: 'x', map: { true: 'low' } } }, { x: true }, { severity: 'low' }],
    [{ severity: { from: 'x', map: { 1: 'low' } } }, { x: 1 }, { severity: 'low' }],
    [{ title: 'none', resource: 'none' }, {}, { title: 'Alert 7', resource: 'ledger' }],
    [{ resource: undefined }, {}, { resource: 'ledger' }],
    [
      { changedAt: 'at', raisedAt: 'at', format: 'seconds' },
      { at: 1_772_323_200 },
      { changedAt: new Date('2026-03-01T00:00:00Z'), raisedAt: new Date('2026-03-01T00:00:00Z') },
    ],
    [{ details: ['a.b', 'none'] }, { a: { b: 1 } }, { details: { 'a.b': 1, none: null } }],
  ])('under %j is %j an alert as it says', async (change, row, expected) => {
    const harness = await open({ collections: { incidents: [{ ...INCIDENT, ...row }] } });
    const recipe = { ...RECIPE, ...change };
    expect((await readAlerts(harness, recipe))[0]?.alerts[0]).toMatchObject(expected);
  });

  it('has nothing to say of what every row can be read of, and of a total that nobody gives', async () => {
    const harness = await open({ collections: { incidents: [INCIDENT] } });
    const [page] = await readAlerts(harness, { ...RECIPE, total: undefined });
    expect(Object.keys(page ?? {}).toSorted()).toEqual(['alerts', 'next']);
    expect(Object.keys(page?.alerts[0] ?? {})).not.toContain('changedAt');
    expect(() => listAlerts.parseOptions({ ...RECIPE, nonsense: 1 })).toThrow(/^The recipe: /u);
  });
});
