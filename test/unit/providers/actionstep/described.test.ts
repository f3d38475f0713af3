import { describe, expect, it } from 'vitest';
import {
  ConfigInvalidError,
  ProviderUnavailableError,
  ResponseTooLargeError,
} from '../../../../functions/core/errors.ts';
import type { JsonObject } from '../../../../functions/core/json.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { hookSource } from '../../../../functions/providers/actionstep/hook-source.ts';
import { ActionstepRefusedError } from '../../../../functions/providers/actionstep/judge.ts';
import { actionstep } from '../../../../functions/providers/actionstep/provider.ts';
import { findTimeModule } from '../../../../functions/providers/actionstep/time-module.ts';
import type { ActionstepSimulatorOptions } from '../../../../infra/local/providers/actionstep/options.ts';
import { open, readAll, response } from './harness.ts';

const describing = (name: string, options: unknown = {}) => {
  const report = actionstep.sources[name];
  return report?.describe(report.parseOptions(options));
};

describe('what a source says of itself', () => {
  it.each([
    ['actions', 'status'],
    ['participants', 'isCompany'],
    ['filenotes', 'source'],
    ['tasks', 'status'],
    ['time', undefined],
    ['disbursements', undefined],
  ])('%s is read by windows and counted by %s', async (name, groupColumn) => {
    expect(describing(name)).toStrictEqual({
      kind: 'incremental',
      settleMs: 300_000,
      keyColumns: ['id'],
      ...(groupColumn === undefined ? {} : { groupColumn }),
    });
    const { rows } = await readAll(await open(), name);
    expect(rows.length).toBeGreaterThan(0);
    if (groupColumn !== undefined) expect(rows[0]).toHaveProperty(groupColumn);
  });

  it.each([
    ['users', 'isActive'],
    ['bills', 'status'],
    ['timeentries', 'isBillable'],
  ])('%s, read in full by name, is a snapshot, counted by %s', (resource, groupColumn) => {
    expect(describing('resource', { resource, full: true })).toMatchObject({
      kind: 'snapshot',
      snapshotReason: expect.stringContaining('full: true') as string,
      settleMs: 0,
      keyColumns: ['id'],
      groupColumn,
    });
  });

  it.each([
    'culturalidentity',
    'disabilitystatus',
    'gendertypes',
    'participantadditionalnotificationmethods',
    'participantdatafielddropdownchoices',
    'participantrelationshiptypes',
    'primarylanguage',
  ])('%s has no id to sort by', async (resource) => {
    expect(describing('resource', { resource })).not.toHaveProperty('keyColumns');
    const harness = await open();
    await readAll(harness, 'resource', { resource }).catch(() => undefined);
    expect(harness.sent[0]?.url.searchParams.has('sort')).toBe(false);
  });

  it('fills in what a job does not say', () => {
    const report = actionstep.sources.tasks;
    const options = { resource: 'tasks', fields: [], include: [], filters: {}, pageSize: 200, full: false };
    expect(report?.parseOptions(undefined)).toEqual(options);
    expect(report?.parseOptions({ resource: 'tasks' })).toEqual(options);
  });

  it.each([
    [[1, 2], /options/u],
    [[], /options\.resource/u],
    ['tasks', /options/u],
    [5, /options\.resource/u],
    [{ fields: ['a-b'] }, /options\.fields/u],
    [{ fields: [':default'], include: ['a.b'], pageSize: 0 }, /options\.pageSize/u],
    [{ pageSize: 1.5 }, /options\.pageSize/u],
    [{ filters: { pageSize: '1' } }, /options\.filters/u],
    [{ filters: { sort: 'id' } }, /options\.filters/u],
    [{ filters: { fields: 'id' } }, /options\.filters/u],
    [{ filters: { include: 'a' } }, /options\.filters/u],
    [{ filters: { 'a[b][c][d][e]': '1' } }, /options\.filters/u],
    [{ filters: { a: 'x'.repeat(501) } }, /options\.filters/u],
    [{ full: 'yes' }, /options\.full/u],
  ])('refuses the options %j by name', (options, message) => {
    expect(() => actionstep.sources.tasks?.parseOptions(options)).toThrow(ConfigInvalidError);
    expect(() => actionstep.sources.tasks?.parseOptions(options)).toThrow(message);
  });

  it('takes what the API documents', () => {
    const options = {
      fields: [':default', '_x'],
      include: ['action.assignedTo'],
      filters: { status_eq: 'x'.repeat(500), 'a[b_1][c][d]': '1' },
      pageSize: 1,
    };
    expect(actionstep.sources.tasks?.parseOptions(options)).toMatchObject(options);
    expect(actionstep.sources.resource?.parseOptions({ resource: 'ab' })).toMatchObject({ resource: 'ab' });
    expect(() => actionstep.sources.resource?.parseOptions({ resource: `a${'b'.repeat(64)}` })).toThrow(/resource/u);
    const missing = 'options.resource: resource must be a lower-case plural name';
    for (const none of [undefined, {}]) expect(() => actionstep.sources.resource?.parseOptions(none)).toThrow(missing);
  });
});

