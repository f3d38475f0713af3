import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { eventId, type OutboxRow, type ServiceEvent } from '../../functions/core/events.ts';
import { tailCommand } from '../../infra/cli/commands/alerts.ts';
import type { CommandContext } from '../../infra/cli/commands/context.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamo.ts';

const clock = { now: () => new Date() };

function aRow(subject: string, severity: NonNullable<ServiceEvent['severity']>): OutboxRow {
  return {
    topic: 'alerts',
    order: 1,
    event: {
      id: eventId(subject, 1),
      type: 'steward.alert.opened',
      source: '/steward/test/acme',
      subject,
      time: clock.now(),
      severity,
      summary: `${subject} is full`,
      data: {},
    },
  };
}

describe('steward alerts tail', () => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo();
  });
  afterAll(() => dynamo.stop());

  async function publish(shard: string, row: OutboxRow): Promise<void> {
    const outbox = createOutboxStore(dynamo.state);
    await outbox.requeue(shard, [row], clock.now());
    await outbox.markPublished(shard, (await outbox.read(shard, 10, undefined)).rows, clock.now());
  }

  function tail(json: boolean, forMs: number) {
    const lines: string[] = [];
    const terminal = {
      json,
      out: (line: string) => void lines.push(line),
      paint: (tone: string, text: string) => `<${tone}>${text.trim()}</${tone}>`,
    };
    const services = { stateTable: dynamo.state, target: { shardCount: 2 }, clock };
    const ended = tailCommand({ terminal, services } as unknown as CommandContext, { since: clock.now(), forMs });
    return { lines, ended };
  }

  it('shows what is published while it looks, of every shard, in colours, once, and a replay again', async () => {
    await publish('0', aRow('before', 'low'));
    await wait(5);
    const { lines, ended } = tail(false, 4500);
    await publish('0', aRow('disk-1', 'critical'));
    await wait(1200);
    const live = lines.length;
    await publish('1', aRow('disk-2', 'medium'));
    await wait(1200);
    await publish('0', aRow('disk-1', 'critical'));
    expect(await ended).toBe(0);
    expect(live).toBe(1);
    const text = lines.map((line) => line.replace(/^\S+ \S+/, 'at'));
    expect(text).toEqual([
      expect.stringMatching(/^at {2}<bad>critical<\/bad> {2}alert\.opened +disk-1 is full$/),
      expect.stringMatching(/^at {2}<warn>medium<\/warn> {2}alert\.opened +disk-2 is full$/),
      expect.stringMatching(/^at {2}<bad>critical<\/bad> {2}alert\.opened +disk-1 is full$/),
    ]);
  });

  it('writes an event per line as JSON', async () => {
    const { lines, ended } = tail(true, 1500);
    const row = aRow('disk-3', 'high');
    await publish('1', row);
    await ended;
    const { publishedAt, ...event } = JSON.parse(lines.join('\n')) as { readonly publishedAt: string };
    expect(event).toEqual({ ...row.event, time: row.event.time.toISOString() });
    expect(new Date(publishedAt).getTime()).toBeGreaterThanOrEqual(row.event.time.getTime());
  });
});
