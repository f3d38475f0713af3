import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProviderUnavailableError } from '../../../../functions/core/errors.ts';
import type { AlertJob } from '../../../../functions/core/jobs.ts';
import type { OutboxRow } from '../../../../functions/core/events.ts';
import type { HookKeeping, HookProfile } from '../../../../functions/core/provider.ts';
import { createKeepHooks } from '../../../../functions/core/work/keep-hooks.ts';
import { fakeApi, fakeClock, fakeSource, NOON, recordingLog } from '../../../support/alert-world.ts';
import { eventProblems } from '../../../support/event-problems.ts';
import { createMemoryHookStore } from '../../../support/memory-work-store.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const WANTED = { connection: 'acme', provider: 'fake', name: 'h', job: 'watch', shard: '0', events: ['TaskCreated'] };
const BASE = 'https://steward.example/hooks/acme/';

/** A vendor with hooks by address; a disabled one is switched on again by `keep`. */
function setUp() {
  const clock = fakeClock();
  const log = recordingLog();
  const rows: OutboxRow[] = [];
  const hooks = createMemoryHookStore((_shard, row) => void rows.push(row));
  let deliveredAt: Date | undefined;
  const standing = new Map<string, 'active' | 'disabled'>([['https://elsewhere.example/x', 'active']]);
  const profile: HookProfile = {
    alertSource: 'alerts',
    hints: () => [],
    standing: async () =>
      [...standing].map(([targetUrl, state]) => ({
        event: 'TaskCreated',
        targetUrl,
        active: state === 'active',
        ...(deliveredAt === undefined ? {} : { lastDeliveryAt: deliveredAt }),
      })),
    recovery: (_options, events) => ({
      polled: events.filter((event) => event !== 'TaskDeleted'),
      lost: events.includes('TaskDeleted') ? [{ event: 'TaskDeleted', why: 'what was deleted is in no list' }] : [],
    }),
    async keep(_call, events, targetUrl): Promise<HookKeeping> {
      const before = standing.get(targetUrl);
      standing.set(targetUrl, 'active');
      return {
        active: before === 'active' ? events : [],
        reenabled: before === 'disabled' ? events : [],
        registered: before === undefined ? events : [],
        foreign: 1,
      };
    },
  };
  let drawn = 0;
  const keepHooks = createKeepHooks({
    hooks,
    baseUrl: 'https://steward.example',
    origin: { stage: 'test' },
    clock,
    random: { bytes: (length) => new Uint8Array(length).fill((drawn += 1)) },
    log,
  });
  const api = fakeApi(fakeSource({ mode: 'feed' }).source);
  const keep = (job: Partial<AlertJob> = {}, has: { readonly hooks?: HookProfile } = { hooks: profile }) => {
    const { hooks: _none, ...provider } = api.provider;
    return keepHooks(anAlertJob(job), { ...api, provider: { ...provider, ...has } });
  };
  const ours = () => [...standing.keys()].filter((target) => target.startsWith(BASE));
  const delivered = (at: Date) => void (deliveredAt = at);
  return { clock, log, hooks, standing, profile, rows, keep, ours, delivered };
}

