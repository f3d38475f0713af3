import type { JsonObject, JsonValue } from '../json.ts';
import type { CallApi, ProviderContext } from '../provider.ts';

/** The time span that one run of a report job answers for: `from` inclusive, `to` exclusive. */
export interface Window {
  readonly from: Date;
  readonly to: Date;
}

/** One row as the source has it, in our names where we have some. Nested values stay nested. */
export type SourceRow = { readonly [column: string]: JsonValue };

/** How it was judged that everything was read. */
export type Completeness = 'reconciled' | 'short-page' | 'second-pass' | 'unproven';

/** What a source is, given a job's options. */
export interface SourceDescription {
  /** Incremental: rows of the window, by their own stamp. Snapshot: what was seen at the time. */
  readonly kind: 'incremental' | 'snapshot';
  /** Why it can only be a snapshot, for people who ask to back-fill one. */
  readonly snapshotReason?: string;
  /** How long after the window's end an incremental source is read, because its index lags. */
  readonly settleMs: number;
  /** Columns known beforehand, in order. Others are found out from the rows. */
  readonly columns?: readonly string[];
  /** The column that identifies a row, for what appeared and disappeared, and for duplicates between pages. */
  readonly keyColumns?: readonly string[];
  /** The column that `summary.html` counts by. */
  readonly groupColumn?: string;
}

export interface SourceContext extends ProviderContext {
  readonly options: JsonObject;
  readonly window: Window;
  /** When the export began; the same in a resumed run. */
  readonly observedAt: Date;
  /** Now, for deadlines of a requery. */
  readonly now: Date;
}

/** One page, or one step on the way to it. */
export interface SourcePage {
  readonly rows: readonly SourceRow[];
  /** A stretch of a file that the vendor made, kept byte for byte under `name`. */
  readonly file?: { readonly name: string; readonly contentType: string; readonly bytes: Uint8Array };
  /** Where to go on; absent when everything was read. Plain JSON, so that a crashed export resumes here. */
  readonly next?: JsonValue;
  /** Not before this many milliseconds from now (a requery that endpoints have yet to answer). */
  readonly waitMs?: number;
  /** The source's own count of the whole export, where it gave one; the last page's word counts. */
  readonly sourceTotal?: number;
  /** Judged on the last page. */
  readonly completeness?: Completeness;
  /** For the manifest: coverage of a requery, organisations read, endpoints that did not answer. */
  readonly facts?: JsonObject;
}

/** Reads one kind of report of one provider, a page at a time. No state of its own: everything is in the cursor. */
export interface ReportSource {
  readonly title: string;
  /** Checks a job's options. @throws ConfigInvalidError naming the field. */
  parseOptions(input: unknown): JsonObject;
  describe(options: JsonObject): SourceDescription;
  readPage(call: CallApi, context: SourceContext, cursor: JsonValue | undefined): Promise<SourcePage>;
}
