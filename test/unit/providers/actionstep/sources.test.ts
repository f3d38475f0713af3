import { describe, expect, it } from 'vitest';
import {
  AccessDeniedError,
  AccessTokenRejectedError,
  ConfigInvalidError,
  ProviderRateLimitedError,
} from '../../../../functions/core/errors.ts';
import { actionstep } from '../../../../functions/providers/actionstep/provider.ts';
import { open, readAll } from './harness.ts';

const ids = (rows: readonly { readonly id?: unknown }[]) => rows.map((row) => row.id);

describe('resource source', () => {
  it.each(['actions', 'participants', 'time', 'filenotes', 'tasks', 'disbursements', 'users'])(
    'reads %s to the end, every row once, reconciled with recordCount',
    async (name) => {
      const harness = await open({ size: 30 });
      const { rows, last } = await readAll(harness, name, { pageSize: 20 });
      const resource = name === 'time' ? 'timeentries' : name;
      expect(new Set(ids(rows)).size).toBe(rows.length);
      expect(rows).toHaveLength(harness.model.records(resource).length);
      expect(last).toMatchObject({ sourceTotal: rows.length, completeness: 'reconciled' });
    },
  );

  it.each(['actionparticipants', 'tags', 'actiontypes', 'datacollections', 'culturalidentity'])(
    'reads %s by name, as a snapshot that says why',
    async (resource) => {
      const harness = await open();
      const report = actionstep.sources.resource;
      const description = report?.describe(report.parseOptions({ resource }));
      expect(description).toMatchObject({
        kind: 'snapshot',
        settleMs: 0,
        snapshotReason: expect.stringContaining('stamp'),
      });
      const { rows, last } = await readAll(harness, 'resource', { resource, pageSize: 5 });
      expect(rows.length).toBeGreaterThan(0);
      expect(last.sourceTotal).toBe(rows.length);
    },
  );

  it('sends the documented headers, sorts by id and asks for the largest page', async () => {
    const harness = await open();
    await readAll(harness, 'users');
    const [request] = harness.sent;
    expect(request?.url.pathname).toBe('/api/rest/users');
    expect(request?.headers).toMatchObject({
      accept: 'application/vnd.api+json',
      'content-type': 'application/vnd.api+json',
    });
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({ sort: 'id', pageSize: '200', page: '1' });
  });

  it.each(['object', 'array'] as const)('reads a page of one row as %s', async (oneRow) => {
    const harness = await open({ oneRow });
    const { rows } = await readAll(harness, 'actions', { pageSize: 1, filters: { id_in: '1001,1002' } });
    expect(ids(rows)).toEqual([1001, 1002]);
  });

  it.each([204, 200] as const)('E16 reads an empty answer (%d) as none, reconciled', async (empty) => {
    const harness = await open({ empty });
    const { rows, last } = await readAll(harness, 'tasks', { filters: { status_eq: 'Hidden' } });
    expect(rows).toEqual([]);
    expect(last).toMatchObject({ sourceTotal: 0, completeness: 'reconciled' });
  });

  it('keeps to the page size that the source really uses', async () => {
    const harness = await open({ size: 20, maxPageSize: 7 });
    const { rows, pages } = await readAll(harness, 'actions', { pageSize: 100 });
    expect(rows).toHaveLength(20);
    expect(pages).toBe(3);
  });

  it('never follows nextPage, wherever it leads (S76)', async () => {
    const harness = await open({ size: 30, nextPageHost: 'foreign' });
    const { rows } = await readAll(harness, 'actions', { pageSize: 10 });
    expect(rows).toHaveLength(30);
    expect(new Set(harness.sent.map((request) => request.url.host)).size).toBe(1);
  });

  it('puts included records beside the row, and asks for fields with the id and the stamp', async () => {
    const harness = await open();
    const { rows } = await readAll(harness, 'time', {
      include: ['owner', 'task'],
      fields: ['actualHours'],
      pageSize: 50,
    });
    expect(harness.sent.at(-1)?.url.searchParams.get('fields')).toBe('id,createdTimestamp,actualHours,owner,task');
    expect(rows[0]).toMatchObject({ actualHours: expect.any(String), included: { owner: { id: expect.any(Number) } } });
  });

  it('shows deleted matters as the API shows them, and restricted ones not at all', async () => {
    const harness = await open({ size: 20, restrictedMatters: [1003] });
    const { rows, last } = await readAll(harness, 'actions');
    expect(ids(rows)).not.toContain(1003);
    expect(rows.filter((row) => row.isDeleted === 'T')).toHaveLength(1);
    expect(last).toMatchObject({ sourceTotal: 19, completeness: 'reconciled' });
  });
});

