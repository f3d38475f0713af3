import type { OutboxRow } from '../events.ts';
import type { ReportJob } from '../jobs.ts';
import { exportEvent } from './export-events.ts';
import type { SignedRecord } from './manifest.ts';

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
    const summary = `${job.name}: no export for ${span} (${record.reason})`;
    return [
      exportEvent({ ...base, type: 'gap', summary, data: { manifestKey: key, sequence, reason: record.reason } }),
    ];
  }
  const { rows, parts, sourceTotal, completeness, schemaChanges } = record;
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const events: OutboxRow[] = [
    exportEvent({
      ...base,
      type: 'completed',
      summary: `${job.name}: ${rows} rows for ${span}`,
      data: { manifestKey: key, sequence, rows, parts: parts.length, bytes, sourceTotal, completeness },
    }),
  ];
  if (schemaChanges.length > 0) {
    const changes = schemaChanges.map(({ kind, column }) => ({ kind, column }));
    const summary = `${job.name}: ${changes.map(({ kind, column }) => `${kind} column ${column}`).join(', ')}`;
    events.push(exportEvent({ ...base, type: 'schema-changed', summary, data: { manifestKey: key, changes } }));
  }
  return events;
}
