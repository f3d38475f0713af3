import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { shardOf } from '../../functions/core/events.ts';
import { type Subscriber, subscribe } from '../../infra/local/subscriber.ts';
import { type SnsSwitch, startSnsSwitch } from '../support/sns-switch.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

const JOB = 'operations-alerts';
const CONNECTION = 'northwind-operations';
const SHARDS = 2;
const SECRET = 'a-secret-of-32-characters-0123456';

describe('alerts of a running service', () => {
  let running: RunningService;
  let sns: SnsSwitch;
  let subscriber: Subscriber;
  const shard = shardOf(CONNECTION, SHARDS);
  const control = () => running.doubles.opsramp.control;
  const outbox = () => createOutboxStore(running.service.services.stateTable);
  const waiting = async () => (await outbox().read(shard, 500, undefined)).rows.length;
  const published = async (id: string) => {
    await subscriber.drain();
    return subscriber.received
      .filter(({ subject }) => subject === `${JOB}/${id}`)
      .map(({ type, id: event }) => [type, event]);
  };
  const publishes = (id: string, count: number) =>
    eventually(`${count} events of ${id}`, async () => (await published(id)).length >= count);

  beforeAll(async () => {
    sns = await startSnsSwitch();
    running = await startRunning({
      onCloud: (cloud) => {
        sns.standsBefore(cloud);
        subscriber = subscribe(cloud, 'alerts');
      },
    });
    const id = control().openAlert({ currentState: 'Critical' });
    await publishes(id, 1);
  }, 90_000);
  afterAll(async () => {
    await running?.stop();
    await sns?.stop();
  });

  it.each(['refuses connections', 'never answers', 'fails'] as const)(
    'A05, I14: SNS %s for a while: nothing is lost, nothing is repeated, the order is kept',
    async (how) => {
      const before = sns.refused;
      sns.break(how);
      const id = control().openAlert({ currentState: 'Critical' });
      await eventually('the row of the alert', async () => (await waiting()) > 0);
      control().changeAlert(id, { currentState: 'Warning' });
      await eventually('two versions in the outbox', async () => (await waiting()) > 1);
      await eventually('an attempt at SNS', async () => sns.refused > before);
      expect(await published(id)).toEqual([]);
      sns.mend();
      await publishes(id, 2);
      control().heal(id);
      await publishes(id, 3);
      const types = (await published(id)).map(([type]) => type?.replace('steward.alert.', ''));
      expect(types).toEqual(['opened', 'changed', 'resolved']);
      expect(await waiting()).toBe(0);
    },
    60_000,
  );

  it('answers a hook in less than a second with 200 while SNS is down, and publishes what it told of afterwards', async () => {
    const secretHash = createHash('sha256').update(SECRET).digest('hex');
    const hook = { connection: CONNECTION, provider: 'opsramp', name: 'h', job: JOB, shard, secretHash };
    await running.service.services.hooks.put(hook, new Date());
    const post = async (body: string, secret = SECRET, type = 'application/json') => {
      const began = performance.now();
      const url = `${running.service.url}/hooks/${CONNECTION}/${secret}`;
      const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
      return { status, ms: performance.now() - began };
    };
    // The first one starts the function.
    await post('{}');
    sns.break('never answers');
    const id = control().openAlert({ currentState: 'Critical' });
    const answers = [];
    for (let time = 0; time < 10; time += 1) answers.push(await post(JSON.stringify({ id })));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    // One of ten may meet the machine at another test.
    expect(answers.map(({ ms }) => ms).toSorted((a, b) => a - b)[8]).toBeLessThan(1000);
    expect((await post(JSON.stringify({ id }), `${SECRET}x`)).status).toBe(404);
    expect((await post('x'.repeat(10_000_000))).status).toBe(413);
    expect((await post('<id/>', SECRET, 'text/xml')).status).toBe(200);
    sns.mend();
    await publishes(id, 1);
    await wait(3000);
    expect(await published(id)).toHaveLength(1);
  }, 60_000);

  it('A20, I13: publishers and pollers called many times at once publish each version once', async () => {
    const ids = Array.from({ length: 40 }, () => control().openAlert({ currentState: 'Warning' }));
    const call = (name: string) => running.service.host.invoke(name, JSON.stringify({ shard })).catch(() => undefined);
    const calls = ['event-publisher', 'alert-poller', 'event-publisher', 'alert-poller', 'event-publisher'];
    for (let time = 0; time < 4; time += 1) await Promise.all(calls.map(call));
    for (const id of ids) await publishes(id, 1);
    await wait(3000);
    await subscriber.drain();
    const received = subscriber.received.map(({ id }) => id);
    expect(new Set(received).size).toBe(received.length);
    expect(received.length).toBeGreaterThan(40);
  }, 60_000);
});
