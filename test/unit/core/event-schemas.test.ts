import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { EVENT_SCHEMAS, EVENT_TYPES } from '../../../functions/core/event-schemas.ts';
import type { EventType, OutboxRow } from '../../../functions/core/events.ts';
import { toMessage } from '../../../functions/core/publishing/message.ts';
import { exportEvent, type ExportEventType } from '../../../functions/core/reports/export-events.ts';
import { createConnectionEvents, type ConnectionEventKind } from '../../../functions/core/tokens/connection-events.ts';
import { alertWorld, NOON } from '../../support/alert-world.ts';
import { aReportJob } from '../../support/report-job.ts';

const ajv = new Ajv2020({ allErrors: true });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);

function problems(event: OutboxRow['event']) {
  const { body } = toMessage(event, () => 'hashed');
  const validate = ajv.compile(EVENT_SCHEMAS[event.type] ?? false);
  validate(JSON.parse(JSON.parse(body).default));
  return validate.errors ?? [];
}

/** A world in which every kind of event about alerts comes to pass. */
async function allAlertEvents(): Promise<readonly OutboxRow[]> {
  const world = alertWorld({ mode: 'feed' }, { stormThreshold: 3 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) world.set(id);
  world.fake.unreadable.push('broken');
  await world.poll();
  world.clock.advance(600_000);
  world.change('a', { state: 'resolved', details: { text: 'long '.repeat(100_000) } });
  world.change('b', { severity: 'critical' });
  await world.poll();
  return world.rows();
}

describe('event schemas', () => {
  it('are valid schemas themselves, each with the id that its events name', () => {
    for (const type of EVENT_TYPES) {
      const schema = EVENT_SCHEMAS[type];
      expect({ type, valid: ajv.validateSchema(schema ?? {}) }).toEqual({ type, valid: true });
      expect(schema).toMatchObject({ $id: `urn:steward:event:${type}:1` });
    }
  });

  it('hold for everything that is published about alerts', async () => {
    const rows = await allAlertEvents();
    const seen = new Set(rows.map(({ event }) => event.type));
    expect([...seen].toSorted()).toEqual([
      'steward.alert.changed',
      'steward.alert.digest',
      'steward.alert.opened',
      'steward.alert.resolved',
      'steward.connection.blind',
    ]);
    expect(rows.map(({ event }) => [event.type, problems(event)])).toEqual(rows.map(({ event }) => [event.type, []]));
  });

  it.each(['completed', 'failed', 'incomplete', 'schema-changed', 'gap'] as const satisfies ExportEventType[])(
    'hold for steward.export.%s',
    (type) => {
      const window = { from: NOON.toISOString(), to: NOON.toISOString() };
      const input = { stage: 'test', job: aReportJob(), type, window, attempt: 1, at: NOON, summary: 's', data: {} };
      expect(problems(exportEvent(input).event)).toEqual([]);
    },
  );

  it('hold for everything that is said about connections', () => {
    const kinds = EVENT_TYPES.filter((type) => type.startsWith('steward.connection.') && !type.endsWith('.blind'));
    const events = createConnectionEvents('test');
    for (const type of kinds) {
      const kind = type.slice('steward.connection.'.length) as ConnectionEventKind;
      const { event } = events({ name: 'acme', provider: 'opsramp' }, kind, NOON, { summary: 's', about: 1 });
      expect([type, problems(event)]).toEqual([type, []]);
    }
  });

  it('do not hold for an event that lacks what its type promises', async () => {
    const row = (await allAlertEvents()).find(({ event }) => event.type === 'steward.alert.opened');
    const { alert: _alert, ...data } = row?.event.data ?? {};
    expect(problems({ ...(row?.event as OutboxRow['event']), data })).not.toEqual([]);
    expect(EVENT_SCHEMAS['steward.alert.unheard-of' as EventType]).toBeUndefined();
  });
});
