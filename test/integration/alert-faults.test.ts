import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { shardOf } from '../../functions/core/events.ts';
import { type Subscriber, subscribe } from '../../infra/local/subscriber.ts';
import { lastJson, steward } from '../support/command.ts';
import { type SnsSwitch, startSnsSwitch } from '../support/sns-switch.ts';
import { eventually, type RunningService, startRunning } from '../support/running-service.ts';

const JOB = 'operations-alerts';
const CONNECTION = 'northwind-operations';
const SHARDS = 2;

describe('alerts of a running service', () => {
  let running: RunningService;
  let sns: SnsSwitch;
  let subscriber: Subscriber;
  const shard = shardOf(CONNECTION, SHARDS);
  const control = () => running.doubles.opsramp.control;
  const outbox = () => createOutboxStore(running.service.services.stateTable);
  const run = (...args: readonly string[]) => steward(['--directory', running.directory, '--json', ...args]);
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
    const made = lastJson(await run('alerts', 'hook', JOB)) as { readonly url: string; readonly payload: string };
    const post = async (body: string, url = made.url, type = 'application/json') => {
      const began = performance.now();
      const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
      return { status, ms: performance.now() - began };
    };
    // The first one starts the function.
    await post('{}');
    sns.break('never answers');
    const id = control().openAlert({ currentState: 'Critical' });
    const answers = [];
    for (let time = 0; time < 10; time += 1) answers.push(await post(made.payload.replace('$alert.uniqueId', id)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    // One of ten may meet the machine at another test.
    expect(answers.map(({ ms }) => ms).toSorted((a, b) => a - b)[8]).toBeLessThan(1000);
    expect((await post(made.payload, `${made.url}x`)).status).toBe(404);
    expect((await post('x'.repeat(10_000_000))).status).toBe(413);
    expect((await post('<id/>', made.url, 'text/xml')).status).toBe(200);
    sns.mend();
    await publishes(id, 1);
    await wait(3000);
    expect(await published(id)).toHaveLength(1);
    expect(lastJson(await run('alerts', 'hook', JOB, '--revoke'))).toEqual({ job: JOB, revoked: 1 });
    expect((await post(made.payload)).status).toBe(404);
    const told = await eventually('who made and revoked the address', async () => {
      const events = [];
      for await (const { event } of outbox().published(shard, new Date(Date.now() - 600_000), new Date())) {
        if (event.type === 'steward.hook.issued' || event.type === 'steward.hook.revoked') events.push(event);
      }
      return events.length === 2 && events;
    });
    expect(told.map(({ type }) => type)).toEqual(['steward.hook.issued', 'steward.hook.revoked']);
    expect(told[0]?.data).toEqual({ actor: expect.stringMatching(/./) as string, job: JOB });
  }, 60_000);

  it.each([
    ['registers webhooks itself', 'matter-changes', /under hooks: in steward\.yaml/],
    ['has no webhooks', 'new-vulnerabilities', /of which no webhook tells/],
    ['is not there', 'operations-alert', /no alert job operations-alert\..*operations-alerts/],
  ])('makes no address where the provider %s', async (_what, job, sentence) => {
    const { code, stdout, stderr } = await run('alerts', 'hook', job);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(sentence)]);
  });

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
