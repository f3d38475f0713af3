import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, ProviderUnavailableError } from '../../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import { HOOK_EVENTS, parseHintId, parseHook } from '../../../../functions/providers/actionstep/hook-events.ts';
import { hookSource } from '../../../../functions/providers/actionstep/hook-source.ts';
import { enableHook, hooks, listHooks, registerHook } from '../../../../functions/providers/actionstep/hooks.ts';
import { ActionstepRefusedError, judge } from '../../../../functions/providers/actionstep/judge.ts';
import { NOW, response } from './harness.ts';

const HEADERS = { accept: 'application/vnd.api+json', 'content-type': 'application/vnd.api+json' };
const TARGET = 'https://hooks.example/hooks/harbour/secret';

function answering(...answers: readonly unknown[]) {
  const asked: ApiRequest[] = [];
  const call: CallApi = async (request) => {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return response(200, answer ?? '');
  };
  return { call, asked };
}

const paging = (resource: string, pageCount: number, recordCount = 1) => ({
  paging: { [resource]: { recordCount, pageCount, page: 1, pageSize: 200 } },
});

describe('events', () => {
  it('are of the resource that their deliveries speak of', () => {
    const byResource = Map.groupBy(Object.keys(HOOK_EVENTS), (event) => HOOK_EVENTS[event]);
    expect(Object.fromEntries(byResource)).toEqual({
      actions: ['ActionCreated', 'ActionUpdated', 'StepChanged'],
      actiondocuments: ['ActionDocumentCreated', 'ActionDocumentUpdated', 'ActionDocumentDeleted'],
      actionparticipants: ['ActionParticipantAdded', 'ActionParticipantDeleted'],
      datacollectionrecords: ['DataCollectionRecordUpdated', 'DataCollectionRecordDeleted'],
      datacollectionrecordvalues: ['DataCollectionRecordValueUpdated'],
      disbursements: ['DisbursementCreated', 'DisbursementUpdated'],
      filenotes: ['FileNoteCreated', 'FileNoteUpdated'],
      participants: ['ParticipantCreated', 'ParticipantUpdated'],
      tasks: ['TaskCreated', 'TaskUpdated'],
      timeentries: ['TimeEntryCreated', 'TimeEntryUpdated'],
    });
  });

  it.each([
    [{ meta: { debug: { resthook: { event_name: 'toString' } } } }, undefined],
    [{ meta: { debug: { resthook: { event_name: 5 } } } }, undefined],
    [{ meta: { debug: { resthook: { event_name: ['StepChanged'] } } } }, undefined],
    [{ meta: { debug: { resthook: 'x' } } }, undefined],
    [{ meta: { debug: [] } }, undefined],
    [{ meta: 'x' }, undefined],
    [{ meta: { debug: { resthook: { event_name: 'StepChanged' } } } }, 'StepChanged'],
  ])('%j names %s', (more, event) => {
    const [hint] = parseHook({ data: { type: 'actions', id: 1 }, ...more });
    expect(hint).toStrictEqual({ resource: 'actions', id: '1', ...(event === undefined ? {} : { event }) });
  });

  it.each([
    [{ type: 'Actions', id: 1 }],
    [{ type: 'a', id: 1 }],
    [{ type: 'xactions-', id: 1 }],
    [{ type: 5, id: 1 }],
    [{ type: ['actions'], id: 1 }],
    [{ type: 'actions', id: '' }],
    [{ type: 'actions', id: 'a b' }],
    [{ type: 'actions', id: 'x'.repeat(129) }],
    [{ type: `a${'b'.repeat(64)}`, id: 1 }],
    [{ type: 'actions', id: 2 ** 53 }],
    ['text'],
  ])('%j is no hint', (data) => {
    expect(parseHook({ data })).toEqual([]);
  });

  it('hint at what stands in a list, and at nothing beside it', () => {
    expect(parseHook({ data: [null, { type: 'tasks', id: '1-a_B' }] })).toEqual([{ resource: 'tasks', id: '1-a_B' }]);
    const body = { links: [{ id: 1 }], linked: [{ id: 2 }], meta: [{ id: 3 }], tasks: [{ id: 4 }, 'x'] };
    expect(parseHook(body)).toEqual([{ resource: 'tasks', id: '4' }]);
    expect(hooks.hints({ tasks: [{ id: 4 }, { id: 4 }, { id: 5 }] })).toEqual(['tasks/4', 'tasks/5']);
    expect(hooks.alertSource).toBe('hooks');
  });

  it.each([
    ['tasks/4', { resource: 'tasks', id: '4' }],
    ['tasks/4/5', undefined],
    ['tasks', undefined],
    ['/4', undefined],
    ['tasks/', undefined],
  ])('%s is %j', (id, hint) => {
    expect(parseHintId(id)).toEqual(hint);
  });

  it.each([
    ['DataCollectionRecordValueUpdated', [], 'the job does not poll datacollectionrecordvalues'],
    ['DisbursementUpdated', ['disbursements'], 'the stamp of disbursements stays when one is edited'],
    ['Unheard', [], 'Unheard carry no stamp of their change'],
    ['DataCollectionRecordDeleted', [], 'what was deleted is in no list'],
  ])('%s is lost to a poll of %j: %s', (event, resources, why) => {
    expect(hooks.recovery({ resources }, [event])).toEqual({ polled: [], lost: [{ event, why }] });
    expect(hooks.recovery({}, ['TaskCreated']).lost).toHaveLength(1);
  });
});

