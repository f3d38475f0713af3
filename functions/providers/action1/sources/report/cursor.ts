import type { Organization, OrganizationsCursor } from '../../organizations.ts';
import type { Position } from '../../paging.ts';
import type { Tally } from '../../walk.ts';

/** A report as it was found. */
export type FoundReport = { readonly id: string; readonly name: string; readonly simple: boolean };

/** How many endpoints of one organisation have answered the requery. */
export type Coverage = { readonly live: number; readonly sent: number };

/** What is known of the run so far; grows from step to step. */
export type Run = {
  readonly organizations: readonly Organization[];
  readonly report: FoundReport;
  /** Epoch milliseconds of the first requery; absent when none was asked for. */
  readonly requestedAt?: number;
  readonly waitedMs: number;
  /** By index of the organisation; `null` where the report says nothing. */
  readonly coverage: readonly (Coverage | null)[];
  /** Rows by the list's own word, by index of the organisation. */
  readonly totals: readonly (number | null)[];
  /** Endpoints whose rows are from before the requery. Names up to a bound; `more` when there are others. */
  readonly silent: { readonly names: readonly string[]; readonly more: boolean };
  /** Endpoints that answered with a script error. */
  readonly failed: { readonly count: number; readonly names: readonly string[] };
};

/** Where a run of a report is. Each step is one request. */
export type ReportCursor =
  | ({ readonly step: 'organizations' } & OrganizationsCursor)
  | {
      readonly step: 'definition';
      readonly organizations: readonly Organization[];
      readonly look: 'tree' | 'search' | 'direct';
      readonly near: readonly string[];
    }
  | { readonly step: 'requery'; readonly run: Run; readonly index: number }
  | {
      readonly step: 'wait';
      readonly run: Run;
      /** Organisations still to be asked in this round, and those to be asked in the next. */
      readonly round: readonly number[];
      readonly late: readonly number[];
    }
  | {
      readonly step: 'rows';
      readonly run: Run;
      readonly index: number;
      readonly position: Position;
      readonly tally: Tally;
      /** Drilldown only: summary rows whose rows are still to be read, and the place in the first one's. */
      readonly drill?: { readonly rows: readonly string[]; readonly position: Position; readonly more: boolean };
    }
  | { readonly step: 'errors'; readonly run: Run; readonly index: number; readonly tally: Tally }
  | {
      readonly step: 'csv';
      readonly run: Run;
      readonly index: number;
      readonly from: number;
      readonly tally: Tally;
      readonly files: number;
      readonly records: number;
    };

export type Step<Name extends ReportCursor['step']> = Extract<ReportCursor, { step: Name }>;
