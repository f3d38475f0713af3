import { createHash } from 'node:crypto';
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import { eventId, type OutboxRow } from '../../../../functions/core/events.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import { latencyQuantile } from '../../../../functions/core/schedules/latency.ts';
import { drainOutbox } from '../../../../functions/core/publishing/drain.ts';
import { replayEvents } from '../../../../functions/core/publishing/replay.ts';
import { type SnsMessage, SNS_LIMIT_BYTES, toMessage } from '../../../../functions/core/publishing/message.ts';
import type { PublishResult } from '../../../../functions/core/publishing/publisher.ts';
import { publishShard } from '../../../../functions/core/publishing/publish-shard.ts';
import { AMPLE, fakeClock, NOON, recordingLog, recordingMetrics } from '../../../support/alert-world.ts';
import { createMemoryOutboxStore, createMemoryState } from '../../../support/memory-outbox-store.ts';
import { createMemoryLatencies } from '../../../support/memory-latencies.ts';
import { createMemoryPublisher } from '../../../support/memory-publisher.ts';

function aRow(subject: string, order: number, change: Partial<OutboxRow> = {}): OutboxRow {
  return {
    event: {
      id: eventId(subject, order),
      type: 'steward.connection.resumed',
      source: '/steward/test/acme',
      subject,
      time: NOON,
      connection: 'acme',
      summary: `${subject} ${order}`,
      data: {},
    },
    topic: 'alerts',
    order,
    ...change,
  };
}

function setUp() {
  const clock = fakeClock();
  const state = createMemoryState();
  const outbox = createMemoryOutboxStore(state);
  const publisher = createMemoryPublisher();
  const metrics = recordingMetrics();
  const log = recordingLog();
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const nudged: string[] = [];
  const nudge = async (shard: string) => void nudged.push(shard);
  const latencies = createMemoryLatencies();
  const dependencies = { outbox, latencies, publisher, clock, log, metrics, pause, nudge };
  const add = (...rows: OutboxRow[]) => rows.forEach((row) => state.append('0', row, clock.now()));
  const sent = () =>
    publisher.taken.map(({ message }) => JSON.parse(JSON.parse(message.body).default).summary as string);
  /** The same with an outbox whose marking does something else first, and what it was given. */
  const marking = (first: () => void) => {
    const marked: number[] = [];
    const markPublished: typeof outbox.markPublished = async (...args) => {
      marked.push(args[1].length);
      first();
      await outbox.markPublished(...args);
    };
    return { marked, dependencies: { ...dependencies, outbox: { ...outbox, markPublished } } };
  };
  /** The same with a publisher that does something else first. */
  const publishing = (first: (topic: string) => Promise<readonly PublishResult[] | undefined>) => ({
    ...dependencies,
    publisher: {
      publish: async (topic: string, messages: readonly SnsMessage[]) =>
        (await first(topic)) ?? publisher.publish(topic, messages),
    },
  });
  return { ...dependencies, dependencies, latencies, state, pauses, nudged, add, sent, marking, publishing };
}

const bug = () => {
  throw new TypeError('a bug');
};
const within = (ms: number) => ({ remainingMs: () => ms });