describe('a request for rows', () => {
  const asked = async (name: string, options: object, switches: Partial<ActionstepSimulatorOptions> = {}) => {
    const harness = await open(switches);
    await readAll(harness, name, { ...options }, ['2026-02-10T00:00:00Z', '2026-02-11T00:00:00Z']);
    const last = harness.sent.at(-1);
    expect(last?.timeoutMs).toBe(180_000);
    return [...(last?.url.searchParams ?? [])];
  };

  it('has filters, the window, fields with what is linked, the order and the page', async () => {
    const options = { filters: { status_eq: 'Active' }, fields: ['id', 'name'], include: ['step'], pageSize: 50 };
    expect(await asked('actions', options)).toEqual([
      ['status_eq', 'Active'],
      ['modifiedTimestamp_gteq', '2026-02-08T22:00:00'],
      ['modifiedTimestamp_lteq', '2026-02-12T02:00:00'],
      ['fields', 'id,modifiedTimestamp,name,step'],
      ['include', 'step'],
      ['sort', 'id'],
      ['pageSize', '50'],
      ['page', '1'],
    ]);
  });

  it('has no fields of its own where the job names none, and no window where it reads in full', async () => {
    expect(await asked('actions', { include: ['step'], full: true })).toEqual([
      ['include', 'step'],
      ['sort', 'id'],
      ['pageSize', '200'],
      ['page', '1'],
    ]);
    expect(await asked('users', { fields: ['isActive'] })).toEqual([
      ['fields', 'id,isActive'],
      ['sort', 'id'],
      ['pageSize', '200'],
      ['page', '1'],
    ]);
  });

  it('finds the time module out with one record of one field', async () => {
    const harness = await open();
    await readAll(harness, 'time');
    const [probe] = harness.sent;
    expect(probe?.url.pathname).toBe('/api/rest/timeentries');
    expect([...(probe?.url.searchParams ?? [])]).toEqual([
      ['fields', 'id'],
      ['pageSize', '1'],
    ]);
    expect(probe?.headers).toMatchObject({
      accept: 'application/vnd.api+json',
      'content-type': 'application/vnd.api+json',
    });
  });

  it.each([
    ['rows', 'rows', 'timeentries'],
    ['none', 'rows', 'timerecords'],
    ['refused', 'rows', 'timerecords'],
    ['none', 'none', 'timeentries'],
    ['none', 'refused', 'timeentries'],
    ['refused', 'none', 'timerecords'],
  ] as const)(
    'takes entries that are %s and records that are %s for the module %s',
    async (entries, records, module) => {
      const call: CallApi = async ({ path }) => {
        const answer = path === 'timeentries' ? entries : records;
        if (answer === 'refused') throw new ActionstepRefusedError(404, undefined);
        return response(200, { [path]: answer === 'rows' ? [{ id: 1 }] : [] });
      };
      expect(await findTimeModule(call)).toBe(module);
    },
  );

  it('takes trouble that passes for no word on the module', async () => {
    const passing = new ProviderUnavailableError('503', { sent: true });
    const call: CallApi = async () => {
      throw passing;
    };
    await expect(findTimeModule(call)).rejects.toBe(passing);
  });

  it('goes on at a stored place, and at none that is none', async () => {
    const harness = await open({ size: 30 });
    const report = actionstep.sources.actions;
    const context = harness.context(report?.parseOptions({ pageSize: 10 }) ?? {});
    const first = await report?.readPage(harness.api.call, context, undefined);
    expect(first?.next).toMatchObject({ resource: 'actions', page: 2, total: 30, pageSize: 10, read: 10 });
    expect(first).not.toHaveProperty('completeness');
    for (const cursor of [{}, { ...(first?.next as object), page: 'x' }, 5]) {
      await expect(report?.readPage(harness.api.call, context, cursor)).rejects.toThrow(ConfigInvalidError);
    }
  });

  it('says in the facts what was read and how', async () => {
    const { last } = await readAll(await open({ size: 30 }), 'users', { pageSize: 4 });
    expect(last.facts).toEqual({
      resource: 'users',
      recordCount: last.sourceTotal,
      duplicatesDropped: 0,
      totalChanges: 0,
      pagesReadAgain: 0,
    });
  });
});

