import { eventId, type ExportEventKind, type OutboxRow, type ServiceEvent } from '../events.ts';
import type { ReportJob } from '../jobs.ts';
import type { JsonObject } from '../json.ts';
import { fitEvent } from '../publishing/fit-event.ts';

export interface ExportEventInput {
  readonly stage: string;
  readonly job: ReportJob;
  readonly type: ExportEventKind;
  readonly window: { readonly from: string; readonly to: string };
  readonly attempt: number;
  readonly at: Date;
  readonly summary: string;
  readonly data: JsonObject;
}

/** Room for one event: a provider chooses what columns and errors are called, and a transaction has 4 MB. */
const EVENT_LIMIT_BYTES = 96 * 1024;

/** An outbox row about one window. One id per type, window and attempt, however often the transaction is tried. */
export function exportEvent({ stage, job, type, window, attempt, at, summary, data }: ExportEventInput): OutboxRow {
  const event: ServiceEvent = {
    id: eventId('export', stage, job.name, window.from, window.to, attempt, type),
    type: `steward.export.${type}`,
    source: `/steward/${stage}/${job.connection}`,
    subject: `export/${job.name}`,
    time: at,
    connection: job.connection,
    provider: job.provider,
    state: type,
    resource: job.name,
    summary,
    data: { job: job.name, source: job.source, from: window.from, to: window.to, attempt, ...data },
  };
  return { topic: job.topic, order: at.getTime(), event: fitEvent(event, EVENT_LIMIT_BYTES) };
}
