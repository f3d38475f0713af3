import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { createAlertStore } from '../../functions/adapters/dynamodb/alert-store.ts';
import { createLatencyStore } from '../../functions/adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { createSnsPublisher } from '../../functions/adapters/sns/publisher.ts';
import { runAlertPass } from '../../functions/core/alerts/pass.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';
import { toMessage } from '../../functions/core/publishing/message.ts';
import { publishShard } from '../../functions/core/publishing/publish-shard.ts';
import { startLocalCloud, type LocalCloud } from '../../infra/local/cloud.ts';
import { anAlert, fakeApi, fakeSource } from '../support/alert-world.ts';
import { anAlertJob } from '../support/report-job.ts';
import { countCapacity } from './capacity.ts';
import { atMost, type Figure, plain, type Rate, rateOf, share } from './figures.ts';
import { inFlight } from './refresh-world.ts';

const ALERTS = 10_000;
const UNCHANGED = 1000;
/** As the publisher has it: ten to a call, six calls at a time. */
const BATCH = 10;
const WIDTH = 6;
const BARE_BATCHES = 300;
const AMPLE = { remainingMs: () => 600_000 };

const silent = { info() {}, warn() {}, error() {} };
const clock = { now: () => new Date() };

interface Cloud extends LocalCloud {
  readonly dynamo: DynamoDBClient;
  readonly sns: SNSClient;
}

/** Ten thousand alerts published, against bare calls; and a thousand that did not change. */
export async function alerts(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-bench-'));
  const cloud = await startLocalCloud({ directory });
  const options = {
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const clients = { dynamo: new DynamoDBClient(options), sns: new SNSClient({ ...options, maxAttempts: 1 }) };
  try {
    const open = { ...cloud, ...clients };
    return [...(await drained(open)), ...(await polledAgain(open))];
  } finally {
    clients.dynamo.destroy();
    clients.sns.destroy();
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function rowOf(index: number): OutboxRow {
  const subject = `watch/alert-${index}`;
  return {
    topic: 'alerts',
    order: 1,
    event: {
      id: eventId(subject, 1),
      type: 'steward.alert.opened',
      source: '/steward/bench/acme',
      subject,
      time: clock.now(),
      severity: 'high',
      summary: `Disk ${index} is full`,
      data: { title: `Disk ${index} is full`, resource: `host-${index}`, state: 'open', version: 1 },
    },
  };
}

/** A third of the bare calls before, between and after, so that what else the machine does falls on both. */
async function drained({ dynamo, sns, resources }: Cloud): Promise<readonly Figure[]> {
  const outbox = createOutboxStore({ client: dynamo, tableName: resources.stateTableName });
  const publisher = createSnsPublisher({ client: sns, topicArns: resources.topicArns });
  const bare: Rate[] = [];
  const drains: Rate[] = [];
  const measureBare = async () => bare.push(await bareRate(sns, resources.topicArns.alerts));
  await measureBare();
  for (const shard of ['0', '1']) {
    const rows = Array.from({ length: ALERTS / 2 }, (_, n) => rowOf(Number(shard) * ALERTS + n));
    for (let start = 0; start < rows.length; start += 500) {
      await outbox.requeue(shard, rows.slice(start, start + 500), clock.now());
    }
    const dependencies = {
      outbox,
      latencies: createLatencyStore({ client: dynamo, tableName: resources.stateTableName }),
      publisher,
      clock,
      log: silent,
      metrics: { add() {} },
      pause: (ms: number) => wait(ms),
      nudge: async () => undefined,
    };
    drains.push(
      await rateOf(rows.length, async () => {
        const result = await publishShard(dependencies, shard, 'bench', AMPLE);
        if (result?.published !== rows.length) throw new Error(`Drained ${JSON.stringify(result)}`);
      }),
    );
    await measureBare();
  }
  const drain = share(drains, bare);
  return [
    plain('bare PublishBatch, ten to a call, six in flight', share(bare, bare).perSecond, 'alerts/s', 0),
    plain('10,000 alerts drained: read, published, marked', drain.perSecond, 'alerts/s', 0),
    plain('… of bare PublishBatch', drain.clock, '×'),
  ];
}

async function bareRate(sns: SNSClient, topicArn: string): Promise<Rate> {
  return rateOf(BARE_BATCHES * BATCH, () =>
    inFlight(BARE_BATCHES, WIDTH, async (batch) => {
      const entries = Array.from({ length: BATCH }, (_, n) => {
        const message = toMessage(rowOf(batch * BATCH + n).event, (subject) => subject);
        return {
          Id: String(n),
          Message: message.body,
          MessageStructure: 'json',
          MessageAttributes: attributesOf(message),
        };
      });
      const { Failed: failed = [] } = await sns.send(
        new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
      );
      if (failed.length > 0) throw new Error(failed[0]?.Message);
    }),
  );
}

function attributesOf({ attributes }: ReturnType<typeof toMessage>) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}

/** One pass over a thousand new alerts, then one over the same thousand; what either wrote is counted. */
async function polledAgain({ dynamo, resources }: Cloud): Promise<readonly Figure[]> {
  const { set, source } = fakeSource({ mode: 'snapshot' });
  for (let n = 0; n < UNCHANGED; n += 1) {
    set(`alert-${n}`, { ...anAlert(`alert-${n}`), raisedAt: clock.now(), changedAt: clock.now() });
  }
  const store = createAlertStore({ client: dynamo, tableName: resources.stateTableName });
  const job = anAlertJob({ stormThreshold: 10 * UNCHANGED, shard: 'bench' });
  const outbox = createOutboxStore({ client: dynamo, tableName: resources.stateTableName });
  const pending = async () => (await outbox.read('bench', 10 * UNCHANGED, undefined)).rows.length;
  const pass = async () => {
    const capacity = countCapacity(dynamo);
    const rate = await rateOf(UNCHANGED, () =>
      runAlertPass({ store, clock, log: silent, origin: { stage: 'bench' } }, job, fakeApi(source), AMPLE),
    );
    capacity.stop();
    return { rate, ...capacity.counted };
  };
  const first = await pass();
  const before = await pending();
  const second = await pass();
  const { heads = 0, outbox: queued = 0, ...others } = second.items;
  const calls = Object.entries(second.calls).map(([name, count]) => `${count} ${name}`);
  return [
    plain('1,000 new alerts recorded with their outbox rows', first.rate.perSecond, 'alerts/s', 0),
    plain('write units of a new alert', first.writeUnits / UNCHANGED, 'WRU'),
    plain('1,000 unchanged alerts polled again', second.rate.perSecond, 'alerts/s', 0),
    { what: '… rows for the publisher', ...atMost((await pending()) - before, 0, 'rows', 0) },
    { what: '… writes of alert records', ...atMost(heads + queued, 0, 'writes', 0) },
    {
      what: '… other writes',
      value: Object.entries(others)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
    },
    { what: '… calls in all', value: calls.join(', ') },
  ];
}
