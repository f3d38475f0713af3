import type { ConnectionHealth, ConnectionStatus } from '../../functions/core/connections/connection.ts';

/** One look at everything: what `status`, the console and `npm start -- --once` show. */
export interface Overview {
  readonly stage: string;
  /** The folder of the local service, where commands have to name it. */
  readonly directory?: string;
  readonly at: Date;
  readonly connections: readonly ConnectionView[];
  readonly exports: readonly ExportView[];
  readonly jobs: readonly JobView[];
  readonly events: readonly EventView[];
  readonly budgets: readonly BudgetView[];
  /** Events that are not published yet. */
  readonly outbox: { readonly pending: number; readonly oldestAt?: Date };
}

export interface ConnectionView {
  readonly name: string;
  readonly provider: string;
  /** What the provider is called. */
  readonly title: string;
  /** Whether a person's consent stands behind it. */
  readonly needsConsent: boolean;
  /** Name of the secret with its client credentials, `name` or `name#key`. */
  readonly secret: string;
  readonly status: ConnectionStatus;
  /** What a pause hides. */
  readonly healthWhilePaused?: ConnectionHealth;
  readonly generation: number;
  readonly accessIssuedAt?: Date;
  readonly accessExpiresAt?: Date;
  /** Assumed from the provider's documentation: no response says it. */
  readonly refreshExpiresAt?: Date;
  readonly lastRefreshAt?: Date;
  readonly nextRefreshAt?: Date;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: Date };
  readonly authorizedBy?: string;
  readonly authorizedAt?: Date;
  readonly scopes?: readonly string[];
  /** Asked for by its configuration, and not consented to. */
  readonly missingScopes?: readonly string[];
  readonly providerAccount?: string;
}

/**
 * Whether the record of a window is what was sealed: its SHA-256 is the window's and its signature the signing key's.
 *
 * The parts that it names are `steward verify`'s to read.
 */
export type RecordState = 'verified' | 'altered' | 'missing';

export interface ExportView {
  readonly job: string;
  readonly connection: string;
  readonly provider: string;
  readonly source: string;
  readonly from: Date;
  readonly to: Date;
  readonly state: 'pending' | 'running' | 'exported' | 'gap' | 'failed' | 'incomplete';
  readonly rows?: number;
  readonly bytes?: number;
  readonly sourceTotal?: number | null;
  readonly completeness?: string;
  /** Key of the manifest in the archive. */
  readonly manifest?: string;
  /** Absent while there is no record. */
  readonly record?: RecordState;
  /** Key of the page for people. */
  readonly summary?: string;
  readonly reason?: string;
}

export interface JobView {
  readonly name: string;
  readonly kind: 'report' | 'alert';
  readonly connection: string;
  readonly provider: string;
  readonly source: string;
  readonly paused: boolean;
  /** `0 2 * * * Europe/Berlin`, or `every 1 min`. */
  readonly schedule: string;
  readonly nextAt?: Date;
  readonly lastAt?: Date;
  readonly lastError?: string;
  /** Runs that failed in a row, up to now. */
  readonly failures: number;
  /** From a change at the provider to SNS, over the last week; of a report job, from a window's end to its manifest. */
  readonly latencyP50Ms?: number;
  readonly latencyP99Ms?: number;
}

export interface EventView {
  readonly id: string;
  readonly time: Date;
  readonly type: string;
  readonly summary: string;
  readonly severity?: string;
  readonly state?: string;
  readonly resource?: string;
  readonly connection?: string;
  readonly publishedAt?: Date;
}

export interface BudgetView {
  readonly provider: string;
  readonly account: string;
  readonly category: string;
  readonly perMinute: number;
  /** 0 to 1: how much of the last minute's allowance is drawn. */
  readonly used: number;
  readonly blockedUntil?: Date;
}
