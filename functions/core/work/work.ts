import type { JsonObject } from '../json.ts';

/** Something that somebody asked for and the alert poller does: a hint to follow, a file note to write. */
export interface WorkRow {
  readonly connection: string;
  readonly kind: 'hook' | 'note';
  /** Unique within connection and kind: asking twice for the same is asking once. */
  readonly id: string;
  readonly payload: JsonObject;
  readonly createdAt: Date;
  /** Changes whenever it is asked for again, so that what came in meanwhile is not taken for done. */
  readonly revision: string;
  /** How often it was tried and failed. */
  readonly attempts: number;
  readonly notBefore?: Date;
}

/** Rows of work, by shard. */
export interface WorkStore {
  /** Adds a row; one that is there already is replaced, so that it is done once more from now. */
  add(shard: string, row: WorkRow): Promise<void>;
  /** Rows of a shard whose time has come, by connection, consistently. */
  list(shard: string, now: Date, limit: number): Promise<readonly WorkRow[]>;
  /** Takes a row away, unless it was asked for again meanwhile. */
  done(shard: string, row: WorkRow): Promise<void>;
  /** Counts a failed attempt and puts the row off, unless it was asked for again meanwhile. */
  postpone(shard: string, row: WorkRow, notBefore: Date, reason: string): Promise<void>;
}
