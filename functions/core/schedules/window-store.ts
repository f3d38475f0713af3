import type { OutboxRow } from '../events.ts';
import type { Window } from '../reports/source.ts';

/** What became of a window so far. `running` holds the job: one window of a job runs at a time. */
export type WindowState = 'running' | 'failed' | 'incomplete' | 'exported' | 'gap';

export interface WindowError {
  readonly code: string;
  readonly message: string;
  /** Whether the next attempt may go well with nobody stepping in. */
  readonly retryable: boolean;
}

/** One window of one job. */
export interface WindowRecord extends Window {
  readonly job: string;
  readonly state: WindowState;
  /** `gap` when the window was given up and only its gap record is to be written. */
  readonly action: 'export' | 'gap';
  /** Counts up from 1, only after a terminal failure. */
  readonly attempt: number;
  /** Name of the durable execution of this attempt. */
  readonly execution: string;
  readonly startedAt: Date;
  /** Last sign of life: the start, each part, the end. */
  readonly updatedAt: Date;
  readonly reason?: string;
  readonly error?: WindowError;
  readonly sealed?: SealedWindow;
}

/** A window whose manifest or gap record stands in the archive. */
export interface SealedWindow {
  readonly sequence: number;
  readonly manifestKey: string;
  /** Of the manifest's bytes: the next record's `previous`. */
  readonly manifestSha256: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Head of a job's chain of manifests and gap records. Moved by compare-and-swap. */
export interface Chain extends Window {
  /** Number of the last record; 0 before the first. */
  readonly sequence: number;
  /** Last record; absent before the first. */
  readonly last?: { readonly key: string; readonly sha256: string };
  /** Manifest of the latest window with data: what the next summary compares with. Back-filled windows are earlier. */
  readonly lastExport?: { readonly key: string };
  /** The window that is running. */
  readonly current?: { readonly from: Date; readonly attempt: number };
}

/** One attempt at one window. */
export interface AttemptKey {
  readonly job: string;
  readonly from: Date;
  readonly attempt: number;
}

export type NewAttempt = AttemptKey & Pick<WindowRecord, 'to' | 'action' | 'execution'> & { readonly reason?: string };

/** Windows and chains of report jobs. */
export interface WindowStore {
  chain(job: string): Promise<Chain | undefined>;
  find(job: string, from: Date): Promise<WindowRecord | undefined>;
  /** The newest windows first. */
  list(job: string, limit: number): Promise<readonly WindowRecord[]>;
  /**
   * Makes an attempt the running one: the first at a window nobody began, or the next after a failed one, and only
   * while no window of the job is running.
   *
   * @throws ConflictError somebody else was first; nothing is written then.
   */
  begin(attempt: NewAttempt, now: Date): Promise<WindowRecord>;
  /** A sign of life. @throws ConflictError when the attempt no longer runs: stop. */
  beat(attempt: AttemptKey, now: Date): Promise<void>;
  /**
   * Ends an attempt without a manifest; the events go into the outbox in the same transaction.
   * An attempt that no longer runs is left alone: `false`.
   */
  fail(
    attempt: AttemptKey,
    state: 'failed' | 'incomplete',
    error: WindowError,
    events: Outgoing,
    now: Date,
  ): Promise<boolean>;
  /**
   * Records the manifest or gap record that stands in the archive, moves the chain's head on, and puts the events into
   * the outbox: one transaction. Done already by the same attempt with the same record: fine.
   *
   * @throws ConflictError the attempt no longer runs, or the chain has moved.
   */
  seal(
    attempt: AttemptKey,
    state: 'exported' | 'gap',
    sealed: SealedWindow,
    events: Outgoing,
    now: Date,
  ): Promise<void>;
}

/** Events and the shard whose outbox they go into. */
export interface Outgoing {
  readonly shard: string;
  readonly rows: readonly OutboxRow[];
}
