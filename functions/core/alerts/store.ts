import type { OutboxRow } from '../events.ts';
import type { JsonValue } from '../json.ts';
import type { AlertChange, AlertHead } from './head.ts';

/** How many changes one commit takes: a head and a row each, within the hundred members of a transaction. */
export const COMMIT_LIMIT = 40;

/** A pass that ran out of budget or time, to be gone on with: the same span, the next page. */
export interface PassResume {
  readonly startedAt: Date;
  readonly from: Date;
  readonly to: Date;
  readonly pages: PagesResume;
}

/** Where the reading of pages goes on. */
export interface PagesResume {
  readonly cursor: JsonValue;
  /** Which way through all pages this is, from 1. */
  readonly round: number;
  /** Short hashes of the ids that this round has seen. */
  readonly seen: readonly string[];
  /** A page was seen to shift in this round. */
  readonly shifted: boolean;
  /** The source's count at the last page. */
  readonly total?: number;
}

/** How far a job has got. One item per job, moved by compare-and-swap on `revision`. */
export interface AlertCheckpoint {
  /** 0 before the first save. */
  readonly revision: number;
  /** When the job first looked. What was over before that is no news. */
  readonly bornAt: Date;
  /** Feed: everything that changed before this is recorded. Never passes now − the source's lag. */
  readonly position: Date;
  /** Begin of the last pass that saw everything. A gap after it is blindness. */
  readonly succeededAt: Date;
  /** Begin of the last listing of everything that is open. */
  readonly listedAt?: Date;
  readonly resume?: PassResume;
  /** An answer so much smaller than what we hold that a second one has to confirm it. */
  readonly suspicion?: { readonly since: Date; readonly held: number; readonly seen: number };
  /** Short hashes of the unreadable items that were announced, so that each is announced once. */
  readonly unreadable?: readonly string[];
  /** Versions published one by one in the running minute. */
  readonly minute?: { readonly at: number; readonly versions: number };
  /** Versions recorded in silence during the running maintenance window. */
  readonly silenced?: number;
}

/** Where the heads of a shard's alerts go with their events. */
export interface AlertDestination {
  readonly job: string;
  readonly shard: string;
}

/** Heads, open set and checkpoint of alert jobs; every write carries its events in the same transaction. */
export interface AlertStore {
  /** The heads that exist among `ids`. Consistent. */
  heads(job: string, ids: readonly string[]): Promise<ReadonlyMap<string, AlertHead>>;
  /** What the job holds open, from an index that may lag by seconds. */
  open(job: string): Promise<readonly AlertHead[]>;
  /**
   * Writes all changes with their events, or none; at most `COMMIT_LIMIT`.
   *
   * Each holds only if its head still has `previousVersion`, another fingerprint, and was written by an earlier pass.
   *
   * @throws ConflictError when one of them does not hold any more.
   */
  commit(destination: AlertDestination, changes: readonly AlertChange[], now: Date): Promise<void>;
  /** `undefined` when there is none, or when what is there cannot be read as one. */
  checkpoint(job: string): Promise<AlertCheckpoint | undefined>;
  /**
   * Replaces the checkpoint and writes `rows` in the same transaction.
   *
   * @param expected the revision that was read, 0 for none
   * @throws ConflictError when somebody else moved it.
   */
  saveCheckpoint(
    destination: AlertDestination,
    checkpoint: AlertCheckpoint,
    expected: number,
    rows: readonly OutboxRow[],
    now: Date,
  ): Promise<void>;
  /** Writes events that stand for themselves. */
  announce(shard: string, rows: readonly OutboxRow[], now: Date): Promise<void>;
}