describe('draining an outbox', () => {
  it('publishes in batches, marks what was taken, and keeps it for replay', async () => {
    const world = setUp();
    for (let n = 0; n < 25; n += 1) world.add(aRow(`s${n}`, 1));
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 25, unfinished: false });
    expect(world.publisher.calls).toBe(3);
    expect(world.state.rows.get('0')?.size).toBe(0);
    expect(world.state.published.get('0')).toHaveLength(25);
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 0 });
    expect(world.publisher.taken).toHaveLength(25);
  });

  it('I14: publishes a version only after the one before is marked', async () => {
    const world = setUp();
    world.add(aRow('s', 10), aRow('s', 2), aRow('s', 9), aRow('t', 1));
    const { outbox } = world;
    let marked = 0;
    const markedBefore: [number, number][] = [];
    const dependencies = {
      ...world.dependencies,
      outbox: {
        ...outbox,
        async markPublished(...args: Parameters<typeof outbox.markPublished>) {
          await outbox.markPublished(...args);
          marked += args[1].filter(({ event }) => event.subject === 's').length;
        },
      },
      publisher: {
        async publish(...args: Parameters<typeof world.publisher.publish>) {
          const [, messages] = args;
          const before = world.sent().filter((line) => line.startsWith('s ')).length;
          if (messages.some(({ body }) => body.includes('"s '))) markedBefore.push([marked, before]);
          return world.publisher.publish(...args);
        },
      },
    };
    await drainOutbox(dependencies, '0', AMPLE);
    expect(world.sent().filter((line) => line.startsWith('s '))).toEqual(['s 2', 's 9', 's 10']);
    expect(markedBefore).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it('I14: holds a subject back behind its failed row on the next page, too', async () => {
    const world = setUp();
    for (let n = 0; n < 249; n += 1) world.add(aRow(`a${n}`, 1));
    world.add(aRow('s', 1), aRow('s', 2), aRow('t', 1));
    const first = eventId('s', 1);
    world.publisher.fault = ({ id }) => (id === first ? 'failed' : undefined);
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 250, failed: 1 });
    expect(world.sent().filter((line) => /^[st] /.test(line))).toEqual(['t 1']);
    world.publisher.fault = undefined;
    await drainOutbox(world.dependencies, '0', AMPLE);
    expect(world.sent().slice(-2)).toEqual(['s 1', 's 2']);
  });

  it('I9: leaves no batch under way when another one meets a bug', async () => {
    const world = setUp();
    for (let n = 0; n < 11; n += 1) world.add(aRow(`s${n}`, 1, { topic: n === 0 ? 'broken' : 'alerts' }));
    const dependencies = world.publishing(async (topic) => {
      if (topic === 'broken') bug();
      for (let turn = 0; turn < 5; turn += 1) await aTurn();
      return undefined;
    });
    await expect(drainOutbox(dependencies, '0', AMPLE)).rejects.toThrow(TypeError);
    expect(world.state.published.get('0')).toHaveLength(10);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'A04: takes each of ten entries at its own word: %d that fail hold back their own subjects and no others',
    async (failing) => {
      const world = setUp();
      const subjects = Array.from({ length: 10 }, (_, n) => `s${n}`);
      for (const subject of subjects) world.add(aRow(subject, 1), aRow(subject, 2));
      // Spread over the batch: a result that was taken for its neighbour's would show.
      const fail = new Set(subjects.toSorted((a, b) => eventId(a).localeCompare(eventId(b))).slice(0, failing));
      const firsts = [...fail].map((subject) => eventId(subject, 1));
      world.publisher.fault = ({ id }) => (firsts.includes(id) ? 'failed' : undefined);
      const result = await drainOutbox(world.dependencies, '0', AMPLE);
      expect(result).toMatchObject({ published: 2 * (10 - failing), failed: failing });
      const others = subjects.filter((subject) => !fail.has(subject));
      expect(world.sent().toSorted()).toEqual(others.flatMap((subject) => [`${subject} 1`, `${subject} 2`]).toSorted());
      world.publisher.fault = undefined;
      await drainOutbox(world.dependencies, '0', AMPLE);
      for (const subject of subjects) {
        expect(world.sent().filter((line) => line.startsWith(`${subject} `))).toEqual([`${subject} 1`, `${subject} 2`]);
      }
    },
  );

  it('A05, I13: after a throttled batch the next drain sends the same ids', async () => {
    const world = setUp();
    for (let n = 0; n < 10; n += 1) world.add(aRow(`s${n}`, 1), aRow(`s${n}`, 2));
    world.publisher.fault = () => 'failed';
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 0, failed: 10 });
    expect(world.publisher.calls).toBe(1);
    expect(world.state.rows.get('0')?.size).toBe(20);
    expect(world.metrics.values.get('PublishFailed')).toEqual([10]);
    world.publisher.fault = undefined;
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 20, failed: 0 });
    const ids = world.publisher.taken.map(({ message }) => message.id);
    const of = (version: number) => Array.from({ length: 10 }, (_, n) => eventId(`s${n}`, version)).toSorted();
    expect([ids.slice(0, 10).toSorted(), ids.slice(10).toSorted()]).toEqual([of(1), of(2)]);
  });

  it('A02, A03: what was delivered and not marked is sent once more with the same id', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    world.publisher.fault = () => 'lost';
    await drainOutbox(world.dependencies, '0', AMPLE);
    world.publisher.fault = undefined;
    await drainOutbox(world.dependencies, '0', AMPLE);
    expect(world.publisher.taken.map(({ message }) => message.id)).toEqual([eventId('s', 1), eventId('s', 1)]);
  });

  it('marks again and again before it gives a published row up to be repeated', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    const { outbox } = world;
    let failures = 3;
    const dependencies = {
      ...world.dependencies,
      outbox: {
        ...outbox,
        async markPublished(...args: Parameters<typeof outbox.markPublished>) {
          if ((failures -= 1) >= 0) throw new StoreUnavailableError('throttled');
          await outbox.markPublished(...args);
        },
      },
    };
    await drainOutbox(dependencies, '0', AMPLE);
    expect(world.pauses).toEqual([200, 400, 800]);
    expect(world.publisher.taken).toHaveLength(1);
    expect(world.state.rows.get('0')?.size).toBe(0);
  });

  it('marks five times, and not once more for what nobody knows', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    let failures = 6;
    const down = world.marking(() => {
      if ((failures -= 1) >= 0) throw new StoreUnavailableError('throttled');
    });
    await expect(drainOutbox(down.dependencies, '0', AMPLE)).rejects.toThrow(StoreUnavailableError);
    expect([down.marked, world.pauses]).toEqual([
      [1, 1, 1, 1, 1],
      [200, 400, 800, 1600],
    ]);
    let broken = true;
    const once = world.marking(() => void (broken && ((broken = false), bug())));
    await expect(drainOutbox(once.dependencies, '0', AMPLE)).rejects.toThrow(TypeError);
    expect([once.marked, world.pauses.length]).toEqual([[1], 4]);
  });

  it('marks nothing where nothing was taken', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    world.publisher.fault = () => 'failed';
    const { marked, dependencies } = world.marking(() => undefined);
    await drainOutbox(dependencies, '0', AMPLE);
    expect(marked).toEqual([]);
  });

  it('A04: takes an entry that has no result for one that failed, and says so', async () => {
    const world = setUp();
    const row = aRow('s', 1);
    world.add(row);
    expect(
      await drainOutbox(
        world.publishing(async () => []),
        '0',
        AMPLE,
      ),
    ).toMatchObject({ published: 0, failed: 1 });
    const { id, type } = row.event;
    expect(world.log.events).toEqual([['event.failed', { type, id, topic: 'alerts', reason: 'no result' }]]);
    expect(world.state.rows.get('0')?.size).toBe(1);
  });

  it('stops for what nobody knows, once the batches beside it are marked', async () => {
    const world = setUp();
    world.add(aRow('s', 1, { topic: 'broken' }), aRow('t', 1));
    const dependencies = world.publishing(async (topic) => (topic === 'broken' ? bug() : undefined));
    await expect(drainOutbox(dependencies, '0', AMPLE)).rejects.toThrow(TypeError);
    expect([world.sent(), world.state.rows.get('0')?.size]).toEqual([['t 1'], 1]);
    const latencies = { add: async () => bug() };
    world.add(aRow('u', 1, { timing: { job: 'watch', changedAt: NOON } }));
    const uncounted = { ...world.dependencies, latencies };
    await expect(drainOutbox(uncounted, '0', AMPLE)).rejects.toThrow(TypeError);
  });

  it.each([
    [8000, 1, false],
    [7999, 0, true],
  ])('begins no batch that it may not end: %i ms left', async (ms, published, unfinished) => {
    const world = setUp();
    world.add(aRow('s', 1));
    expect(await drainOutbox(world.dependencies, '0', within(ms))).toMatchObject({ published, unfinished });
  });

  it('has six batches in flight and no more', async () => {
    const world = setUp();
    for (let n = 0; n < 100; n += 1) world.add(aRow(`s${n}`, 1));
    let [flying, most] = [0, 0];
    const dependencies = world.publishing(async () => {
      most = Math.max(most, (flying += 1));
      await new Promise(setImmediate);
      flying -= 1;
      return undefined;
    });
    await drainOutbox(dependencies, '0', AMPLE);
    expect(most).toBe(6);
  });

  it('groups by the SHA-256 of a subject that SNS takes in no group', async () => {
    const world = setUp();
    world.add(aRow('a b', 1));
    await drainOutbox(world.dependencies, '0', AMPLE);
    const hash = createHash('sha256').update('a b').digest('hex');
    expect(world.publisher.taken.map(({ message }) => message.groupId)).toEqual([hash]);
  });

  it('A08, I16: sets a poison message aside with its reason and goes on with its subject', async () => {
    const world = setUp();
    world.add(aRow('s', 1), aRow('s', 2), aRow('t', 1));
    world.publisher.fault = ({ body }) => (body.includes('s 1') ? 'refused' : undefined);
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 2, refused: 1 });
    expect(await world.outbox.poison('0')).toMatchObject([{ order: 1, reason: 'refused' }]);
    expect(world.sent().toSorted()).toEqual(['s 2', 't 1']);
    expect(world.metrics.values.get('PublishFailed')).toEqual([1]);
  });

  it('A08, I16: sets aside what no message can be made of, and publishes the others', async () => {
    const world = setUp();
    let nested: JsonValue = 'deep';
    for (let depth = 0; depth < 20_000; depth += 1) nested = { nested };
    const poison = aRow('a', 1);
    world.add({ ...poison, event: { ...poison.event, data: { nested } } }, aRow('b', 1), aRow('a', 2));
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 2, refused: 1 });
    expect(world.sent()).toEqual(['b 1', 'a 2']);
    expect(await world.outbox.poison('0')).toMatchObject([{ reason: 'No message can be made of it: RangeError' }]);
  });

  it('keeps the rows of a topic that does not exist, and publishes the others', async () => {
    const world = setUp();
    world.add(aRow('s', 1, { topic: 'nowhere' }), aRow('t', 1));
    const { publisher } = world;
    const dependencies = {
      ...world.dependencies,
      publisher: {
        async publish(...args: Parameters<typeof publisher.publish>) {
          if (args[0] === 'nowhere') throw new ConfigInvalidError('no such topic');
          return publisher.publish(...args);
        },
      },
    };
    expect(await drainOutbox(dependencies, '0', AMPLE)).toMatchObject({ published: 1, failed: 1 });
    expect(world.state.rows.get('0')?.size).toBe(1);
    const fields = { topic: 'nowhere', reason: 'no such topic' };
    expect(world.log.events).toContainEqual(['event.failed', expect.objectContaining(fields)]);
  });

  it('A29: measures how old the oldest event was', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    world.clock.advance(90_000);
    world.add(aRow('t', 1));
    await drainOutbox(world.dependencies, '0', AMPLE);
    expect(world.metrics.values.get('OutboxOldestSeconds')).toEqual([90]);
    expect(world.metrics.values.get('AlertLatencyMilliseconds')).toBeUndefined();
  });

  it('A29: says in figures what it did, and nothing of what it did not do', async () => {
    const world = setUp();
    const added: unknown[][] = [];
    const metrics = { add: (...given: unknown[]) => void added.push(given) };
    let counted = 0;
    const latencies = { add: async () => void (counted += 1) };
    const none = { ...world.dependencies, metrics, latencies };
    await drainOutbox(none, '0', AMPLE);
    expect(added.splice(0)).toEqual([
      ['OutboxOldestSeconds', 'Seconds', 0],
      ['EventsPublished', 'Count', 0],
    ]);
    expect(counted).toBe(0);
    const row = aRow('s', 1, { timing: { job: 'watch', changedAt: NOON } });
    const alert = { ...row.event, type: 'steward.alert.opened', severity: 'critical' } as const;
    world.clock.advance(30_000);
    const stored = { ...row, event: alert, key: 's', createdAt: NOON };
    world.publisher.fault = ({ body }) =>
      body.includes('t 1') ? 'failed' : body.includes('u 1') ? 'refused' : undefined;
    world.add(aRow('t', 1), aRow('u', 1));
    const rows = [stored, ...(await world.outbox.read('0', 10, undefined)).rows];
    await drainOutbox({ ...none, outbox: { ...world.outbox, read: async () => ({ rows }) } }, '0', AMPLE);
    expect(added).toEqual([
      ['AlertLatencyMilliseconds', 'Milliseconds', 30_000],
      ['OutboxOldestSeconds', 'Seconds', 30],
      ['EventsPublished', 'Count', 1],
      ['PublishFailed', 'Count', 2],
      ['AlertsCritical', 'Count', 1],
    ]);
    expect(counted).toBe(1);
  });

  it('counts from the change at the provider to SNS, for each job in one write, and never from a replay', async () => {
    const world = setUp();
    const timing = (job: string) => ({ timing: { job, changedAt: NOON } });
    for (let n = 0; n < 30; n += 1) world.add(aRow(`s${n}`, 1, timing('watch')));
    world.add(aRow('t', 1, timing('look')), aRow('u', 1));
    world.clock.advance(30_000);
    const { publisher } = world;
    const dependencies = {
      ...world.dependencies,
      publisher: {
        async publish(...args: Parameters<typeof publisher.publish>) {
          world.clock.advance(1000);
          return publisher.publish(...args);
        },
      },
    };
    await drainOutbox(dependencies, '0', AMPLE);
    expect(world.latencies.writes).toBe(2);
    const digests = await world.latencies.read('0');
    expect([...digests.keys()].toSorted()).toEqual(['look', 'watch']);
    expect(latencyQuantile(digests.get('look'), 0.5)).toBeGreaterThanOrEqual(31_000);
    expect(latencyQuantile(digests.get('watch'), 0.99)).toBeLessThan(36_000 * 1.2);
    expect(world.metrics.values.get('AlertLatencyMilliseconds')).toHaveLength(31);
    await replayEvents(world, { from: NOON, to: new Date(NOON.getTime() + 3_600_000), shards: ['0'] });
    await drainOutbox(dependencies, '0', AMPLE);
    expect(world.latencies.writes).toBe(2);
  });

  it('publishes all the same when no figure can be written', async () => {
    const world = setUp();
    world.add(aRow('s', 1, { timing: { job: 'watch', changedAt: NOON } }));
    const latencies = { add: async () => Promise.reject(new StoreUnavailableError('down')) };
    expect(await drainOutbox({ ...world.dependencies, latencies }, '0', AMPLE)).toMatchObject({ published: 1 });
    expect(world.log.events).toContainEqual(['event.uncounted', { shard: '0', code: 'STORE_UNAVAILABLE' }]);
  });

  it('keeps to the batch limit when messages are large', async () => {
    const world = setUp();
    for (let n = 0; n < 6; n += 1) {
      const row = aRow(`s${n}`, 1);
      world.add({ ...row, event: { ...row.event, data: { text: 'x'.repeat(90_000) } } });
    }
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 6 });
    expect(world.publisher.calls).toBe(3);
  });

  it.each([
    [0, 1],
    [1, 2],
  ])('A06: fills a batch to its last byte: %i bytes more make %i calls', async (more, calls) => {
    const world = setUp();
    const withText = (subject: string, length: number) => {
      const row = aRow(subject, 1);
      return { ...row, event: { ...row.event, data: { text: 'x'.repeat(length) } } };
    };
    const first = withText('a', 100_000);
    const bytesOf = (row: OutboxRow) => toMessage(row.event, () => '').bytes;
    const room = SNS_LIMIT_BYTES - bytesOf(first);
    const second = withText('b', 100_000 + room - bytesOf(withText('b', 100_000)) + more);
    expect(bytesOf(first) + bytesOf(second)).toBe(SNS_LIMIT_BYTES + more);
    world.add(first, second);
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 2 });
    expect(world.publisher.calls).toBe(calls);
  });

  it('reads past a page, and drains 10,000 rows', async () => {
    const world = setUp();
    for (let n = 0; n < 10_000; n += 1) world.add(aRow(`s${String(n % 4000).padStart(5, '0')}`, n));
    expect(await drainOutbox(world.dependencies, '0', AMPLE)).toMatchObject({ published: 10_000 });
    const perSubject = new Map<string, number>();
    for (const { message } of world.publisher.taken) {
      const { subject, summary } = JSON.parse(JSON.parse(message.body).default);
      const order = Number(summary.split(' ')[1]);
      expect(order).toBeGreaterThan(perSubject.get(subject) ?? -1);
      perSubject.set(subject, order);
    }
  });
});

