import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../../functions/core/alerts/source.ts';
import { fingerprintOf } from '../../../../functions/core/alerts/fingerprint.ts';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import { parseHook } from '../../../../functions/providers/actionstep/hook-events.ts';
import { hookSource } from '../../../../functions/providers/actionstep/hook-source.ts';
import { hooks, keepHooks, listHooks, registerHook } from '../../../../functions/providers/actionstep/hooks.ts';
import { NOW, open, type Harness } from './harness.ts';

const TARGET = 'https://hooks.example/hooks/harbour/secret';

async function changes(harness: Harness, from: string, options: JsonObject = {}): Promise<Alert[]> {
  const context = { ...harness.api.context, options: hookSource.parseOptions(options), now: NOW };
  const span = { from: new Date(from), to: NOW };
  const alerts: Alert[] = [];
  let cursor: JsonValue | undefined;
  do {
    const page = await hookSource.readPage(harness.api.call, context, span, cursor);
    alerts.push(...page.alerts);
    cursor = page.next === undefined ? undefined : (JSON.parse(JSON.stringify(page.next)) as JsonValue);
  } while (cursor !== undefined);
  return alerts;
}

const one = (harness: Harness, id: string) =>
  hookSource.readOne?.(harness.api.call, { ...harness.api.context, options: {}, now: NOW }, id);

describe('parseHook', () => {
  const meta = { debug: { resthook: { id: 685, event_name: 'FileNoteCreated' } } };

  it.each([
    [
      { data: { type: 'filenotes', id: '9001', attributes: { text: 'x' } }, meta },
      [{ resource: 'filenotes', id: '9001', event: 'FileNoteCreated' }],
    ],
    [
      { data: { type: 'actionparticipants', id: '1024--31--11' } },
      [{ resource: 'actionparticipants', id: '1024--31--11' }],
    ],
    [
      {
        data: [
          { type: 'tasks', id: 1 },
          { type: 'tasks', id: 2 },
        ],
      },
      [
        { resource: 'tasks', id: '1' },
        { resource: 'tasks', id: '2' },
      ],
    ],
    [
      { actions: [{ id: 1001 }, { id: 1002 }], links: {}, meta: {} },
      [
        { resource: 'actions', id: '1001' },
        { resource: 'actions', id: '1002' },
      ],
    ],
    [{ filenotes: { id: 9001 } }, [{ resource: 'filenotes', id: '9001' }]],
  ])('reads %j', (body, hints) => {
    expect(parseHook(body)).toEqual(hints);
  });

  it.each([
    [null],
    ['x'],
    [[]],
    [{}],
    [{ data: null }],
    [{ data: { type: '../users', id: '1' } }],
    [{ data: { type: 'filenotes', id: '1/../../users' } }],
    [{ data: { type: 'filenotes', id: '1?x=y' } }],
    [{ data: { type: 'filenotes', id: { $ne: 1 } } }],
    [{ data: { type: 'filenotes', id: 1.5 } }],
    [{ actions: 'x' }],
  ])('finds no hint in %j', (body) => {
    expect(parseHook(body)).toEqual([]);
  });

  it('takes no more hints than a delivery ever names, and no event that it does not know', () => {
    const body = {
      actions: Array.from({ length: 5000 }, (_, id) => ({ id })),
      meta: { debug: { resthook: { event_name: '<b>' } } },
    };
    expect(parseHook(body)).toHaveLength(100);
    expect(parseHook(body)[0]).not.toHaveProperty('event');
  });
});

