import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outboxRowFromItem } from '../../functions/adapters/dynamodb/outbox-item.ts';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';
import type { NewAttempt, WindowStore } from '../../functions/core/schedules/window-store.ts';
import { DYNAMO_ENGINES, startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createStingyClient } from '../support/stingy-client.ts';
import { createMemoryWindowStore } from '../support/memory-window-store.ts';

const MIDNIGHT = new Date('2026-03-01T00:00:00Z');
const at = (hours: number) => new Date(MIDNIGHT.getTime() + hours * 3_600_000);
const ERROR = { code: 'PROVIDER_UNAVAILABLE', message: 'no answer', retryable: true };
const NOTHING = { shard: '0', rows: [] };

function attempt(job: string, from: Date, change: Partial<NewAttempt> = {}): NewAttempt {
  return {
    job,
    from,
    to: new Date(from.getTime() + 3_600_000),
    attempt: 1,
    action: 'export',
    execution: 'x1',
    ...change,
  };
}

function row(job: string): OutboxRow {
  const event = {
    id: eventId(job),
    type: 'steward.connection.resumed' as const,
    source: '/steward/test/acme',
    subject: job,
    time: MIDNIGHT,
    summary: 'done',
    data: { rows: 1 },
  };
  return { event, topic: 'events', order: 1 };
}

const sealed = (sequence: number) => ({
  sequence,
  manifestKey: `m${sequence}`,
  manifestSha256: `sha${sequence}`,
  rows: 3,
  bytes: 99,
});

interface Subject {
  readonly store: WindowStore;
  /** What stands in the outbox of `shard`. */
  outbox(shard: string): Promise<readonly OutboxRow[]>;
}

