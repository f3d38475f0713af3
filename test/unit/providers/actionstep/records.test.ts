import { describe, expect, it } from 'vitest';
import { ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import type { JsonObject } from '../../../../functions/core/json.ts';
import { idOf, linkId, parsePage, withIncluded } from '../../../../functions/providers/actionstep/paging.ts';
import { toAlert } from '../../../../functions/providers/actionstep/record-alert.ts';
import { parseStamp, STAMPS, stampFilters, stampOf } from '../../../../functions/providers/actionstep/stamps.ts';
import { response } from './harness.ts';

const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `the ${name}`]));

describe('a record as an alert', () => {
  it('is about its matter, at the time of its change', () => {
    const row = { id: 12, name: 'Call', status: 'Incomplete', lastModifiedTimestamp: '2026-02-01T10:00:00+11:00' };
    expect(toAlert('tasks', { ...row, links: { action: '1001', assignee: 5 } })).toEqual({
      id: 'tasks/12',
      severity: 'info',
      state: 'open',
      title: 'Task 12: Call',
      resource: 'actions/1001',
      changedAt: new Date('2026-01-31T23:00:00Z'),
      significant: {
        name: 'Call',
        status: 'Incomplete',
        priority: null,
        dueTimestamp: null,
        completedTimestamp: null,
        assignee: 5,
        action: '1001',
      },
      details: { resource: 'tasks', id: '12', links: { action: '1001', assignee: 5 } },
    });
    expect(toAlert('tasks', { name: 'x' })).toBeUndefined();
  });

  it('is about itself where it is a matter, or has none', () => {
    expect(toAlert('actions', { id: 7, links: { action: '9' } })?.resource).toBe('actions/7');
    const alone = toAlert('participants', { id: 7, links: 'none' });
    expect(alone).toMatchObject({ resource: 'participants/7', details: { links: {} } });
    expect(alone).not.toHaveProperty('changedAt');
    expect(toAlert('unheard', { id: 7 })).not.toHaveProperty('changedAt');
  });

  it.each([
    [{ isDeleted: 'T' }, 'resolved'],
    [{ isDeleted: 'F' }, 'open'],
    [{ status: 'Closed' }, 'resolved'],
    [{ status: 'Complete' }, 'resolved'],
    [{ status: 'Deleted' }, 'resolved'],
    [{ status: 'Active' }, 'open'],
    [{}, 'open'],
  ])('%j is %s', (row, state) => {
    expect(toAlert('actions', { id: 1, ...row })?.state).toBe(state);
  });

  it.each([
    ['actions', 'Matter 1: N'],
    ['tasks', 'Task 1: N'],
    ['filenotes', 'File note 1'],
    ['participants', 'Participant 1'],
    ['disbursements', 'Disbursement 1'],
    ['timeentries', 'Time entry 1'],
    ['timerecords', 'Time record 1'],
    ['actiondocuments', 'Document 1'],
    ['actionparticipants', 'Matter participant 1'],
    ['emails', 'emails 1'],
  ])('of %s is called %s: names of persons and notes are left out', (resource, title) => {
    expect(toAlert(resource, { id: 1, name: 'N' })?.title).toBe(title);
  });

  it('has a title of one line that is not too long', () => {
    expect(toAlert('actions', { id: 1, name: 'x'.repeat(300) })?.title).toHaveLength(200);
    expect(toAlert('actions', { id: 1, name: 5 })?.title).toBe('Matter 1');
  });

  it.each([
    [
      'actions',
      ['name', 'reference', 'status', 'priority', 'isDeleted', 'amlReviewStatus', 'assignedTo', 'division', 'step'],
    ],
    ['tasks', ['name', 'status', 'priority', 'dueTimestamp', 'completedTimestamp', 'assignee', 'action']],
    ['filenotes', ['noteTimestamp', 'source', 'action', 'participant']],
    ['participants', ['displayName', 'isCompany', 'isDeceased', 'amlStatus', 'amlRisk']],
    ['disbursements', ['date', 'quantity', 'unitPrice', 'isAnticipated', 'action']],
    [
      'timeentries',
      ['timestampDate', 'actualHours', 'billableHours', 'billableAmount', 'isBillable', 'action', 'owner'],
    ],
    ['timerecords', ['startTimestamp', 'actualHours', 'billableHours', 'action', 'owner']],
  ])('A19 of %s is news by these fields and no other', (resource, names) => {
    const row: JsonObject = { id: 1, unread: 'x', ...named(names) };
    expect(toAlert(resource, row)?.significant).toEqual(named(names));
  });

  it('A19 of anything else is news by everything but what moves by itself', () => {
    const row = {
      id: 1,
      subject: 's',
      createdTimestamp: '2026-01-01T00:00:00Z',
      lastAccessTimestamp: 'a',
      statusTimestamp: 'b',
      isFavorite: 'T',
      links: { sender: '3' },
    };
    expect(toAlert('emails', row)?.significant).toEqual({ id: 1, subject: 's', sender: '3' });
  });

  it('tells that a confidential text changed, and never what it says', () => {
    const texts = {
      text: 'canary',
      description: 'canary',
      notes: 'canary',
      email: 'canary@example.com',
      phone1Number: 'canary',
      physicalAddressLine1: 'canary',
    };
    const alert = toAlert('emails', { id: 1, ...texts });
    expect(JSON.stringify(alert)).not.toContain('canary');
    expect(Object.keys(alert?.significant ?? {})).toEqual(['id', ...Object.keys(texts).map((name) => `${name}Digest`)]);
    const digests = Object.entries(alert?.significant ?? {}).filter(([name]) => name.endsWith('Digest'));
    for (const [, digest] of digests) expect(digest).toHaveLength(16);
    // Of each member its own: equal texts under two names do not show that they are equal.
    expect(new Set(digests.map(([, digest]) => digest)).size).toBe(6);
    const other = toAlert('emails', { id: 1, ...texts, notes: 'other' });
    expect(other?.significant).not.toEqual(alert?.significant);
    expect(toAlert('emails', { id: 1, notes: null })?.significant).toEqual({ id: 1 });
  });
});

