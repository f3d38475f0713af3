import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_SCHEMAS, EVENT_TYPES, meaningOf } from '../../../functions/core/event-schemas.ts';
import type { ConnectionEventKind, EventType, ExportEventKind, OutboxRow } from '../../../functions/core/events.ts';
import type { JsonObject } from '../../../functions/core/json.ts';
import { fitEvent } from '../../../functions/core/publishing/fit-event.ts';
import { exportEvent } from '../../../functions/core/reports/export-events.ts';
import { createConnectionEvents } from '../../../functions/core/tokens/connection-events.ts';
import { alertWorld, NOON } from '../../support/alert-world.ts';
import { ajv, eventProblems } from '../../support/event-problems.ts';
import { aReportJob } from '../../support/report-job.ts';

const ROOT = join(import.meta.dirname, '../../..');

const FAILURE = { code: 'EXPORT_INCOMPLETE', message: 'm', retryable: true };

/** What each event about a window has to say besides which window it is. */
const EXPORT_DATA: Readonly<Record<ExportEventKind, JsonObject>> = {
  completed: {
    manifestKey: 'a/b/c/manifest.json',
    sequence: 1,
    rows: 0,
    sourceTotal: null,
    parts: 1,
    bytes: 9,
    completeness: 'unproven',
  },
  failed: FAILURE,
  incomplete: { ...FAILURE, rows: 1, sourceTotal: 2, reportKey: 'incomplete/a/b/c/report.json' },
  'schema-changed': { manifestKey: 'a/b/c/manifest.json', changes: [{ kind: 'new', column: 'x' }] },
  gap: { manifestKey: 'a/b/c/gap.json', sequence: 1, reason: 'missed' },
};

function exportEventOf(type: ExportEventKind, data: JsonObject): OutboxRow['event'] {
  const window = { from: NOON.toISOString(), to: NOON.toISOString() };
  return exportEvent({ stage: 'test', job: aReportJob(), type, window, attempt: 1, at: NOON, summary: 's', data })
    .event;
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

/** The text of every source file that may emit an event, or of every test that may prove one. */
function textsOf(...patterns: readonly string[]): readonly string[] {
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  return files
    .filter((file) => !/core\/(?:events|event-schemas|event-data)\.(?:test\.)?ts$/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'));
}

/** Whether a text names the type: whole, or by its last part in a file that makes events of its family. */
function names(text: string, type: EventType): boolean {
  const [, family = '', kind = ''] = type.split('.');
  const makes = { alert: 'TransitionKind', connection: 'events(', export: 'exportEvent(' }[family];
  return text.includes(`'${type}'`) || (makes !== undefined && text.includes(makes) && text.includes(`'${kind}'`));
}

describe('event schemas', () => {
  it('are valid schemas themselves, each with a description and the id that its events name', () => {
    for (const type of EVENT_TYPES) {
      const schema = EVENT_SCHEMAS[type];
      expect({ type, valid: ajv.validateSchema(schema) }).toEqual({ type, valid: true });
      expect(schema).toMatchObject({ $id: `urn:steward:event:${type}:1`, description: expect.stringMatching(/\.$/) });
    }
  });

  it('say in one sentence when it is published', () => {
    expect(EVENT_TYPES.map(meaningOf)).toEqual(EVENT_TYPES.map((type) => EVENT_SCHEMAS[type].description));
  });

  it('are shipped, one file each, as they are', () => {
    const folder = join(ROOT, 'infra/cli/events');
    const shipped = readdirSync(folder).map((file): readonly [string, unknown] => [
      file,
      JSON.parse(readFileSync(join(folder, file), 'utf8')),
    ]);
    expect(Object.fromEntries(shipped)).toEqual(
      Object.fromEntries(EVENT_TYPES.map((type) => [`${type}.schema.json`, EVENT_SCHEMAS[type]])),
    );
  });

  it('are of events that somebody emits', () => {
    const sources = textsOf('functions/**/*.ts', 'infra/cli/**/*.ts');
    expect(EVENT_TYPES.filter((type) => !sources.some((text) => names(text, type)))).toEqual([]);
  });

  it('are of events that a test waits for', () => {
    const tests = textsOf('test/unit/**/*.test.ts', 'test/integration/**/*.test.ts');
    const waits = (text: string, type: EventType) =>
      new RegExp(`\\b${type.slice('steward.'.length).replace('.', '\\.')}\\b|'${type.split('.')[2]}'`).test(text);
    expect(EVENT_TYPES.filter((type) => !tests.some((text) => waits(text, type)))).toEqual([]);
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
    expect(rows.map(({ event }) => [event.type, eventProblems(event)])).toEqual(
      rows.map(({ event }) => [event.type, []]),
    );
  });

  it.each([
    ['members without end', Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`member-${n}`, n]))],
    ['names without end', { ['n'.repeat(300_000)]: 1 }],
    ['lists of lists', { list: Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 'x'.repeat(9))) }],
  ])('hold for an alert whose details have %s, cut to the limit', async (_what, details) => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a', { details, significant: details });
    await world.poll();
    const [row] = world.rows();
    const event = fitEvent(row?.event as OutboxRow['event'], 20_000);
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(20_000);
    expect(event.data).toMatchObject({ cut: true, version: 1, alert: { id: 'a', state: 'open', severity: 'high' } });
    expect(eventProblems(event)).toEqual([]);
  });

  it.each(Object.entries(EXPORT_DATA))('hold for steward.export.%s, and for none that lacks a figure', (type, data) => {
    const problems = (given: JsonObject) => eventProblems(exportEventOf(type as ExportEventKind, given));
    expect(problems(data)).toEqual([]);
    for (const member of Object.keys(data)) {
      const { [member]: _, ...others } = data;
      expect([member, problems(others).length]).toEqual([member, 1]);
    }
  });

  it('hold for everything that is said about connections', () => {
    const kinds = EVENT_TYPES.filter((type) => type.startsWith('steward.connection.') && !type.endsWith('.blind'));
    const events = createConnectionEvents('test');
    for (const type of kinds) {
      const kind = type.slice('steward.connection.'.length) as ConnectionEventKind;
      const { event } = events({ name: 'acme', provider: 'opsramp' }, kind, NOON, { summary: 's', about: 1 });
      expect([type, eventProblems(event)]).toEqual([type, []]);
    }
  });

  it('do not hold for an event that lacks what its type promises', async () => {
    const row = (await allAlertEvents()).find(({ event }) => event.type === 'steward.alert.opened');
    const { alert: _alert, ...data } = row?.event.data ?? {};
    expect(eventProblems({ ...(row?.event as OutboxRow['event']), data })).not.toEqual([]);
    const unheard: Readonly<Record<string, unknown>> = EVENT_SCHEMAS;
    expect(unheard['steward.alert.unheard-of']).toBeUndefined();
  });
});
