import { eventId, type OutboxRow } from '../events.ts';
import type { ReportJob } from '../jobs.ts';
import type { JsonObject } from '../json.ts';

export type ExportEventType = 'completed' | 'failed' | 'incomplete' | 'schema-changed' | 'gap';

export interface ExportEventInput {
  readonly stage: string;
  readonly job: ReportJob;
  readonly type: ExportEventType;
  readonly window: { readonly from: string; readonly to: string };
  readonly attempt: number;
  readonly at: Date;
  readonly summary: string;
  readonly data: JsonObject;
}

/** An outbox row about one window. One id per type, window and attempt, however often the transaction is tried. */
export function exportEvent({ stage, job, type, window, attempt, at, summary, data }: ExportEventInput): OutboxRow {
  return {
    topic: job.topic,
    order: at.getTime(),
    event: {
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
    },
  };
}