describe('keeping webhooks', () => {
  it('registers what is wanted, under a secret that is nowhere stored', async () => {
    const { keep, hooks, ours, rows, log } = setUp();
    await hooks.want(WANTED);
    expect(await keep()).toBe(false);
    const [target = ''] = ours();
    const secret = target.slice(BASE.length);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const hash = createHash('sha256').update(secret).digest('hex');
    expect(await hooks.find('acme', hash)).toMatchObject({ job: 'watch', shard: '0', provider: 'fake' });
    expect(JSON.stringify([await hooks.wanted('acme'), await hooks.list('acme'), log.events, rows])).not.toContain(
      secret,
    );
  });

  it('takes deliveries at an address before its provider knows it, and at the old one until it knows the new', async () => {
    const { keep, hooks, standing, profile, clock } = setUp();
    const taken: number[] = [];
    const watched: HookProfile = {
      ...profile,
      keep: async (call, events, targetUrl) => {
        const hash = createHash('sha256').update(targetUrl.slice(BASE.length)).digest('hex');
        expect(await hooks.find('acme', hash)).toBeDefined();
        taken.push((await hooks.list('acme')).length);
        return profile.keep(call, events, targetUrl);
      },
    };
    await hooks.want(WANTED);
    await keep({}, { hooks: watched });
    standing.clear();
    clock.advance(3_600_000);
    await keep({}, { hooks: watched });
    expect(taken).toEqual([1, 2]);
    expect(await hooks.list('acme')).toHaveLength(1);
  });

  it('looks once an hour, and at once where something else is wanted', async () => {
    const { keep, hooks, clock, log } = setUp();
    await hooks.want(WANTED);
    for (let minute = 0; minute < 60; minute += 1) {
      await keep();
      clock.advance(60_000);
    }
    expect(log.events).toHaveLength(1);
    await keep();
    expect(log.events).toHaveLength(2);
    await hooks.want({ ...WANTED, events: ['TaskUpdated'] });
    await keep();
    expect(log.events).toHaveLength(3);
  });

  it.each([
    ['switched off: the same address is switched on', 'disabled' as const],
    ['deleted: it gets another secret, and the old one is turned away', undefined],
  ])('restores a hook that was %s, and says both', async (_what, state) => {
    const { keep, hooks, clock, standing, rows, ours } = setUp();
    await hooks.want(WANTED);
    await keep();
    const keptAt = clock.now().toISOString();
    const [target = ''] = ours();
    if (state === undefined) standing.delete(target);
    else standing.set(target, state);
    clock.advance(3_600_000);
    const at = clock.now().toISOString();
    expect(await keep()).toBe(true);
    expect(ours()).toHaveLength(1);
    expect(ours()[0] === target).toBe(state === 'disabled');
    expect(await hooks.list('acme')).toHaveLength(1);
    const told = { connection: 'acme', hook: 'h', job: 'watch', events: ['TaskCreated'], since: keptAt };
    expect(rows.map(({ topic, event: { type, data } }) => ({ topic, type, data }))).toEqual([
      {
        topic: 'events',
        type: 'steward.hook.disabled',
        data: { ...told, recoverable: ['TaskCreated'], unrecoverable: [] },
      },
      {
        topic: 'events',
        type: 'steward.hook.restored',
        data: {
          ...told,
          disabledAt: at,
          reenabled: state === undefined ? [] : ['TaskCreated'],
          registered: state === undefined ? ['TaskCreated'] : [],
          polled: { from: keptAt, to: at },
          recoverable: ['TaskCreated'],
          unrecoverable: [],
        },
      },
    ]);
    expect(rows.map(({ event }) => [event.type, eventProblems(event)])).toEqual(
      rows.map(({ event }) => [event.type, []]),
    );
    expect(await keep()).toBe(false);
    expect(rows).toHaveLength(2);
  });

  it('says since when it was off by its last delivery, and what nobody finds again', async () => {
    const { keep, hooks, clock, standing, rows, ours, delivered } = setUp();
    await hooks.want({ ...WANTED, events: ['TaskCreated', 'TaskDeleted'] });
    await keep();
    clock.advance(1_200_000);
    delivered(clock.now());
    standing.set(ours()[0] ?? '', 'disabled');
    clock.advance(2_400_000);
    await keep();
    const [{ event } = { event: undefined }] = rows;
    expect(event).toMatchObject({
      data: {
        since: new Date(NOON.getTime()).toISOString(),
        unrecoverable: [{ event: 'TaskDeleted', why: 'what was deleted is in no list' }],
      },
    });
    expect(event?.summary).toContain('what it missed of TaskDeleted is lost, because what was deleted is in no list');
  });

  it.each([
    [
      ['TaskCreated', 'TaskUpdated'],
      'TaskCreated, TaskUpdated',
      '; the poll of watch finds what it missed of TaskCreated, TaskUpdated',
    ],
    [['TaskDeleted'], 'TaskDeleted', '; what it missed of TaskDeleted is lost, because what was deleted is in no list'],
    [
      ['TaskCreated', 'TaskDeleted'],
      'TaskCreated, TaskDeleted',
      '; the poll of watch finds what it missed of TaskCreated' +
        '; what it missed of TaskDeleted is lost, because what was deleted is in no list',
    ],
  ])('says in words what becomes of what %j missed', async (events, named, fate) => {
    const { keep, hooks, clock, rows, ours, standing } = setUp();
    await hooks.want({ ...WANTED, events });
    await keep();
    standing.set(ours()[0] ?? '', 'disabled');
    clock.advance(3_600_000);
    await keep();
    const since = NOON.toISOString();
    expect(rows.map(({ event }) => event.summary)).toEqual([
      `acme: the provider switched off webhook h (${named}), not before ${since}; it is being switched on again${fate}`,
      `acme: webhook h is on again${fate}`,
    ]);
  });

  it('says it before it mends it, and once, however often mending fails', async () => {
    const { keep, hooks, clock, standing, profile, rows, ours } = setUp();
    await hooks.want(WANTED);
    await keep();
    standing.set(ours()[0] ?? '', 'disabled');
    clock.advance(3_600_000);
    const mend = profile.keep.bind(profile);
    Object.assign(profile, { keep: async () => Promise.reject(new ProviderUnavailableError('x', { sent: true })) });
    for (let minute = 0; minute < 5; minute += 1) {
      expect(await keep()).toBe(minute === 0);
      clock.advance(60_000);
    }
    expect(rows.map(({ event }) => event.type)).toEqual(['steward.hook.disabled']);
    Object.assign(profile, { keep: mend });
    expect(await keep()).toBe(true);
    const [disabled, restored] = rows.map(({ event }) => event);
    expect(restored).toMatchObject({
      type: 'steward.hook.restored',
      data: { disabledAt: disabled?.time.toISOString(), since: disabled?.data['since'], reenabled: ['TaskCreated'] },
    });
  });

  it('takes events that were added to the configuration for new ones, not for switched off', async () => {
    const { keep, hooks, rows, log, profile } = setUp();
    await hooks.want(WANTED);
    await keep();
    await hooks.want({ ...WANTED, events: ['TaskCreated', 'TaskUpdated'] });
    Object.assign(profile, {
      keep: async () => ({ active: ['TaskCreated'], reenabled: [], registered: ['TaskUpdated'], foreign: 0 }),
    });
    expect(await keep()).toBe(false);
    expect(log.events).toHaveLength(2);
    expect(rows).toEqual([]);
  });

  it('finds the address again that a keeper left behind which was killed after it had registered it', async () => {
    const { keep, hooks, ours } = setUp();
    await hooks.want(WANTED);
    const { kept } = hooks;
    hooks.kept = async () => Promise.reject(new Error('killed'));
    await expect(keep()).rejects.toThrow('killed');
    hooks.kept = kept;
    await keep();
    expect(ours()).toHaveLength(1);
    expect(await hooks.list('acme')).toHaveLength(1);
  });

  it('looks after none of another job, another source, or a provider whose hooks cannot be looked at', async () => {
    const { keep, hooks, ours, profile } = setUp();
    await hooks.want(WANTED);
    expect(await keep({ name: 'other' })).toBe(false);
    expect(await keep({ source: 'other' })).toBe(false);
    const { standing: _, ...blind } = profile;
    expect(await keep({}, { hooks: blind })).toBe(false);
    expect(await keep({}, {})).toBe(false);
    expect(ours()).toEqual([]);
    await keep();
    expect(ours()).toHaveLength(1);
  });

  it('leaves another hook of its connection alone, and its address', async () => {
    const { keep, hooks, standing, ours } = setUp();
    await hooks.want(WANTED);
    await hooks.want({ ...WANTED, name: 'second' });
    await keep();
    expect(ours()).toHaveLength(2);
    expect(await hooks.list('acme')).toHaveLength(2);
    expect(standing.get('https://elsewhere.example/x')).toBe('active');
  });

  it('counts what it mended, and says which was the first time', async () => {
    const { keep, hooks, log, clock, standing, ours } = setUp();
    await hooks.want(WANTED);
    await keep();
    clock.advance(3_600_000);
    standing.set(ours()[0] ?? '', 'disabled');
    await keep();
    expect(log.events.map(([, fields]) => [fields?.['mended'], fields?.['first']])).toEqual([
      [1, true],
      [1, false],
    ]);
  });

  it('was off since the last delivery of its own event, after it was kept', async () => {
    const { keep, hooks, clock, standing, rows, ours, profile } = setUp();
    await hooks.want(WANTED);
    await keep();
    const target = ours()[0] ?? '';
    const at = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);
    const hook = { event: 'TaskCreated', targetUrl: target, active: false };
    standing.set(target, 'disabled');
    Object.assign(profile, {
      standing: async () => [
        { ...hook, lastDeliveryAt: at(20) },
        { ...hook, event: 'TaskUpdated', active: true, lastDeliveryAt: at(40) },
        { ...hook, targetUrl: 'https://elsewhere.example/x', active: true, lastDeliveryAt: at(50) },
      ],
    });
    clock.advance(3_600_000);
    await keep();
    expect(rows[0]?.event.data).toMatchObject({ since: at(20).toISOString(), events: ['TaskCreated'] });
    expect(rows[0]?.event.summary).toMatch(/; the poll of watch finds what it missed of TaskCreated$/);
  });

  it('has no patience with one that is off, or that nobody has kept yet', async () => {
    const { keep, hooks, clock, log } = setUp();
    await hooks.want(WANTED);
    await keep();
    const [kept] = await hooks.wanted('acme');
    const { keptAt: _, ...never } = { ...WANTED, ...kept, changed: false };
    const at = clock.now();
    for (const found of [never, { ...never, keptAt: at, off: { at, since: at, events: ['TaskCreated'] } }]) {
      hooks.wanted = async () => [found];
      const before = log.events.length;
      await keep();
      expect(log.events).toHaveLength(before + 1);
    }
    hooks.wanted = async () => [{ ...never, keptAt: at }];
    await keep();
    expect(log.events).toHaveLength(3);
  });

  it('takes an address of another installation for none of ours, though it ends like ours', async () => {
    const { keep, hooks, clock, standing, ours } = setUp();
    await hooks.want(WANTED);
    await keep();
    const [target = ''] = ours();
    standing.delete(target);
    standing.set(target.replace('https://steward.', 'https://retired.'), 'active');
    clock.advance(3_600_000);
    await keep();
    expect(ours()).toHaveLength(1);
    expect(ours()).not.toContain(target);
  });

  it('leaves a poll alone when it fails', async () => {
    const { keep, hooks, profile, log } = setUp();
    await hooks.want(WANTED);
    Object.assign(profile, { standing: async () => Promise.reject(new ProviderUnavailableError('x', { sent: true })) });
    expect(await keep()).toBe(false);
    expect(log.events).toMatchObject([['hook.unkept', { code: 'PROVIDER_UNAVAILABLE' }]]);
  });
});