describe('stamps', () => {
  it.each([
    ['2025-11-20T19:45:02+11:00', '2025-11-20T08:45:02.000Z'],
    ['2025-11-20 19:45:02+11', '2025-11-20T08:45:02.000Z'],
    ['2025-11-20T19:45:02-0300', '2025-11-20T22:45:02.000Z'],
    ['2025-11-20T19:45:02.123456Z', '2025-11-20T19:45:02.123Z'],
    ['2025-11-20T19:45:02', undefined],
    ['x2025-11-20T19:45:02Z', undefined],
    ['2025-11-20T19:45:02Zx', undefined],
    ['2025-13-20T19:45:02Z', undefined],
    ['+002025-11-20T19:45:02Z', undefined],
    ['2025-11-20', undefined],
    [['2025-11-20T19:45:02Z'], undefined],
    [5, undefined],
    [null, undefined],
  ])('%j is %s', (text, iso) => {
    expect(parseStamp(text)?.toISOString()).toBe(iso);
  });

  it.each([
    ['actions', 'modifiedTimestamp', true],
    ['participants', 'modifiedTimestamp', true],
    ['actiondocuments', 'modifiedTimestamp', true],
    ['bills', 'modifiedTimestamp', true],
    ['contactdocuments', 'modifiedTimestamp', true],
    ['documenttemplates', 'modifiedTimestamp', true],
    ['tasks', 'lastModifiedTimestamp', true],
    ['datacollectionrecordvalues', 'last_modified_time_stamp', true],
    ['filenotes', 'enteredTimestamp', false],
    ['contactnotes', 'enteredTimestamp', false],
    ['timeentries', 'createdTimestamp', false],
    ['timerecords', 'createdTimestamp', false],
    ['disbursements', 'enteredTimestamp', false],
    ['emails', 'createdTimestamp', false],
  ])('of %s is %s; it moves: %s', (resource, field, moves) => {
    const stamp = { field, moves };
    expect(STAMPS[resource]).toEqual(stamp);
    expect(stampOf({ [field]: '2025-11-20T19:45:02Z' }, stamp)).toEqual(new Date('2025-11-20T19:45:02Z'));
  });

  it('ask for a day and two hours more on both sides', () => {
    const window = { from: new Date('2026-02-10T00:00:00.900Z'), to: new Date('2026-02-11T00:00:00Z') };
    expect(stampFilters({ field: 'f', moves: true }, window)).toEqual([
      ['f_gteq', '2026-02-08T22:00:00'],
      ['f_lteq', '2026-02-12T02:00:00'],
    ]);
  });
});