describe('hooks alert source', () => {
  it('finds what changed since, in the default resources, ascending, and nothing that did not', async () => {
    const harness = await open({ size: 20 });
    harness.model.changeRecord('actions', 1003, { status: 'Closed' }, new Date(NOW.getTime() - 60_000));
    harness.model.createRecord(
      'filenotes',
      { text: 'Secret advice', links: { action: '1003' } },
      new Date(NOW.getTime() - 50_000),
    );
    const found = await changes(harness, '2026-03-01T23:50:00Z');
    expect(found.map(({ id, state, severity }) => [id, state, severity])).toEqual([
      ['actions/1003', 'resolved', 'info'],
      [expect.stringMatching(/^filenotes\//u), 'open', 'info'],
    ]);
    expect(found[1]).toMatchObject({ resource: 'actions/1003' });
  });

  it('goes page by page through every resource', async () => {
    const harness = await open({ size: 300 });
    const found = await changes(harness, '2026-01-01T00:00:00Z', { resources: ['actions', 'tasks'] });
    expect(found).toHaveLength(1200);
    expect(new Set(found.map(({ id }) => id)).size).toBe(1200);
  });

  it('says that something changed and never what a note says', async () => {
    const harness = await open();
    const id = harness.model.createRecord('filenotes', { text: 'Secret advice', links: { action: '1003' } }, NOW).id;
    const before = await one(harness, `filenotes/${id}`);
    harness.model.changeRecord('filenotes', id, { text: 'Other advice' }, NOW);
    const after = await one(harness, `filenotes/${id}`);
    expect(JSON.stringify([before, after])).not.toMatch(/advice/u);
    if (before === undefined || after === undefined) throw new Error('both are there');
    expect(fingerprintOf(after)).not.toBe(fingerprintOf(before));
  });

  it('has the same fingerprint when only a stamp moved', async () => {
    const harness = await open();
    const before = await one(harness, 'actions/1001');
    harness.model.changeRecord('actions', 1001, { lastAccessTimestamp: 'x' }, NOW);
    const after = await one(harness, 'actions/1001');
    if (before === undefined || after === undefined) throw new Error('both are there');
    expect(fingerprintOf(after)).toBe(fingerprintOf(before));
    expect(after.changedAt).toEqual(NOW);
  });

  it('has the same fingerprint of a bill whose stamp alone moved, and another when its sum did', async () => {
    const harness = await open();
    const prints: string[] = [];
    for (const change of [{}, { isFavorite: 'T' }, { totalPaid: '1.00' }]) {
      harness.model.changeRecord('bills', 801, change, new Date(NOW.getTime() + prints.length * 1000));
      const alert = await one(harness, 'bills/801');
      prints.push(alert === undefined ? 'none' : fingerprintOf(alert));
    }
    expect(prints[1]).toBe(prints[0]);
    expect(prints[2]).not.toBe(prints[0]);
  });

  it.each(['actions/999999', 'filenotes/../users/1', '/', 'actions', '', 'Actions/1'])(
    'has no alert for %j',
    async (id) => {
      expect(await one(await open(), id)).toBeUndefined();
    },
  );

  it('reads a record with a composite id', async () => {
    const harness = await open();
    const id = String(harness.model.records('actionparticipants')[0]?.id);
    expect(await one(harness, `actionparticipants/${id}`)).toMatchObject({ id: `actionparticipants/${id}` });
  });

  it.each([[{ resources: ['users'] }], [{ resources: [] }], [{ events: ['Nothing'] }], [{ other: 1 }]])(
    'refuses %j',
    (input) => {
      expect(() => hookSource.parseOptions(input)).toThrow(ConfigInvalidError);
    },
  );
});

describe('keepHooks', () => {
  const events = ['FileNoteCreated', 'ActionUpdated'];

  it('registers what is missing, then finds all of it active', async () => {
    const harness = await open();
    await registerHook(harness.api.call, 'FileNoteCreated', 'https://other.example/');
    expect(await keepHooks(harness.api.call, events, TARGET)).toEqual({
      active: [],
      reenabled: [],
      registered: events,
      foreign: 1,
    });
    expect(await keepHooks(harness.api.call, events, TARGET)).toEqual({
      active: events,
      reenabled: [],
      registered: [],
      foreign: 1,
    });
  });

  it.each([
    ['works', 'reenabled', 1],
    ['ignored', 'registered', 2],
    ['refused', 'registered', 2],
  ] as const)('brings a hook back that was switched off, when PUT %s', async (hookReenable, how, count) => {
    const harness = await open({ hookReenable });
    await keepHooks(harness.api.call, ['ActionUpdated'], TARGET);
    const [delivery] = harness.model.deliveries({ name: 'ActionUpdated', resource: 'actions', id: '1001' });
    if (delivery === undefined) throw new Error('the hook is active');
    harness.model.settle(delivery, 202, NOW);
    expect((await listHooks(harness.api.call))[0]?.status).toBe('Disabled');
    expect(await keepHooks(harness.api.call, ['ActionUpdated'], TARGET)).toMatchObject({
      active: [],
      [how]: ['ActionUpdated'],
    });
    const standing = await listHooks(harness.api.call);
    expect(standing.filter(({ status }) => status === 'Active')).toHaveLength(1);
    expect(standing).toHaveLength(count);
  });
});

describe('what stands', () => {
  it('is told with the last delivery, after which a hook that is off was off', async () => {
    const harness = await open();
    await keepHooks(harness.api.call, ['ActionUpdated', 'TaskCreated'], TARGET);
    const [delivery] = harness.model.deliveries({ name: 'ActionUpdated', resource: 'actions', id: '1001' });
    if (delivery === undefined) throw new Error('the hook is active');
    harness.model.settle(delivery, 500, NOW);
    expect(await hooks.standing?.(harness.api.call)).toEqual([
      { event: 'ActionUpdated', targetUrl: TARGET, active: false, lastDeliveryAt: NOW },
      { event: 'TaskCreated', targetUrl: TARGET, active: true },
    ]);
  });
});

describe('what a poll recovers', () => {
  it('is what carries a stamp that moves, in the resources of the job', () => {
    const options = hookSource.parseOptions({ resources: ['actions', 'filenotes'] });
    const events = ['ActionUpdated', 'FileNoteCreated', 'FileNoteUpdated', 'ActionDocumentDeleted', 'TaskCreated'];
    expect(hooks.recovery(options, [...events, 'ActionParticipantAdded'])).toEqual({
      polled: ['ActionUpdated', 'FileNoteCreated'],
      lost: [
        { event: 'FileNoteUpdated', why: 'the stamp of filenotes stays when one is edited' },
        { event: 'ActionDocumentDeleted', why: 'what was deleted is in no list' },
        { event: 'TaskCreated', why: 'the job does not poll tasks' },
        { event: 'ActionParticipantAdded', why: 'actionparticipants carry no stamp of their change' },
      ],
    });
  });
});
