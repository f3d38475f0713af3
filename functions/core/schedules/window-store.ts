import type { OutboxRow } from '../events.ts';
import type { Window } from '../reports/source.ts';

/** What became of a window so far. `running` holds the job: one window of a job runs at a time. */
export type WindowState = 'running' | 'failed' | 'incomplete' | 'exported' | 'gap';

export interface WindowError {
  readonly code: string;
  readonly message: string;
  /** Whether the next attempt may go well with nobody stepping in. */
  readonly retryable: boolean;
  /** How many attempts in a row ended with this code. */
  readonly inARow?: number;
  /** A record that nobody was told of may stand in the archive: nothing else may take its place in the chain. */
  readonly mayStand?: true;
  /** What did not reconcile, and where it is kept for inspection. */
  readonly figures?: IncompleteFigures;
}

export interface IncompleteFigures {
  readonly rows: number;
  /** The source's own count; `null` where it has none. */
  readonly sourceTotal: number | null;
  /** Key and SHA-256 of the report beside the data that was read. */
  readonly report: { readonly key: string; readonly sha256: string };
}

/** `gap`: the window was given up and only its gap record is to be written. `fill`: an export for a window with one. */
export type WindowAction = 'export' | 'gap' | 'fill';

/** One window of one job. */
export interface WindowRecord extends Window {
  readonly job: string;
  readonly state: WindowState;
  readonly action: WindowAction;
  /** Counts up from 1, only after a terminal failure. */
  readonly attempt: number;
  /** Name of the durable execution of this attempt. */
  readonly execution: string;
  readonly startedAt: Date;
  /** Last sign of life: the start, each part, the end. */
  readonly updatedAt: Date;
  readonly reason?: string;
  readonly error?: WindowError;
  /** While a gap is being filled: its gap record. */
  readonly sealed?: SealedWindow;
}

/**
 * What is kept of an attempt that ended: how often in a row it did so, and of one at a gap record what the export before
 * it said, because that is what the gap record will tell.
 */
export function keptError({ action, error: before }: Pick<WindowRecord, 'action' | 'error'>, error: WindowError) {
  const kept = action === 'gap' && before !== undefined ? { ...before, mayStand: true as const } : error;
  return { ...kept, inARow: before?.code === kept.code ? (before.inARow ?? 1) + 1 : 1 };
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
  /** Beginnings of windows whose gaps somebody asked to be filled, in order. */
  readonly asked?: readonly Date[];
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
  /** Windows that end as a gap and begin in a span, in order. */
  gaps(job: string, span: Window): Promise<readonly WindowRecord[]>;
  /**
   * Asks for a gap to be filled: the window is among the chain's `asked` until an attempt at it ended.
   *
   * @throws ConflictError the window is no gap
   */
  ask(job: string, from: Date): Promise<void>;
  /**
   * Makes an attempt the running one: the first at a window nobody began, the next after a failed one, or one that fills
   * a gap, and only while no window of the job is running.
   *
   * @throws ConflictError somebody else was first; nothing is written then.
   */
  begin(attempt: NewAttempt, now: Date): Promise<WindowRecord>;
  /** A sign of life. @throws ConflictError when the attempt no longer runs: stop. */
  beat(attempt: AttemptKey, now: Date): Promise<void>;
  /**
   * Ends an attempt without a manifest; the events go into the outbox in the same transaction. A gap that could not be
   * filled stays one. An attempt that no longer runs is left alone: `false`.
   */
  fail(
    attempt: AttemptKey,
    state: 'failed' | 'incomplete' | 'gap',
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
