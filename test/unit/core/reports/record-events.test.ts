import { describe, expect, it } from 'vitest';
import { eventId } from '../../../../functions/core/events.ts';
import { exportEvent } from '../../../../functions/core/reports/export-events.ts';
import type { SignedRecord } from '../../../../functions/core/reports/manifest.ts';
import { recordEvents } from '../../../../functions/core/reports/record-events.ts';
import { aReportJob } from '../../../support/report-job.ts';

const AT = new Date('2026-03-02T01:05:00Z');
const FROM = '2026-03-01T01:00:00.000Z';
const TO = '2026-03-02T01:00:00.000Z';
const job = aReportJob();

const told = (record: object) =>
  recordEvents({ stage: 'test', at: AT }, job, record as SignedRecord, 'acme/nightly/x/manifest.json');

const window = { from: FROM, to: TO, cron: '0 2 * * *', zone: 'UTC' };
const base = { window, attempt: 2, sequence: 7 };
const data = { job: 'nightly', source: 'rows', from: FROM, to: TO, attempt: 2 };
const place = { manifestKey: 'acme/nightly/x/manifest.json', sequence: 7 };
const whole = {
  ...base,
  kind: 'export',
  rows: 3,
  parts: [{ bytes: 10 }, { bytes: 5 }],
  sourceTotal: 3,
  completeness: 'reconciled',
  schemaChanges: [],
};
const figures = { rows: 3, parts: 2, bytes: 15, sourceTotal: 3, completeness: 'reconciled' };

describe('exportEvent()', () => {
  it('is about one window of one job, with an id of its type, window and attempt', () => {
    const input = { stage: 'test', job, window, attempt: 2, at: AT, summary: 'Sum', data: { code: 'X' } } as const;
    expect(exportEvent({ ...input, type: 'failed' })).toEqual({
      topic: 'events',
      order: AT.getTime(),
      event: {
        id: eventId('export', 'test', 'nightly', FROM, TO, 2, 'failed'),
        type: 'steward.export.failed',
        source: '/steward/test/acme',
        subject: 'export/nightly',
        time: AT,
        connection: 'acme',
        provider: 'fake',
        state: 'failed',
        resource: 'nightly',
        summary: 'Sum',
        data: { ...data, code: 'X' },
      },
    });
  });

  it('has 96 KiB at most', () => {
    const event = (count: number) => {
      const input = { stage: 'test', job, type: 'failed', window, attempt: 1, at: AT, summary: '' } as const;
      return exportEvent({ ...input, data: { message: 'x'.repeat(count) } }).event;
    };
    const room = 96 * 1024 - JSON.stringify(event(0)).length;
    expect(event(room).data['message']).toHaveLength(room);
    expect(event(room + 1).data).toMatchObject({ cut: true });
  });
});

describe('recordEvents()', () => {
  it('tells of an export what it has', () => {
    const [row, ...others] = told(whole);
    expect(others).toEqual([]);
    expect(row?.event).toMatchObject({
      type: 'steward.export.completed',
      summary: `nightly: 3 rows for ${FROM} to ${TO}`,
    });
    expect(row?.event.data).toStrictEqual({ ...data, ...place, ...figures });
  });

  it('tells which gap an export fills', () => {
    const [row] = told({ ...whole, fills: { sequence: 4, key: 'k', sha256: 's' } });
    expect(row?.event.data).toStrictEqual({ ...data, ...place, ...figures, fills: 4 });
  });

  it('tells of columns that changed in an event of its own', () => {
    const changes = [
      { kind: 'new', column: 'a' },
      { kind: 'missing', column: 'b' },
    ];
    const [, row] = told({ ...whole, schemaChanges: changes });
    expect(row?.event).toMatchObject({
      type: 'steward.export.schema-changed',
      summary: 'nightly: new column a, missing column b',
    });
    expect(row?.event.data).toStrictEqual({ ...data, ...place, rows: 3, changes });
  });

  it('tells of a gap why there is one, and the figures of what never reconciled', () => {
    const gap = { ...base, kind: 'gap', reason: 'missed' };
    const failure = { attempts: 5, code: 'EXPORT_INCOMPLETE', message: 'm' };
    const report = { key: 'incomplete/report.json', sha256: 's' };
    const plain = { ...data, ...place, reason: 'missed' };
    for (const record of [gap, { ...gap, failure }]) {
      const [row, ...others] = told(record);
      expect(others).toEqual([]);
      expect(row?.event).toMatchObject({
        type: 'steward.export.gap',
        summary: `nightly: no export for ${FROM} to ${TO} (missed)`,
      });
      expect(row?.event.data).toStrictEqual(plain);
    }
    const [row] = told({ ...gap, failure: { ...failure, figures: { rows: 9, sourceTotal: 10, report } } });
    const known = { attempts: 5, rows: 9, sourceTotal: 10, reportKey: report.key };
    expect(row?.event.data).toStrictEqual({ ...plain, ...known });
  });
});