describe('a list read to its end', () => {
  const reading = async (options: JsonObject, ...answers: readonly unknown[]) => {
    let asked = 0;
    const call: CallApi = async () => {
      const answer = answers[asked];
      asked += 1;
      if (answer instanceof Error) throw answer;
      return response(200, answer);
    };
    const harness = await open();
    return readAll({ ...harness, api: { ...harness.api, call } }, 'users', options);
  };
  const users = (...ids: readonly number[]) => ids.map((id) => ({ id }));
  const counted = (ids: readonly number[], recordCount = 3) => ({
    users: users(...ids),
    meta: { paging: { users: { recordCount, pageCount: 2, page: 1, pageSize: 2 } } },
  });

  it('that tells no count ends with a short page, by the size that was asked for in the end', async () => {
    const { rows, last } = await reading(
      { pageSize: 4 },
      new ResponseTooLargeError('too large'),
      { users: users(1, 2) },
      { users: users(3) },
    );
    expect(rows).toEqual(users(1, 2, 3));
    expect(last).toMatchObject({ completeness: 'short-page', facts: { recordCount: null } });
    expect(last).not.toHaveProperty('sourceTotal');
  });

  it.each([
    ['nothing moved', [counted([1, 2]), counted([3])], 'reconciled'],
    ['a row came twice', [counted([1, 2]), counted([2, 3])], 'second-pass'],
    ['a page was read again', [counted([1, 2]), { users: [] }, counted([3]), counted([])], 'second-pass'],
    ['the count moved', [counted([1, 2], 4), counted([3, 4, 5], 5)], 'second-pass'],
    ['a row is missing', [counted([1, 2]), counted([])], 'unproven'],
  ])('says whether it stood still: %s', async (_, answers, completeness) => {
    expect((await reading({}, ...answers)).last.completeness).toBe(completeness);
  });
});