describe('a replay', () => {
  it('A09, A30: sends the same ids however often it is asked for, of the span and the events that were asked for', async () => {
    const world = setUp();
    world.add(aRow('s', 1), aRow('s', 2), aRow('t', 1));
    await drainOutbox(world.dependencies, '0', AMPLE);
    const span = { from: NOON, to: new Date(NOON.getTime() + 1), shards: ['0', '1'] };
    for (let time = 0; time < 2; time += 1) {
      world.clock.advance(60_000);
      expect(await replayEvents(world, { ...span, wanted: ({ event }) => event.subject === 's' })).toBe(2);
      await drainOutbox(world.dependencies, '0', AMPLE);
    }
    expect(world.sent()).toEqual(['s 1', 't 1', 's 2', 's 1', 's 2', 's 1', 's 2']);
    expect(new Set(world.publisher.taken.map(({ message }) => message.id)).size).toBe(3);
    expect(await replayEvents(world, { ...span, from: span.to, to: new Date(NOON.getTime() + 2) })).toBe(0);
  });

  it('A08, A09: sends what was set aside once the fault is mended, and sets it aside again where it is not', async () => {
    const world = setUp();
    world.add(aRow('s', 1), aRow('t', 1));
    world.publisher.fault = ({ body }) => (body.includes('s 1') ? 'refused' : undefined);
    await drainOutbox(world.dependencies, '0', AMPLE);
    const span = { from: NOON, to: new Date(NOON.getTime() + 60_000), shards: ['0'] };
    const outside = { ...span, from: span.to, to: new Date(NOON.getTime() + 120_000) };
    expect(await replayEvents(world, outside)).toBe(0);
    const wanted = ({ event }: OutboxRow) => event.subject === 's';
    expect(await replayEvents(world, { ...span, wanted })).toBe(1);
    await drainOutbox(world.dependencies, '0', AMPLE);
    expect(await world.outbox.poison('0')).toHaveLength(1);
    world.publisher.fault = undefined;
    expect(await replayEvents(world, { ...span, wanted })).toBe(1);
    await drainOutbox(world.dependencies, '0', AMPLE);
    expect(world.sent()).toEqual(['t 1', 's 1']);
    expect(world.publisher.taken.at(-1)?.message.id).toBe(eventId('s', 1));
    expect(await world.outbox.poison('0')).toEqual([]);
  });
});