describe('the registry of hooks', () => {
  const hook = { id: 7, eventName: 'TaskCreated', targetUrl: TARGET, status: 'Active' };
  const shown = { id: '7', eventName: 'TaskCreated', targetUrl: TARGET, status: 'Active', lastDeliveryAt: undefined };

  it('is read page by page', async () => {
    const meta = paging('resthooks', 2);
    const { call, asked } = answering({ resthooks: [hook], meta }, { resthooks: [{ ...hook, id: 'x' }], meta });
    expect((await listHooks(call)).map(({ id }) => id)).toEqual(['7', 'x']);
    expect(asked).toEqual(
      ['1', '2'].map((page) => ({
        method: 'GET',
        path: 'resthooks',
        query: [
          ['sort', 'id'],
          ['pageSize', '200'],
          ['page', page],
        ],
        headers: HEADERS,
      })),
    );
    const endless = answering({ resthooks: [hook], meta: paging('resthooks', 99) });
    expect(await listHooks(endless.call)).toHaveLength(10);
    const empty = answering({ resthooks: [], meta: paging('resthooks', 99) });
    expect(await listHooks(empty.call)).toEqual([]);
    expect(empty.asked).toHaveLength(1);
    const untold = answering({ resthooks: [hook] });
    expect(await listHooks(untold.call)).toHaveLength(1);
  });

  it.each([
    [{}, shown],
    [{ status: 'Disabled' }, { ...shown, status: 'Disabled' }],
    [{ status: 'Deleted' }, { ...shown, status: 'Deleted' }],
    [{ status: 'Paused' }, { ...shown, status: 'unknown' }],
    [{ status: null }, { ...shown, status: 'unknown' }],
    [
      { triggeredLastTimestamp: '2026-03-01T00:00:00Z' },
      { ...shown, lastDeliveryAt: new Date('2026-03-01T00:00:00Z') },
    ],
    [{ triggeredLastTimestamp: 5 }, shown],
  ])('shows %j as %j', async (change, expected) => {
    const { call } = answering({ resthooks: [{ ...hook, ...change }, { id: 8 }] });
    expect(await listHooks(call)).toEqual([expected]);
  });

  it('takes a hook, and switches one on again', async () => {
    const register = answering({ resthooks: hook });
    expect(await registerHook(register.call, 'TaskCreated', TARGET)).toEqual(shown);
    expect(register.asked).toEqual([
      {
        method: 'POST',
        path: 'resthooks',
        headers: HEADERS,
        body: JSON.stringify({ resthooks: { eventName: 'TaskCreated', targetUrl: TARGET } }),
      },
    ]);
    const off = { ...shown, id: 'a/7', status: 'Disabled' } as const;
    const enable = answering({ resthooks: hook });
    expect(await enableHook(enable.call, off)).toEqual(shown);
    expect(enable.asked).toEqual([
      {
        method: 'PUT',
        path: 'resthooks/a%2F7',
        headers: HEADERS,
        body: JSON.stringify({ resthooks: { eventName: 'TaskCreated', targetUrl: TARGET, status: 'Active' } }),
      },
    ]);
    expect(await enableHook(answering({ resthooks: { ...hook, status: 'Disabled' } }).call, off)).toBeUndefined();
    expect(await enableHook(answering({ resthooks: [] }).call, off)).toBeUndefined();
    expect(await enableHook(answering(new ActionstepRefusedError(404, undefined)).call, off)).toBeUndefined();
    const passing = new ProviderUnavailableError('503', { sent: true });
    await expect(enableHook(answering(passing).call, off)).rejects.toBe(passing);
  });

  it('leaves deleted hooks alone, and registers beside them', async () => {
    const deleted = answering({ resthooks: [{ ...hook, status: 'Deleted' }] }, { resthooks: hook });
    expect(await hooks.keep(deleted.call, ['TaskCreated'], TARGET)).toEqual({
      active: [],
      reenabled: [],
      registered: ['TaskCreated'],
      foreign: 0,
    });
    expect(deleted.asked.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('takes no hook of one event for that of another', async () => {
    const { call } = answering({ resthooks: [hook] }, { resthooks: { ...hook, eventName: 'StepChanged' } });
    expect(await hooks.keep(call, ['TaskCreated', 'StepChanged'], TARGET)).toMatchObject({
      active: ['TaskCreated'],
      registered: ['StepChanged'],
    });
  });
});

describe('a poll of changes', () => {
  const span = { from: new Date('2026-03-01T00:00:00Z'), to: NOW };
  const read = async (options: JsonObject, cursor: JsonValue | undefined, ...answers: readonly unknown[]) => {
    const { call, asked } = answering(...answers);
    const context = { connection: 'c', settings: {}, options: hookSource.parseOptions(options), now: NOW };
    return { page: await hookSource.readPage(call, context, span, cursor), asked };
  };
  const at = (id: number | undefined, lastModifiedTimestamp: string) => ({
    ...(id === undefined ? {} : { id }),
    lastModifiedTimestamp,
  });

  it('asks by the stamp, and takes what lies in the span with its edges', async () => {
    const rows = [
      at(1, '2026-02-28T23:59:59Z'),
      at(2, '2026-03-01T00:00:00Z'),
      at(3, '2026-03-02T00:00:00Z'),
      at(4, '2026-03-02T00:00:01Z'),
      at(undefined, '2026-03-01T12:00:00Z'),
      { id: 6 },
    ];
    const { page, asked } = await read({ resources: ['tasks'] }, undefined, {
      tasks: rows,
      meta: paging('tasks', 1, 6),
    });
    expect(page.alerts.map(({ id }) => id)).toEqual(['tasks/2', 'tasks/3']);
    expect(page).toStrictEqual({ alerts: page.alerts, unreadable: ['tasks/'], total: 6 });
    expect(asked).toEqual([
      {
        method: 'GET',
        path: 'tasks',
        query: [
          ['lastModifiedTimestamp_gteq', '2026-02-27T22:00:00'],
          ['lastModifiedTimestamp_lteq', '2026-03-03T02:00:00'],
          ['sort', 'lastModifiedTimestamp,id'],
          ['pageSize', '200'],
          ['page', '1'],
        ],
        headers: HEADERS,
      },
    ]);
  });

  it('goes on with the page, then with the resource, then ends', async () => {
    const both = { resources: ['tasks', 'actions'] };
    const row = at(2, '2026-03-01T00:00:00Z');
    const first = await read(both, undefined, { tasks: [row], meta: paging('tasks', 2) });
    expect(first.page).toStrictEqual({ alerts: first.page.alerts, next: { resource: 0, page: 2 } });
    const second = await read(both, first.page.next, { tasks: [row], meta: paging('tasks', 2) });
    expect(second.page.next).toEqual({ resource: 1, page: 1 });
    const empty = await read(both, first.page.next, { tasks: [], meta: paging('tasks', 9) });
    expect(empty.page.next).toEqual({ resource: 1, page: 1 });
    const last = await read(both, second.page.next, { actions: [] });
    expect(last.page).toStrictEqual({ alerts: [] });
    expect((await read(both, { resource: 2, page: 1 })).page).toEqual({ alerts: [] });
    const untold = await read({ resources: ['tasks'] }, undefined, { tasks: [row] });
    expect(untold.page).toStrictEqual({ alerts: untold.page.alerts });
  });

  it('has defaults, and names what is wrong', () => {
    expect(hookSource.parseOptions(undefined)).toEqual({
      resources: ['actions', 'tasks', 'filenotes', 'participants'],
      events: [],
    });
    expect(hookSource.parseOptions({ events: ['StepChanged'] })).toMatchObject({ events: ['StepChanged'] });
    expect(() => hookSource.parseOptions({ resources: ['toString'] })).toThrow(/^options\.resources\.0/u);
    expect(() => hookSource.parseOptions({ events: ['toString'] })).toThrow(/^options\.events\.0/u);
    expect(() => hookSource.parseOptions(5)).toThrow(/^options\.resources/u);
    expect(() => hookSource.parseOptions(5)).toThrow(ConfigInvalidError);
    expect(hookSource).toMatchObject({ mode: 'feed', lagMs: 60_000 });
  });

  it('reads one record by its hint, and nothing else for it', async () => {
    const one = async (id: string, answer: unknown) => {
      const { call, asked } = answering(answer);
      const context = { connection: 'c', settings: {}, options: {}, now: NOW };
      return { alert: await hookSource.readOne?.(call, context, id), asked };
    };
    const { alert, asked } = await one('tasks/1-2', { tasks: { id: '1-2' } });
    expect(alert?.id).toBe('tasks/1-2');
    expect(asked).toEqual([{ method: 'GET', path: 'tasks/1-2', headers: HEADERS }]);
    expect((await one('tasks/1', { tasks: { id: 2 } })).alert).toBeUndefined();
    expect((await one('tasks/1', new ActionstepRefusedError(404, undefined))).alert).toBeUndefined();
    await expect(one('tasks/1', new ActionstepRefusedError(400, 'AS-1'))).rejects.toThrow('(400, AS-1)');
    await expect(one('tasks/1', new ProviderUnavailableError('x', { sent: true }))).rejects.toThrow('x');
  });
});

describe('judge', () => {
  it.each([
    [200, undefined],
    [201, undefined],
    [204, undefined],
    [202, 'PROVIDER_RESPONSE_INVALID'],
    [302, 'PROVIDER_RESPONSE_INVALID'],
    [399, 'PROVIDER_RESPONSE_INVALID'],
    [400, 'PROVIDER_REFUSED'],
    [401, 'ACCESS_TOKEN_REJECTED'],
    [403, 'ACCESS_DENIED'],
    [408, 'PROVIDER_UNAVAILABLE'],
    [422, 'PROVIDER_REFUSED'],
    [429, 'PROVIDER_RATE_LIMITED'],
    [500, 'PROVIDER_UNAVAILABLE'],
    [503, 'PROVIDER_UNAVAILABLE'],
  ])('takes %i for %s', (status, code) => {
    expect(judge(response(status, ''), NOW)?.code).toBe(code);
    if (code === 'PROVIDER_UNAVAILABLE') expect(judge(response(status, ''), NOW)).toMatchObject({ sent: true });
  });

  it('repeats a code of the vendor’s own, and nothing else of a body', () => {
    const message = (body: unknown) => judge(response(422, body), NOW)?.message;
    expect(message({ errors: [{ code: 'AS-12-x', title: 'canary' }] })).toBe(
      'Actionstep refused the request (422, AS-12-x)',
    );
    expect(message('"code" :\n"AS-1"')).toBe('Actionstep refused the request (422, AS-1)');
    expect(message({ errors: [{ code: 'canary' }] })).toBe('Actionstep refused the request (422)');
    expect(judge(response(422, ''), NOW)).toMatchObject({ status: 422 });
  });

  it('names the resource that may not be read', () => {
    const message = (path: string, body = '') => judge(response(403, body), NOW, path)?.message;
    expect(message('filenotes/1')).toContain('may not read filenotes in');
    expect(message('data_x1')).toContain('may not read data_x1 in');
    expect(message('')).toContain('may not read this resource in');
    expect(message('/x')).toContain('may not read this resource in');
    expect(message('tasks', '{"error":"insufficient_scope"}')).toContain('lacks the scope tasks');
  });
});
