import type { EventPublisher } from '../../../functions/core/publishing/publisher.ts';
import type { StoredRow } from '../../../functions/core/publishing/outbox-store.ts';
import type { MemoryState } from '../../support/memory-outbox-store.ts';
import { OUTBOX_RULES } from './outbox-model.ts';

type Messages = Parameters<EventPublisher['publish']>[1];

/** Publishers as the simulation has them, step by step against the outbox model's conditions. */
export class OutboxTrace {
  steps = 0;
  readonly #tables: MemoryState;
  readonly #published = new Set<string>();
  /** Ids that each owner found waiting when it last read the shard. */
  readonly #seen = new Map<string, Set<string>>();

  constructor(tables: MemoryState) {
    this.#tables = tables;
  }

  /** The shard was taken at `now`: who had it before, and until when. */
  taken(
    before: { readonly owner: string; readonly until: Date } | undefined,
    owner: string,
    now: Date,
  ): string | undefined {
    this.steps += 1;
    const isHeld = before !== undefined && before.until > now && before.owner !== owner;
    return OUTBOX_RULES.mayTake(isHeld ? 0 : -1)
      ? undefined
      : `${owner} takes a shard that ${before?.owner ?? ''} holds`;
  }

  /** A publisher read a page, the first of a round or a later one. */
  read(owner: string, rows: readonly StoredRow[], isFirst: boolean): void {
    const seen = (isFirst ? undefined : this.#seen.get(owner)) ?? new Set();
    this.#seen.set(owner, seen);
    for (const { event } of rows) seen.add(event.id);
  }

  /**
   * A publisher that lives sends messages: it holds the shard, and of each subject sends the first that waited when it read.
   * What comes after that with an earlier order was written by a process whose clock is behind, within its allowance.
   */
  published(shard: string, owner: string, messages: Messages): string | undefined {
    if (this.#tables.leases.get(shard)?.owner !== owner) return `${owner} publishes and does not hold the shard`;
    const rows = [...(this.#tables.rows.get(shard)?.values() ?? [])];
    const seen = this.#seen.get(owner) ?? new Set();
    for (const message of messages) {
      const row = rows.find(({ event }) => event.id === idOf(message.body));
      if (row === undefined) return `${owner} publishes what does not wait`;
      this.steps += 1;
      const waiting = rows
        .filter(({ event }) => event.subject === row.event.subject && seen.has(event.id))
        .map(({ order }) => order);
      waiting.sort((a, b) => a - b);
      if (!OUTBOX_RULES.mayPublish(waiting, row.order)) return `${owner} publishes ${row.event.subject} out of turn`;
    }
    return undefined;
  }

  /** SNS has a message, whoever sent it. */
  arrived(messages: Messages): void {
    for (const { body } of messages) this.#published.add(idOf(body));
  }

  marked(owner: string, rows: readonly StoredRow[]): string | undefined {
    for (const { event, order } of rows) {
      this.steps += 1;
      const published = this.#published.has(event.id) ? [order] : [];
      if (!OUTBOX_RULES.mayMark(published, order)) return `${owner} marks ${event.subject}, which was not published`;
    }
    return undefined;
  }
}

function idOf(body: string): string {
  const { default: text } = JSON.parse(body) as { readonly default: string };
  return (JSON.parse(text) as { readonly id: string }).id;
}