describe('windows', () => {
  const days = ['2026-02-20T00:00:00Z', '2026-02-22T00:00:00Z', '2026-02-24T00:00:00Z'] as const;

  it.each([
    ['utc', 'Australia/Sydney'],
    ['organisation', 'Australia/Sydney'],
    ['organisation', 'Pacific/Auckland'],
    ['organisation', 'America/Los_Angeles'],
    ['organisation', 'Pacific/Pago_Pago'],
  ] as const)('tile without gap or overlap, filters read in %s, %s (E23)', async (filterZone, timeZone) => {
    const harness = await open({ size: 60, filterZone, timeZone });
    const first = await readAll(harness, 'filenotes', {}, [days[0], days[1]]);
    const second = await readAll(harness, 'filenotes', {}, [days[1], days[2]]);
    const both = await readAll(harness, 'filenotes', {}, [days[0], days[2]]);
    expect(first.rows.length).toBeGreaterThan(0);
    expect(new Set([...ids(first.rows), ...ids(second.rows)])).toEqual(new Set(ids(both.rows)));
    expect(first.rows.length + second.rows.length).toBe(both.rows.length);
    const stamps = harness.model.records('filenotes').map((row) => Date.parse(String(row.enteredTimestamp)));
    const inside = stamps.filter((at) => at >= Date.parse(days[0]) && at < Date.parse(days[2]));
    expect(both.rows).toHaveLength(inside.length);
    for (const { rows, last } of [first, second, both]) expect(last.sourceTotal).toBe(rows.length);
  });

  it('take a row at `from` and leave one at `to`', async () => {
    const harness = await open();
    harness.model.createRecord('filenotes', { text: 'a', links: {} }, new Date(days[0]));
    harness.model.createRecord('filenotes', { text: 'b', links: {} }, new Date(days[1]));
    const { rows } = await readAll(harness, 'filenotes', { filters: { text_in: 'a,b' } }, [days[0], days[1]]);
    expect(rows.map((row) => row.text)).toEqual(['a']);
  });

  it('say by which stamp, and as of when where it moves', async () => {
    const harness = await open();
    const matters = await readAll(harness, 'actions', {}, [days[0], days[2]]);
    const notes = await readAll(harness, 'filenotes', {}, [days[0], days[2]]);
    expect(matters.last.facts).toMatchObject({
      stamp: 'modifiedTimestamp',
      asOf: '2026-03-02T00:00:00.000Z',
      laterChangesShow: true,
    });
    expect(notes.last.facts).toMatchObject({ stamp: 'enteredTimestamp', asOf: null, laterChangesShow: false });
  });

  it('are left aside by full: true, which says that it is a snapshot', async () => {
    const harness = await open();
    const report = actionstep.sources.filenotes;
    expect(report?.describe(report.parseOptions({ full: true }))).toMatchObject({ kind: 'snapshot' });
    expect(report?.describe(report.parseOptions({}))).toMatchObject({ kind: 'incremental' });
    const { rows } = await readAll(harness, 'filenotes', { full: true }, [days[0], days[1]]);
    expect(rows).toHaveLength(harness.model.records('filenotes').length);
  });
});