describe('the connection', () => {
  it('is of this provider, its sources and its alerts', () => {
    expect(actionstep).toMatchObject({
      id: 'actionstep',
      grant: 'authorization-code',
      alertSources: { hooks: hookSource },
    });
    expect(Object.entries(actionstep.sources).map(([name, { title }]) => [name, title])).toEqual([
      ['resource', 'Any resource, by name'],
      ['actions', 'Matters'],
      ['participants', 'Participants'],
      ['time', 'Time entries or time records'],
      ['filenotes', 'File notes'],
      ['tasks', 'Tasks'],
      ['disbursements', 'Disbursements'],
      ['users', 'Users'],
    ]);
  });

  it('exchanges a code with its proof where there is one', () => {
    const form = (codeVerifier?: string) => {
      const proof = codeVerifier === undefined ? {} : { codeVerifier };
      const grant = { type: 'authorization-code', code: 'c', redirectUri: 'https://s.example/cb', ...proof } as const;
      const { body } = actionstep.token.request(grant, {}, { clientId: 'i', clientSecret: 's' });
      return Object.fromEntries(new URLSearchParams(body));
    };
    const plain = {
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: 'https://s.example/cb',
      client_id: 'i',
      client_secret: 's',
    };
    expect(form()).toEqual(plain);
    expect(form('v')).toEqual({ ...plain, code_verifier: 'v' });
  });

  it('shares its budget with others of one organisation and environment', () => {
    const account = (settings: object, clientId?: string) =>
      actionstep.budgetAccount(actionstep.parseSettings(settings), clientId);
    expect(account({}, 'c')).toBe('production:c');
    expect(account({ environment: 'staging', orgkey: 'acme' }, 'c')).toBe('staging:acme');
    expect(account({}, undefined)).toBe('production:unknown');
    expect(actionstep.budgets.default.perMinute).toBe(60);
  });

  it('asks for the scopes of what the shipped sources read', () => {
    const settings = actionstep.parseSettings({});
    expect(actionstep.authorization?.scopes(settings)).toEqual([
      'actions',
      'actionparticipants',
      'participants',
      'timeentries',
      'timerecords',
      'filenotes',
      'tasks',
      'disbursements',
      'users',
      'resthooks',
    ]);
    expect(actionstep.authorization?.pkce(settings)).toBe(false);
    expect(actionstep.parseSettings(undefined)).toEqual(settings);
  });

  it.each([
    [{ environment: 'test' }, /Actionstep settings: environment/u],
    [{ scopes: [] }, /scopes/u],
    [{ scopes: ['Actions'] }, /scopes/u],
    [{ scopes: ['a b'] }, /scopes/u],
    [{ orgkey: 'a b' }, /orgkey/u],
    [{ orgkey: '' }, /orgkey/u],
    [{ endpoint: 'http://example.com' }, /endpoint/u],
    [{ endpoint: 'ftp://127.0.0.1' }, /endpoint/u],
    [{ endpoint: 'https://a.example/x' }, /endpoint/u],
    [{ endpoint: 'xhttps://a.example' }, /endpoint/u],
    [{ endpoint: 'https://a.example/https://b.example' }, /endpoint/u],
    [{ endpoint: 'https://a.example:999999' }, /endpoint/u],
    [{ colour: 1 }, /colour/u],
    [7, /Actionstep settings: settings/u],
  ])('S74: refuses the settings %j', (settings, message) => {
    expect(() => actionstep.parseSettings(settings)).toThrow(ConfigInvalidError);
    expect(() => actionstep.parseSettings(settings)).toThrow(message);
  });

  it.each([
    'https://a.example',
    'https://a.example:8443/',
    'http://127.0.0.1:4100',
    'http://localhost',
    'http://[::1]:9',
  ])('takes %s in the place of the vendor', (endpoint) => {
    expect(actionstep.parseSettings({ endpoint, orgkey: 'acme.1-2_3' })).toMatchObject({ endpoint });
  });

  it('P13: leaves alone what another version stored, and nothing that is wrong', () => {
    const { token } = actionstep;
    expect(token.tokenEndpoint({ newer: true }).href).toBe('https://api.actionstep.com/api/oauth/token');
    expect(() => token.tokenEndpoint({ environment: 'test' })).toThrow(ConfigInvalidError);
  });
});
