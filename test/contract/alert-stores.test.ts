import { randomUUID } from 'node:crypto';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAlertStore } from '../../functions/adapters/dynamodb/alert-store.ts';
import { createHookStore } from '../../functions/adapters/dynamodb/hook-store.ts';
import { createLatencyStore } from '../../functions/adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { toItem } from '../../functions/adapters/dynamodb/table.ts';
import { createWorkStore } from '../../functions/adapters/dynamodb/work-store.ts';
import type { AlertChange, AlertHead } from '../../functions/core/alerts/head.ts';
import type { AlertCheckpoint, AlertStore } from '../../functions/core/alerts/store.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';
import { addLatencies } from '../../functions/core/schedules/latency.ts';
import type { OutboxStore, PublishedRow } from '../../functions/core/publishing/outbox-store.ts';
import type { LatencyStore } from '../../functions/core/publishing/latency-store.ts';
import type { HookStore } from '../../functions/core/work/hook.ts';
import type { WorkRow, WorkStore } from '../../functions/core/work/work.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryAlertStore } from '../support/memory-alert-store.ts';
import { createMemoryLatencies } from '../support/memory-latencies.ts';
import { createMemoryOutboxStore, createMemoryState } from '../support/memory-outbox-store.ts';
import { createMemoryHookStore, createMemoryWorkStore } from '../support/memory-work-store.ts';
import { createStingyClient } from '../support/stingy-client.ts';
import { eventually } from '../support/aws-endpoint.ts';

const NOON = new Date('2026-03-01T12:00:00Z');
const later = (ms: number) => new Date(NOON.getTime() + ms);

interface Stores {
  readonly alerts: AlertStore;
  readonly outbox: OutboxStore;
  readonly work: WorkStore;
  readonly hooks: HookStore;
  readonly latencies: LatencyStore;
}

function aRow(subject: string, order: number): OutboxRow {
  return {
    topic: 'alerts',
    order,
    event: {
      id: eventId(subject, order),
      type: 'steward.connection.resumed',
      source: '/steward/test/acme',
      subject,
      time: NOON,
      severity: 'high',
      summary: 'Ünïcode ✓',
      data: { nested: { list: [1, 'two', null] } },
    },
  };
}

function aHead(id: string, change: Partial<AlertHead> = {}): AlertHead {
  return {
    id,
    version: 1,
    fingerprint: 'f1',
    pass: 100,
    state: 'open',
    severity: 'high',
    title: 'Disk',
    resource: 'host',
    raisedAt: NOON,
    changedAt: NOON,
    openedAt: NOON,
    significant: { b: [1], a: null },
    ...change,
  };
}

function aChange(head: AlertHead, change: Partial<AlertChange> = {}): AlertChange {
  const row = aRow(`job/${head.id}`, head.version);
  return { head, previousVersion: head.version - 1, row, digested: false, ...change };
}