describe('records that move while they are read (E13)', () => {
  it('A10 drops rows that slide on to the next page', async () => {
    const harness = await open({ size: 40 });
    harness.model.setPagingTrouble({ resource: 'actions', shift: 2, totalDrift: 0 });
    const { rows, last } = await readAll(harness, 'actions', { pageSize: 10 });
    expect(new Set(ids(rows)).size).toBe(rows.length);
    expect(last.facts).toMatchObject({ duplicatesDropped: expect.any(Number) });
    expect(last.completeness).not.toBe('reconciled');
  });

  it('A11 finds the row that slid on to a page already read, when one before it goes', async () => {
    const harness = await open({ size: 40 });
    const { rows, last } = await readAll(harness, 'actions', { pageSize: 10 }, [], (page) => {
      if (page === 2) harness.model.deleteRecord('actions', 1004);
    });
    const standing = harness.model.records('actions').map((row) => row.id);
    for (const id of standing) expect(ids(rows)).toContain(id);
    expect(new Set(ids(rows)).size).toBe(rows.length);
    expect(last.facts).toMatchObject({ pagesReadAgain: 1, totalChanges: 1 });
  });

  it('A11 the same when the list loses its whole last page', async () => {
    const harness = await open({ size: 21 });
    const { rows } = await readAll(harness, 'actions', { pageSize: 10 }, [], (page) => {
      if (page === 2) harness.model.deleteRecord('actions', 1001);
    });
    expect(ids(rows)).toContain(1021);
  });

  it('takes in what is added at the end meanwhile, and says that it was read twice over', async () => {
    const harness = await open({ size: 20 });
    const { rows, last } = await readAll(harness, 'users', { pageSize: 3 }, [], (page) => {
      if (page === 1) harness.model.createRecord('users', { isActive: 'T', links: {} }, new Date());
    });
    expect(rows).toHaveLength(7);
    expect(last).toMatchObject({ sourceTotal: 7, completeness: 'second-pass' });
  });

  it('E14 does not claim a total that it did not read', async () => {
    const harness = await open({ size: 20 });
    harness.model.setPagingTrouble({ resource: 'actions', shift: 0, totalDrift: 3 });
    const { rows, last } = await readAll(harness, 'actions', { pageSize: 15 });
    expect(last.sourceTotal).toBe(rows.length + 3);
    expect(last.completeness).toBe('unproven');
  });
});

describe('time', () => {
  it.each([
    ['timeentries', 404],
    ['timeentries', 403],
    ['timeentries', 204],
    ['timerecords', 404],
    ['timerecords', 403],
    ['timerecords', 204],
  ] as const)('finds %s out when the other one answers %d, once', async (timeModule, wrongModuleAnswer) => {
    const harness = await open({ timeModule, wrongModuleAnswer });
    const { rows, last } = await readAll(harness, 'time', { pageSize: 50 });
    expect(rows).toHaveLength(harness.model.records(timeModule).length);
    expect(last.facts).toMatchObject({ resource: timeModule });
    expect(
      harness.sent.filter((request) => request.url.searchParams.get('pageSize') === '1').length,
    ).toBeLessThanOrEqual(2);
  });

  it('says so when neither may be read', async () => {
    const harness = await open({}, 'actions');
    await expect(readAll(harness, 'time')).rejects.toThrow(AccessDeniedError);
  });
});

describe('refusals', () => {
  it('names the missing scope of a resource, or of an included one', async () => {
    const harness = await open({}, 'filenotes');
    await expect(readAll(harness, 'actions')).rejects.toThrow('lacks the scope actions,');
    await expect(readAll(harness, 'filenotes', { include: ['action'] })).rejects.toThrow(AccessDeniedError);
  });

  it('E20 asks for a refresh of the generation that was rejected', async () => {
    const harness = await open();
    harness.model.expireAccessTokens(new Date(0));
    await expect(readAll(harness, 'actions')).rejects.toThrow(AccessTokenRejectedError);
    expect(harness.rejected).toEqual([1]);
  });

  it.each([
    ['none', undefined],
    ['seconds', 60_000],
    ['date', 60_000],
  ] as const)('E21 R28 obeys a 429 with Retry-After: %s', async (retryAfter, wait) => {
    const harness = await open({ requestsPerMinute: 1, retryAfter });
    await readAll(harness, 'users');
    const failure = await readAll(harness, 'users').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProviderRateLimitedError);
    expect((failure as ProviderRateLimitedError).retryAfterMs).toBe(wait);
  });

  it.each([
    [{}, /resource/u],
    [{ resource: 'Actions' }, /resource/u],
    [{ resource: 'actions/1' }, /resource/u],
    [{ resource: 'actions', pageSize: 201 }, /pageSize/u],
    [{ resource: 'actions', filters: { page: '2' } }, /filters/u],
    [{ resource: 'actions', filters: { 'a b': '2' } }, /filters/u],
    [{ resource: 'actions', include: ['a&b'] }, /include/u],
    [{ resource: 'actions', colour: 1 }, /colour/u],
  ])('refuses the options %j by name', (input, name) => {
    const attempt = () => actionstep.sources.resource?.parseOptions(input);
    expect(attempt).toThrow(ConfigInvalidError);
    expect(attempt).toThrow(name);
  });

  it('refuses another resource in a source that has its own', () => {
    expect(() => actionstep.sources.tasks?.parseOptions({ resource: 'users' })).toThrow(/tasks/u);
  });
});