describe('the envelope', () => {
  const parse = (body: unknown) => parsePage(response(200, body), 'tasks');
  const meta = { paging: { tasks: { recordCount: 5, pageCount: 1, page: 1, pageSize: 50 } } };

  it('has rows, their count, and what was brought along', () => {
    const users = [{ id: 1, name: 'a' }];
    const body = { tasks: [{ id: 1 }], meta, linked: { users }, links: { 'tasks.assignee': { type: 'users' } } };
    expect(parse(body)).toEqual({
      rows: [{ id: 1 }],
      paging: meta.paging.tasks,
      linked: { users },
      linkTypes: { 'tasks.assignee': 'users' },
    });
  });

  it.each([
    [{ tasks: [] }, { rows: [], linked: {}, linkTypes: {} }],
    [{ links: {} }, { rows: [], linked: {}, linkTypes: {} }],
    [
      { tasks: [], meta: { paging: 5 }, links: { x: 5 }, linked: [] },
      { rows: [], linked: {}, linkTypes: {} },
    ],
    [
      { tasks: [], meta: { paging: { tasks: { recordCount: -1 } } } },
      { rows: [], linked: {}, linkTypes: {} },
    ],
    [
      { tasks: [], linked: { users: { id: 1 } } },
      { rows: [], linked: { users: [{ id: 1 }] }, linkTypes: {} },
    ],
    [JSON.parse('{"tasks":[],"meta":{"__proto__":{"paging":{}}}}'), { rows: [], linked: {}, linkTypes: {} }],
  ])('%j gives what it has', (body, page) => {
    expect(parse(body)).toEqual(page);
  });

  it.each([[{ tasks: [[]] }], [{ tasks: [null] }], [{ tasks: 'x' }], [{ tasks: [], linked: { users: [1] } }]])(
    '%j holds something else than records',
    (body) => {
      expect(() => parse(body)).toThrow(ProviderResponseInvalidError);
    },
  );

  it('takes ids that are whole numbers or texts', () => {
    expect([{ id: 5 }, { id: '1024--31' }, { id: '' }, { id: 1.5 }, { id: null }, {}].map(idOf)).toEqual([
      '5',
      '1024--31',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(['5', 5, null, undefined, {}].map(linkId)).toEqual(['5', '5', undefined, undefined, undefined]);
  });

  it('puts linked records beside the row: one, several, or null for one that is not there', () => {
    const page = {
      rows: [],
      linked: { users: [{ id: 1, name: 'a' }, { id: '2', name: 'b' }, { name: 'without id' }] },
      linkTypes: { 'tasks.assignee': 'users', 'tasks.watchers': 'users', 'tasks.action': 'actions' },
    };
    const row = { id: 9, links: { assignee: '1', watchers: ['2', '3', null], action: '7', empty: null } };
    expect(withIncluded(row, page, 'tasks', ['assignee', 'watchers', 'action', 'empty', 'other'])).toEqual({
      ...row,
      included: { assignee: { id: 1, name: 'a' }, watchers: [{ id: '2', name: 'b' }, null, null] },
    });
    for (const links of [{ assignee: null }, {}]) {
      expect(withIncluded({ id: 9, links }, page, 'tasks', ['assignee'])).toEqual({ id: 9, links, included: {} });
    }
    expect(withIncluded(row, page, 'tasks', [])).toBe(row);
    const bare = { id: 9 };
    expect(withIncluded(bare, page, 'tasks', ['assignee'])).toBe(bare);
  });
});