function promises(create: () => Subject) {
  it('I19 begins a window once, and one window of a job at a time', async () => {
    const { store } = create();
    const job = randomUUID();
    const begun = await store.begin(attempt(job, at(0)), at(1));
    expect(begun).toMatchObject({ state: 'running', attempt: 1, startedAt: at(1) });
    await expect(store.begin(attempt(job, at(0)), at(1))).rejects.toBeInstanceOf(ConflictError);
    await expect(store.begin(attempt(job, at(1)), at(2))).rejects.toBeInstanceOf(ConflictError);
    expect(await store.chain(job)).toEqual({
      from: at(0),
      to: at(0),
      sequence: 0,
      current: { from: at(0), attempt: 1 },
    });
    expect(await store.find(job, at(0))).toEqual(begun);
    expect(await store.find(job, at(7))).toBeUndefined();
    expect(await store.chain('nobody')).toBeUndefined();
  });

  it('raises the attempt only after a terminal failure', async () => {
    const { store } = create();
    const job = randomUUID();
    const first = attempt(job, at(0));
    await store.begin(first, at(1));
    await expect(store.begin({ ...first, attempt: 2 }, at(1))).rejects.toBeInstanceOf(ConflictError);
    expect(await store.fail(first, 'failed', ERROR, NOTHING, at(2))).toBe(true);
    expect(await store.fail(first, 'failed', ERROR, NOTHING, at(3))).toBe(false);
    expect(await store.find(job, at(0))).toMatchObject({ state: 'failed', error: ERROR, updatedAt: at(2) });
    await expect(store.begin({ ...first, attempt: 3 }, at(3))).rejects.toBeInstanceOf(ConflictError);
    const second = await store.begin({ ...first, attempt: 2, action: 'gap', reason: 'missed', execution: 'x2' }, at(3));
    expect(second).toMatchObject({ attempt: 2, action: 'gap', reason: 'missed' });
    await expect(store.beat(first, at(4))).rejects.toBeInstanceOf(ConflictError);
    await store.beat({ ...first, attempt: 2 }, at(4));
    expect(await store.find(job, at(0))).toMatchObject({ updatedAt: at(4), execution: 'x2', reason: 'missed' });
  });

  it('seals a window, moves the chain and tells of it in one transaction, once', async () => {
    const subject = create();
    const { store } = subject;
    const job = randomUUID();
    const events = { shard: job, rows: [row(job)] };
    await store.begin(attempt(job, at(0)), at(1));
    await store.seal(attempt(job, at(0)), 'exported', sealed(1), events, at(2));
    await store.seal(attempt(job, at(0)), 'exported', sealed(1), events, at(3));
    expect(await store.chain(job)).toEqual({
      from: at(0),
      to: at(1),
      sequence: 1,
      last: { key: 'm1', sha256: 'sha1' },
      lastExport: { key: 'm1' },
    });
    expect(await store.find(job, at(0))).toMatchObject({ state: 'exported', sealed: sealed(1), updatedAt: at(2) });
    expect((await subject.outbox(job)).map(({ event }) => event)).toEqual([row(job).event]);
    expect(await store.fail(attempt(job, at(0)), 'failed', ERROR, events, at(3))).toBe(false);
    await expect(
      store.seal(attempt(job, at(0)), 'exported', { ...sealed(1), manifestSha256: 'other' }, NOTHING, at(3)),
    ).rejects.toBeInstanceOf(ConflictError);
  });

  it('says of a window that is sealed nothing of the attempts that failed before', async () => {
    const { store } = create();
    const job = randomUUID();
    const first = attempt(job, at(0), { reason: 'asked for' });
    await store.begin(first, at(1));
    await store.fail(first, 'failed', ERROR, NOTHING, at(2));
    const second = { ...first, attempt: 2 };
    await store.begin(second, at(3));
    await store.seal(second, 'exported', sealed(1), NOTHING, at(4));
    const record = await store.find(job, at(0));
    expect(record).toMatchObject({ state: 'exported', attempt: 2, sealed: sealed(1) });
    expect(record?.error).toBeUndefined();
    expect(record?.reason).toBeUndefined();
  });

  it('refuses a seal that does not follow the chain, and writes nothing then', async () => {
    const subject = create();
    const { store } = subject;
    const job = randomUUID();
    await store.begin(attempt(job, at(0)), at(1));
    const events = { shard: job, rows: [row(job)] };
    await expect(store.seal(attempt(job, at(0)), 'exported', sealed(2), events, at(2))).rejects.toBeInstanceOf(
      ConflictError,
    );
    await expect(store.seal(attempt(job, at(9)), 'exported', sealed(1), events, at(2))).rejects.toBeInstanceOf(
      ConflictError,
    );
    expect(await store.find(job, at(0))).toMatchObject({ state: 'running' });
    expect(await subject.outbox(job)).toEqual([]);
  });

  it('lets the chain grow at both ends, gap records included, and lists the newest first', async () => {
    const { store } = create();
    const job = randomUUID();
    const order = [at(5), at(6), at(4)];
    for (const [index, from] of order.entries()) {
      await store.begin(attempt(job, from), at(9));
      await store.seal(attempt(job, from), index === 1 ? 'gap' : 'exported', sealed(index + 1), NOTHING, at(9));
    }
    expect(await store.chain(job)).toMatchObject({ from: at(4), to: at(7), sequence: 3, lastExport: { key: 'm1' } });
    expect((await store.list(job, 2)).map(({ from }) => from)).toEqual([at(6), at(5)]);
  });

  it('I19 lets a gap be asked for and filled: a new record of the chain, and no window twice', async () => {
    const { store } = create();
    const job = randomUUID();
    for (const [index, hour] of [0, 1, 2, 3].entries()) {
      await store.begin(attempt(job, at(hour)), at(9));
      await store.seal(attempt(job, at(hour)), hour === 1 ? 'exported' : 'gap', sealed(index + 1), NOTHING, at(9));
    }
    expect((await store.gaps(job, { from: at(0), to: at(3) })).map(({ from }) => from)).toEqual([at(0), at(2)]);
    await expect(store.ask(job, at(1))).rejects.toBeInstanceOf(ConflictError);
    await expect(store.ask(job, at(7))).rejects.toBeInstanceOf(ConflictError);
    for (const hour of [2, 0, 0]) await store.ask(job, at(hour));
    expect((await store.chain(job))?.asked).toEqual([at(0), at(2)]);

    const again = attempt(job, at(0), { attempt: 2, execution: 'x2' });
    await expect(store.begin(again, at(10))).rejects.toBeInstanceOf(ConflictError);
    const fill = { ...again, action: 'fill' as const };
    await expect(store.begin({ ...fill, from: at(1) }, at(10))).rejects.toBeInstanceOf(ConflictError);
    await store.begin(fill, at(10));
    expect(await store.find(job, at(0))).toMatchObject({ state: 'running', action: 'fill', sealed: sealed(1) });
    await store.fail(fill, 'gap', { ...ERROR, mayStand: true }, NOTHING, at(11));
    expect((await store.chain(job))?.asked).toEqual([at(0), at(2)]);
    await store.begin({ ...fill, attempt: 3 }, at(12));
    await store.seal({ ...fill, attempt: 3 }, 'exported', sealed(5), NOTHING, at(13));
    expect(await store.find(job, at(0))).toMatchObject({ state: 'exported', sealed: sealed(5) });
    expect(await store.chain(job)).toMatchObject({
      from: at(0),
      to: at(4),
      sequence: 5,
      asked: [at(2)],
      lastExport: { key: 'm2' },
    });

    const other = attempt(job, at(2), { attempt: 2, action: 'fill' });
    await store.begin(other, at(14));
    await store.fail(other, 'gap', ERROR, NOTHING, at(15));
    expect(await store.find(job, at(2))).toMatchObject({ state: 'gap', error: ERROR, sealed: sealed(3) });
    expect((await store.chain(job))?.asked).toBeUndefined();
    expect((await store.gaps(job, { from: at(0), to: at(9) })).map(({ from }) => from)).toEqual([at(2), at(3)]);
  });
}

describe('window store in memory', () => {
  promises(() => {
    const store = createMemoryWindowStore();
    return { store, outbox: async () => store.outbox };
  });
});

describe.each(DYNAMO_ENGINES)('window store on DynamoDB (%s)', (name) => {
  let engine: TestDynamo;
  beforeAll(async () => {
    engine = await startTestDynamo(name);
  });
  afterAll(() => engine.stop());
  const outbox: Subject['outbox'] = async (shard) => {
    const { Items = [] } = await engine.client.send(
      new QueryCommand({
        TableName: engine.state.tableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `outbox#${shard}` } },
      }),
    );
    return Items.map(outboxRowFromItem);
  };
  promises(() => ({ store: createWindowStore(engine.state), outbox }));

  describe('that gives as little at a time as it may', () => {
    promises(() => ({
      store: createWindowStore({ ...engine.state, client: createStingyClient(engine.client) }),
      outbox,
    }));
  });
});
