import type { OutboxRow } from '../events.ts';
import type { ReportJob } from '../jobs.ts';
import { exportEvent } from './export-events.ts';
import type { JsonObject } from '../json.ts';
import type { GapRecord, SignedRecord } from './manifest.ts';

/** What is told of a record that now stands: the export or the gap, and columns that changed. */
export function recordEvents(
  { stage, at }: { readonly stage: string; readonly at: Date },
  job: ReportJob,
  record: SignedRecord,
  key: string,
): readonly OutboxRow[] {
  const { window, attempt, sequence } = record;
  const base = { stage, job, window, attempt, at };
  const span = `${window.from} to ${window.to}`;
  if (record.kind === 'gap') {
    const { reason } = record;
    const summary = `${job.name}: no export for ${span} (${reason})`;
    return [
      exportEvent({
        ...base,
        type: 'gap',
        summary,
        data: { manifestKey: key, sequence, reason, ...figuresOf(record) },
      }),
    ];
  }
  const { rows, parts, sourceTotal, completeness, schemaChanges, fills } = record;
  const filled = fills === undefined ? {} : { fills: fills.sequence };
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const events: OutboxRow[] = [
    exportEvent({
      ...base,
      type: 'completed',
      summary: `${job.name}: ${rows} rows for ${span}`,
      data: { manifestKey: key, sequence, rows, parts: parts.length, bytes, sourceTotal, completeness, ...filled },
    }),
  ];
  if (schemaChanges.length > 0) {
    const changes = schemaChanges.map(({ kind, column }) => ({ kind, column }));
    const summary = `${job.name}: ${changes.map(({ kind, column }) => `${kind} column ${column}`).join(', ')}`;
    events.push(
      exportEvent({ ...base, type: 'schema-changed', summary, data: { manifestKey: key, sequence, rows, changes } }),
    );
  }
  return events;
}

/** What did not reconcile to the end, for who reads the event and not the record. */
function figuresOf({ failure }: GapRecord): JsonObject {
  if (failure?.figures === undefined) return {};
  const { rows, sourceTotal, report } = failure.figures;
  return { attempts: failure.attempts, rows, sourceTotal, reportKey: report.key };
}