async function all(rows: AsyncIterable<PublishedRow>): Promise<PublishedRow[]> {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

const aWork = (id: string, change: Partial<WorkRow> = {}): WorkRow => ({
  connection: 'acme',
  kind: 'hook',
  id,
  payload: { job: 'watch', id },
  createdAt: NOON,
  revision: 'r1',
  attempts: 0,
  ...change,
});

function places() {
  const [job, shard] = [randomUUID(), randomUUID()];
  return { job, shard, to: { job, shard } };
}

function promises(create: () => Stores) {
  describe('an alert store', () => {
    it('writes heads with their events, and finds them', async () => {
      const { alerts, outbox } = create();
      const { job, shard, to } = places();
      const head = aHead('a');
      await alerts.commit(to, [aChange(head), aChange(aHead('b', { state: 'resolved' }))], NOON);
      expect(await alerts.heads(job, ['a', 'nobody', 'a'])).toEqual(new Map([['a', head]]));
      await eventually(async () => expect((await alerts.open(job)).map(({ id }) => id)).toEqual(['a']));
      const { rows } = await outbox.read(shard, 10, undefined);
      expect(rows.map(({ event, topic, order, createdAt }) => ({ event, topic, order, createdAt }))).toEqual([
        { ...aRow('job/a', 1), createdAt: NOON },
        { ...aRow('job/b', 1), createdAt: NOON },
      ]);
    });

    it('A20: refuses another version, the same fingerprint and an older pass, and then writes nothing at all', async () => {
      const { alerts, outbox } = create();
      const { job, shard, to } = places();
      await alerts.commit(to, [aChange(aHead('a'))], NOON);
      const next = aHead('a', { version: 2, fingerprint: 'f2', pass: 200 });
      for (const refused of [
        aChange(aHead('a')),
        aChange({ ...next, version: 3 }),
        aChange({ ...next, fingerprint: 'f1' }),
        aChange({ ...next, pass: 100 }),
        aChange({ ...next, pass: 50 }),
      ]) {
        await expect(alerts.commit(to, [aChange(aHead('fine')), refused], NOON)).rejects.toThrow(ConflictError);
      }
      expect(await alerts.heads(job, ['a', 'fine'])).toEqual(new Map([['a', aHead('a')]]));
      expect((await outbox.read(shard, 10, undefined)).rows).toHaveLength(1);
      await alerts.commit(to, [aChange(next)], NOON);
      expect((await alerts.heads(job, ['a'])).get('a')?.version).toBe(2);
    });

    it('takes forty changes at once and reads hundreds of heads', async () => {
      const { alerts } = create();
      const { job, to } = places();
      const ids = Array.from({ length: 240 }, (_, n) => `a${n}`);
      for (let start = 0; start < ids.length; start += 40) {
        const changes = ids.slice(start, start + 40).map((id) => aChange(aHead(id)));
        await alerts.commit(to, changes, NOON);
      }
      expect((await alerts.heads(job, ids)).size).toBe(240);
      await eventually(async () => expect(await alerts.open(job)).toHaveLength(240));
      await expect(alerts.commit(to, Array(41).fill(aChange(aHead('x'))), NOON)).rejects.toThrow(RangeError);
    });

    it('takes a baseline in silence, and digested versions straight to the log', async () => {
      const { alerts, outbox } = create();
      const { shard, to } = places();
      const { row: _row, ...silent } = aChange(aHead('a'));
      await alerts.commit(to, [silent, aChange(aHead('b'), { digested: true })], NOON);
      expect((await outbox.read(shard, 10, undefined)).rows).toEqual([]);
      expect(await all(outbox.published(shard, NOON, later(1)))).toEqual([
        { ...aRow('job/b', 1), publishedAt: NOON, digested: true },
      ]);
    });

    it('I15: moves the checkpoint by compare-and-swap, with its events or not at all', async () => {
      const { alerts, outbox } = create();
      const { job, shard, to } = places();
      expect(await alerts.checkpoint(job)).toBeUndefined();
      const full: AlertCheckpoint = {
        revision: 1,
        bornAt: NOON,
        position: later(1),
        succeededAt: later(2),
        listedAt: later(3),
        resume: {
          startedAt: NOON,
          from: later(-5),
          to: later(5),
          pages: { cursor: { page: 2, list: [1] }, round: 1, seen: ['abcdefgh'], shifted: false, total: 9 },
        },
        suspicion: { since: NOON, held: 9, seen: 1 },
        unreadable: ['abcdefgh'],
        minute: { at: 5, versions: 6 },
        silenced: 7,
      };
      await alerts.saveCheckpoint(to, full, 0, [aRow('job', 1)], NOON);
      expect(await alerts.checkpoint(job)).toEqual(full);
      const next: AlertCheckpoint = { revision: 2, bornAt: NOON, position: NOON, succeededAt: NOON };
      for (const expected of [0, 2]) {
        await expect(alerts.saveCheckpoint(to, next, expected, [aRow('job', 2)], NOON)).rejects.toThrow(ConflictError);
      }
      await alerts.saveCheckpoint(to, next, 1, [], NOON);
      expect(await alerts.checkpoint(job)).toEqual(next);
      await alerts.announce(shard, [aRow('job', 3)], NOON);
      expect((await outbox.read(shard, 10, undefined)).rows.map(({ order }) => order)).toEqual([1, 3]);
    });
  });

  describe('an outbox store', () => {
    it('lends a shard to one at a time, and tells who holds it that somebody asked', async () => {
      const { outbox } = create();
      const { shard } = places();
      expect(await outbox.acquire(shard, 'one', NOON, later(10))).toBe(true);
      expect(await outbox.askedAgain(shard, 'one')).toBe(false);
      expect(await outbox.acquire(shard, 'two', later(5), later(15))).toBe(false);
      expect(await outbox.askedAgain(shard, 'two')).toBe(false);
      expect(await outbox.askedAgain(shard, 'one')).toBe(true);
      expect(await outbox.askedAgain(shard, 'one')).toBe(false);
      expect(await outbox.acquire(shard, 'two', later(6), later(16))).toBe(false);
      expect(await outbox.release(shard, 'two')).toBe('released');
      expect(await outbox.release(shard, 'one')).toBe('again');
      expect(await outbox.release(shard, 'one')).toBe('released');
      expect(await outbox.acquire(shard, 'two', later(7), later(17))).toBe(true);
    });

    it('lends a shard whose holder has died after its lease', async () => {
      const { outbox } = create();
      const { shard } = places();
      await outbox.acquire(shard, 'one', NOON, later(10));
      expect(await outbox.acquire(shard, 'two', later(10), later(20))).toBe(true);
      expect(await outbox.release(shard, 'one')).toBe('released');
      expect(await outbox.acquire(shard, 'three', later(11), later(21))).toBe(false);
    });

    it('I14: reads by subject and number, page by page', async () => {
      const { alerts, outbox } = create();
      const { shard } = places();
      await alerts.announce(shard, [aRow('b', 1), aRow('a', 10), aRow('a', 9), aRow('a', 100)], NOON);
      const first = await outbox.read(shard, 3, undefined);
      const second = await outbox.read(shard, 3, first.next);
      const read = [...first.rows, ...second.rows].map(({ event, order }) => `${event.subject}${order}`);
      expect(read).toEqual(['a9', 'a10', 'a100', 'b1']);
      expect(second.next).toBeUndefined();
    });

    it('moves what was published to the log, and back for a replay with the same ids', async () => {
      const { alerts, outbox } = create();
      const { shard } = places();
      const rows = Array.from({ length: 30 }, (_, n) => aRow(`s${n}`, 1));
      await alerts.announce(shard, rows, NOON);
      const read = (await outbox.read(shard, 100, undefined)).rows;
      await outbox.markPublished(shard, read.slice(0, 20), NOON);
      await outbox.markPublished(shard, read.slice(20), later(24 * 3_600_000));
      expect((await outbox.read(shard, 100, undefined)).rows).toEqual([]);
      expect(await all(outbox.published(shard, NOON, later(1)))).toHaveLength(20);
      expect(await all(outbox.published(shard, later(1), later(24 * 3_600_000)))).toHaveLength(0);
      expect(await all(outbox.published(shard, later(6 * 3_600_000), later(25 * 3_600_000)))).toHaveLength(10);
      const log = await all(outbox.published(shard, later(-1), later(25 * 3_600_000)));
      expect(log.map(({ event }) => event.id).toSorted()).toEqual(rows.map(({ event }) => event.id).toSorted());
      await outbox.requeue(shard, log, later(1));
      expect((await outbox.read(shard, 100, undefined)).rows).toHaveLength(30);
    });

    it('keeps two rows of one subject and one moment apart', async () => {
      const { alerts, outbox } = create();
      const { shard } = places();
      const [one, other] = [
        aRow('a', 1),
        { ...aRow('a', 1), event: { ...aRow('a', 1).event, id: eventId('a', 'other') } },
      ];
      await alerts.announce(shard, [one, other], NOON);
      const { rows } = await outbox.read(shard, 10, undefined);
      expect(rows.map(({ event }) => event.id).toSorted()).toEqual([one.event.id, other.event.id].toSorted());
    });

    it('sets a row aside with the reason', async () => {
      const { alerts, outbox } = create();
      const { shard } = places();
      await alerts.announce(shard, [aRow('a', 1)], NOON);
      const [row] = (await outbox.read(shard, 10, undefined)).rows;
      await outbox.setAside(shard, row!, 'too odd', later(1));
      expect((await outbox.read(shard, 10, undefined)).rows).toEqual([]);
      expect(await outbox.poison(shard)).toEqual([{ ...aRow('a', 1), reason: 'too odd', at: later(1) }]);
    });

    it('takes back a row that was set aside, as often as it is', async () => {
      const { alerts, outbox } = create();
      const { shard } = places();
      await alerts.announce(shard, [aRow('a', 1), aRow('b', 1)], NOON);
      for (const reason of ['too odd', 'still too odd']) {
        for (const row of (await outbox.read(shard, 10, undefined)).rows) {
          await outbox.setAside(shard, row, reason, later(1));
        }
        const aside = (await outbox.poison(shard)).filter(({ event }) => event.subject === 'a');
        expect(aside.map((row) => row.reason)).toEqual([reason]);
        await outbox.takeBack(shard, aside, later(2));
        const { rows } = await outbox.read(shard, 10, undefined);
        expect(rows).toEqual([{ ...aRow('a', 1), key: rows[0]?.key, createdAt: later(2) }]);
        expect((await outbox.poison(shard)).map(({ event }) => event.subject)).toEqual(['b']);
      }
    });
  });

  describe('a work store', () => {
    it('keeps one row for what is asked twice, and does not take it for done when it was asked again', async () => {
      const { work } = create();
      const { shard } = places();
      await work.add(shard, aWork('a'));
      const [row] = await work.list(shard, NOON, 10);
      expect(row).toEqual(aWork('a'));
      await work.add(shard, aWork('a', { revision: 'r2' }));
      await work.done(shard, row!);
      await work.postpone(shard, row!, later(10), 'CODE');
      expect(await work.list(shard, NOON, 10)).toEqual([aWork('a', { revision: 'r2' })]);
      await work.done(shard, aWork('a', { revision: 'r2' }));
      expect(await work.list(shard, NOON, 10)).toEqual([]);
    });

    it('lists what is due, whatever was put off before it', async () => {
      const { work } = create();
      const { shard } = places();
      for (const id of ['a', 'b', 'c']) await work.add(shard, aWork(id));
      await work.postpone(shard, aWork('a'), later(10), 'CODE');
      expect((await work.list(shard, NOON, 2)).map(({ id }) => id)).toEqual(['b', 'c']);
      expect(await work.list(shard, later(10), 1)).toEqual([aWork('a', { attempts: 1, notBefore: later(10) })]);
    });
  });

  it('a hook store finds a hook by connection and hash, and by nothing else', async () => {
    const { hooks } = create();
    const connection = randomUUID();
    const hook = {
      connection,
      provider: 'actionstep',
      name: 'h',
      job: 'watch',
      shard: '0',
      secretHash: 'ab'.repeat(32),
    };
    await hooks.put(hook, NOON);
    expect(await hooks.find(connection, hook.secretHash)).toEqual(hook);
    expect(await hooks.find(connection, 'cd'.repeat(32))).toBeUndefined();
    expect(await hooks.find('other', hook.secretHash)).toBeUndefined();
    expect(await hooks.list(connection)).toEqual([hook]);
    await hooks.remove(connection, hook.secretHash);
    expect(await hooks.list(connection)).toEqual([]);
  });

  it('a latency store adds up by job and day, also when two write at once', async () => {
    const { latencies } = create();
    const shard = randomUUID();
    const some = new Map([
      ['watch', [10, 2000, 2000]],
      ['look', [0]],
    ]);
    await Promise.all([latencies.add(shard, some, NOON), latencies.add(shard, some, NOON)]);
    await latencies.add(shard, new Map([['watch', [90_000]]]), later(86_400_000));
    const expected = addLatencies(undefined, [10, 10, 2000, 2000, 2000, 2000, 90_000]);
    expect(await latencies.read(shard)).toEqual(
      new Map([
        ['watch', expected],
        ['look', addLatencies(undefined, [0, 0])],
      ]),
    );
    expect(await latencies.read(randomUUID())).toEqual(new Map());
  });

  it('an outbox store keeps what the time to publication is counted by', async () => {
    const { alerts, outbox } = create();
    const shard = randomUUID();
    const timing = { job: 'watch', changedAt: later(-5) };
    await alerts.announce(shard, [{ ...aRow('s', 1), timing }, aRow('t', 1)], NOON);
    const { rows } = await outbox.read(shard, 10, undefined);
    expect(rows.map((row) => row.timing)).toEqual([timing, undefined]);
  });

  it('a hook store keeps what is wanted beside what stands', async () => {
    const { hooks } = create();
    const connection = randomUUID();
    const base = { connection, provider: 'actionstep', name: 'h', job: 'watch', shard: '0' };
    const wanted = { ...base, events: ['TaskCreated'] };
    await hooks.want(wanted);
    expect(await hooks.wanted(connection)).toEqual([{ ...wanted, changed: true }]);
    await hooks.put({ ...base, secretHash: 'ab'.repeat(32) }, NOON);
    await hooks.kept(wanted, 'ab'.repeat(32), [], NOON);
    const stands = { ...wanted, secretHash: 'ab'.repeat(32), keptAt: NOON, keptEvents: wanted.events };
    expect(await hooks.wanted(connection)).toEqual([stands]);
    await hooks.want({ ...wanted, events: [] });
    expect(await hooks.wanted(connection)).toEqual([{ ...stands, events: [], changed: true }]);
    await hooks.unwant(connection, 'h');
    await hooks.kept(wanted, 'cd'.repeat(32), [], NOON);
    expect([...(await hooks.wanted(connection)), ...(await hooks.list(connection))]).toEqual([]);
  });

  it('a hook store notes an absence and its end once each, with the events that say so', async () => {
    const { hooks, outbox } = create();
    const [connection, shard] = [randomUUID(), randomUUID()];
    const wanted = { connection, provider: 'actionstep', name: 'h', job: 'watch', shard, events: ['TaskCreated'] };
    const subjects = async () => (await outbox.read(shard, 10, undefined)).rows.map(({ event }) => event.subject);
    await hooks.want(wanted);
    await hooks.kept(wanted, 'ab'.repeat(32), [], NOON);
    const off = { at: later(2), since: later(1), events: ['TaskCreated'] };
    await hooks.foundOff(wanted, off, [aRow('off', 1)]);
    await hooks.foundOff(wanted, { ...off, at: later(3) }, [aRow('off-again', 1)]);
    expect(await hooks.wanted(connection)).toMatchObject([{ off, keptAt: NOON }]);
    for (const subject of ['on', 'on-again']) await hooks.kept(wanted, 'ab'.repeat(32), [aRow(subject, 1)], later(4));
    expect(await hooks.wanted(connection)).toMatchObject([{ keptAt: later(4) }]);
    expect((await hooks.wanted(connection))[0]).not.toHaveProperty('off');
    expect(await subjects()).toEqual(['off', 'on']);
    await hooks.unwant(connection, 'h');
    await hooks.foundOff(wanted, off, [aRow('unwanted', 1)]);
    expect(await subjects()).toEqual(['off', 'on']);
  });
}

describe('in memory', () => {
  promises(() => {
    const state = createMemoryState();
    return {
      alerts: createMemoryAlertStore(state),
      outbox: createMemoryOutboxStore(state),
      work: createMemoryWorkStore(),
      hooks: createMemoryHookStore(state.append),
      latencies: createMemoryLatencies(),
    };
  });
});

describe.each(DYNAMO_ENGINES)('in DynamoDB (%s)', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo(engine);
  });
  afterAll(() => dynamo.stop());

  promises(() => ({
    alerts: createAlertStore(dynamo.state),
    outbox: createOutboxStore(dynamo.state),
    work: createWorkStore(dynamo.state),
    hooks: createHookStore(dynamo.state),
    latencies: createLatencyStore(dynamo.state),
  }));

  describe('that gives as little at a time as it may', () => {
    promises(() => {
      const stingy = { ...dynamo.state, client: createStingyClient(dynamo.client) };
      return {
        alerts: createAlertStore(stingy),
        outbox: createOutboxStore(stingy),
        work: createWorkStore(stingy),
        // A connection's hooks fit into a page, and figures that are an instant old are as good.
        hooks: createHookStore(dynamo.state),
        latencies: createLatencyStore(dynamo.state),
      };
    });
  });

  it('A28: lets no head of an open alert die, and that of a resolved one after 90 days', async () => {
    const alerts = createAlertStore(dynamo.state);
    const job = randomUUID();
    const ttlOf = async () => {
      const Key = toItem({ pk: `heads#${job}`, sk: 'a' });
      const { Item } = await dynamo.client.send(new GetItemCommand({ TableName: dynamo.state.tableName, Key }));
      return Item?.['ttl']?.N;
    };
    await alerts.commit({ job, shard: '0' }, [aChange(aHead('a'))], NOON);
    expect(await ttlOf()).toBeUndefined();
    const closed = aHead('a', { version: 2, fingerprint: 'f2', pass: 200, state: 'resolved' });
    await alerts.commit({ job, shard: '0' }, [aChange(closed)], NOON);
    expect(Number(await ttlOf())).toBe(NOON.getTime() / 1000 + 90 * 86_400);
    const again = aHead('a', { version: 3, fingerprint: 'f1', pass: 300 });
    await alerts.commit({ job, shard: '0' }, [aChange(again)], NOON);
    expect(await ttlOf()).toBeUndefined();
  });

  it.each([
    ['of nothing that belongs there', { position: 'yesterday' }],
    ['that has a revision', { revision: 7, bornAt: 1, succeededAt: 1, position: 'yesterday' }],
  ])('A27: takes a checkpoint %s and cannot be read for none, and writes over it', async (_what, damage) => {
    const alerts = createAlertStore(dynamo.state);
    const job = randomUUID();
    const Item = toItem({ pk: `job#${job}`, sk: 'checkpoint', ...damage });
    await dynamo.client.send(new PutItemCommand({ TableName: dynamo.state.tableName, Item }));
    expect(await alerts.checkpoint(job)).toBeUndefined();
    const next = { revision: 1, bornAt: NOON, position: NOON, succeededAt: NOON };
    await alerts.saveCheckpoint({ job, shard: '0' }, next, 0, [], NOON);
    expect(await alerts.checkpoint(job)).toEqual(next);
  });
});
