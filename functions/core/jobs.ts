import type { JsonObject } from './json.ts';

/** Formats of an export. `vendor` keeps the file that the provider itself makes, byte for byte. */
export type ExportFormat = 'csv' | 'jsonl' | 'parquet';

export interface Retention {
  readonly days: number;
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
}

interface JobBase {
  readonly name: string;
  readonly connection: string;
  readonly provider: string;
  /** Key of `Provider.sources` or `Provider.alertSources`. */
  readonly source: string;
  /** Checked by the source's `parseOptions`. */
  readonly options: JsonObject;
  readonly shard: string;
  readonly paused: boolean;
  /** Name of a topic in `stages.ts`. */
  readonly topic: string;
}

/** A scheduled export. */
export interface ReportJob extends JobBase {
  readonly kind: 'report';
  /** Five or six fields; each time is the end of one window and the beginning of the next. */
  readonly cron: string;
  /** IANA time zone of the schedule. */
  readonly zone: string;
  /** Where the first window begins; the schedule's last time before `apply` when absent. */
  readonly startAt?: Date;
  readonly formats: readonly ExportFormat[];
  readonly gzip: boolean;
  /** CSV cells that a spreadsheet would run are defused unless this is off. */
  readonly defuseFormulas: boolean;
  readonly retention: Retention;
}

/** When alerts are expected and not to be published one by one. */
export interface MaintenanceWindow {
  readonly from: Date;
  readonly to: Date;
  readonly reason: string;
}

/** A poll for alerts. */
export interface AlertJob extends JobBase {
  readonly kind: 'alert';
  readonly everySeconds: number;
  /** New versions per minute above which a digest takes the place of the flood. */
  readonly stormThreshold: number;
  readonly maintenance: readonly MaintenanceWindow[];
  /** Whether alerts that are open when the job first looks are published. Default true. */
  readonly announceExisting?: boolean;
}

export type Job = ReportJob | AlertJob;