describe('publishing a shard', () => {
  it('leaves a shard that another one holds, and has that one go round again', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    const { publisher } = world;
    let second: unknown = 'not asked';
    const dependencies = {
      ...world.dependencies,
      publisher: {
        async publish(...args: Parameters<typeof publisher.publish>) {
          if (second === 'not asked') {
            // A row comes in behind the page that is being published, and its nudge finds the shard taken.
            world.add(aRow('a', 1));
            second = await publishShard(world.dependencies, '0', 'other', AMPLE);
          }
          return publisher.publish(...args);
        },
      },
    };
    expect(await publishShard(dependencies, '0', 'me', AMPLE)).toMatchObject({ published: 2 });
    expect(second).toBeUndefined();
    expect(world.state.leases.size).toBe(0);
  });

  it('tries failures again after a pause, then leaves them to the tick', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    world.publisher.fault = () => 'failed';
    expect(await publishShard(world.dependencies, '0', 'me', AMPLE)).toMatchObject({ published: 0, failed: 1 });
    expect(world.publisher.calls).toBe(3);
    expect(world.pauses).toEqual([1000, 2000]);
    expect(world.nudged).toEqual([]);
  });

  it('pauses for nothing that did not fail, and counts what was refused', async () => {
    const world = setUp();
    world.add(aRow('s', 1), aRow('t', 1));
    world.publisher.fault = ({ body }) => (body.includes('s 1') ? 'refused' : undefined);
    const result = await publishShard(world.dependencies, '0', 'me', AMPLE);
    expect(result).toEqual({ published: 1, refused: 1, failed: 0 });
    expect(world.pauses).toEqual([]);
  });

  it('holds the shard for as long as it may run, and ten seconds more', async () => {
    const world = setUp();
    const until: Date[] = [];
    const outbox = { ...world.outbox, acquire: async (...args: unknown[]) => (until.push(args[3] as Date), true) };
    await publishShard({ ...world.dependencies, outbox }, '0', 'me', AMPLE);
    expect(until).toEqual([new Date(NOON.getTime() + 60_000)]);
  });

  it.each([
    ['ends where nobody asked, with the time for another round', 12_000, 1, []],
    ['sends another one with no time for a round, where there was something', 11_999, 1, ['0']],
    ['sends nobody with no time for a round, where there was nothing', 11_999, 0, []],
    ['sends another one with no time for a batch', 7999, 1, ['0']],
  ])('%s: %i ms left, %i rows', async (_, ms, rows, nudged) => {
    const world = setUp();
    if (rows > 0) world.add(aRow('s', 1));
    await publishShard(world.dependencies, '0', 'me', within(ms));
    expect(world.nudged).toEqual(nudged);
  });

  it('goes round twenty times at most, then sends another one', async () => {
    const world = setUp();
    let rounds = 0;
    const outbox = {
      ...world.outbox,
      read: async () => ((rounds += 1), { rows: [] }),
      askedAgain: async () => true,
    };
    await publishShard({ ...world.dependencies, outbox }, '0', 'me', AMPLE);
    expect([rounds, world.nudged]).toEqual([20, ['0']]);
  });

  it('sends another one when it is asked for at the very end', async () => {
    const world = setUp();
    const ends: ('again' | 'released')[] = ['again', 'released'];
    const outbox = { ...world.outbox, release: async () => ends.shift() ?? 'released' };
    await publishShard({ ...world.dependencies, outbox }, '0', 'me', AMPLE);
    expect([ends, world.nudged]).toEqual([[], ['0']]);
  });

  it('calls the next publisher when the backlog is longer than its time', async () => {
    const world = setUp();
    for (let n = 0; n < 500; n += 1) world.add(aRow(`s${n}`, 1));
    let remaining = 20_000;
    const deadline = { remainingMs: () => (remaining -= 500) };
    await publishShard(world.dependencies, '0', 'me', deadline);
    expect(world.state.rows.get('0')?.size).toBeGreaterThan(0);
    expect(world.nudged).toEqual(['0']);
    expect(world.state.leases.size).toBe(0);
  });

  it('gives the shard back when it fails', async () => {
    const world = setUp();
    world.add(aRow('s', 1));
    const outbox = { ...world.outbox, read: async () => Promise.reject(new StoreUnavailableError('down')) };
    await expect(publishShard({ ...world.dependencies, outbox }, '0', 'me', AMPLE)).rejects.toThrow('down');
    expect(world.state.leases.size).toBe(0);
  });
});
