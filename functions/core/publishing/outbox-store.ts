import type { OutboxRow } from '../events.ts';

/** A row as it stands in the outbox. */
export interface StoredRow extends OutboxRow {
  /** Sort key: what the outbox is ordered and paged by. */
  readonly key: string;
  readonly createdAt: Date;
}

/** An event that was published, or that a digest spoke for. */
export interface PublishedRow extends OutboxRow {
  readonly publishedAt: Date;
  readonly digested: boolean;
}

/** A row that the topic will never take. */
export interface PoisonRow extends OutboxRow {
  readonly reason: string;
  readonly at: Date;
}

export interface OutboxPage {
  readonly rows: readonly StoredRow[];
  /** Go on after this key. */
  readonly next?: string;
}

/** One shard's outbox, its log of published events, and what was set aside. */
export interface OutboxStore {
  /** Takes the shard, unless somebody holds it: then `false`, and the holder goes round once more before it ends. */
  acquire(shard: string, owner: string, now: Date, until: Date): Promise<boolean>;
  /** Whether somebody asked for the shard while `owner` held it; asking is forgotten by it. */
  askedAgain(shard: string, owner: string): Promise<boolean>;
  /** Gives the shard back. `again`: somebody asked meanwhile (forgotten now), and it is still ours. */
  release(shard: string, owner: string): Promise<'released' | 'again'>;
  /** A page in the order of subject and version, read consistently. */
  read(shard: string, limit: number, after: string | undefined): Promise<OutboxPage>;
  /** Moves rows to the log of published events. */
  markPublished(shard: string, rows: readonly StoredRow[], now: Date): Promise<void>;
  /** Moves a row out of the way, with the reason. */
  setAside(shard: string, row: StoredRow, reason: string, now: Date): Promise<void>;
  /** The log of one shard and span (`from` inclusive, `to` exclusive), in order of publication. */
  published(shard: string, from: Date, to: Date): AsyncIterable<PublishedRow>;
  poison(shard: string): Promise<readonly PoisonRow[]>;
  /** Puts rows that were set aside into the outbox again; what it refuses once more is set aside anew. */
  takeBack(shard: string, rows: readonly PoisonRow[], now: Date): Promise<void>;
  /** Puts events into the outbox again, with the same ids. */
  requeue(shard: string, rows: readonly OutboxRow[], now: Date): Promise<void>;
}
