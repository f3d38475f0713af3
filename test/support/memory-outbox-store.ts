import type { AlertHead } from '../../functions/core/alerts/head.ts';
import type { AlertCheckpoint } from '../../functions/core/alerts/store.ts';
import { checkedEvents } from './event-problems.ts';
import type { OutboxRow } from '../../functions/core/events.ts';
import type { OutboxStore, PoisonRow, PublishedRow, StoredRow } from '../../functions/core/publishing/outbox-store.ts';

interface Lease {
  readonly owner: string;
  readonly until: Date;
  again: boolean;
}

/** What the twins of the alert store and the outbox store share. */
export interface MemoryState {
  readonly heads: Map<string, AlertHead>;
  readonly checkpoints: Map<string, AlertCheckpoint>;
  readonly rows: Map<string, Map<string, StoredRow>>;
  readonly published: Map<string, PublishedRow[]>;
  readonly poison: Map<string, PoisonRow[]>;
  readonly leases: Map<string, Lease>;
  headWrites: number;
  append(shard: string, row: OutboxRow, now: Date): void;
  log(shard: string, row: OutboxRow, now: Date, digested: boolean): void;
}

export function createMemoryState(): MemoryState {
  const rows = new Map<string, Map<string, StoredRow>>();
  const published = new Map<string, PublishedRow[]>();
  return {
    heads: new Map(),
    checkpoints: new Map(),
    rows,
    published,
    poison: new Map(),
    leases: new Map(),
    headWrites: 0,
    append(shard, row, now) {
      checkedEvents([row]);
      const key = `${row.event.subject}#${String(row.order).padStart(16, '0')}#${row.event.id.slice(0, 16)}`;
      const outbox = rows.get(shard) ?? new Map<string, StoredRow>();
      outbox.set(key, { ...row, key, createdAt: now });
      rows.set(shard, outbox);
    },
    log(shard, { event, topic, order }, now, digested) {
      const list = published.get(shard) ?? [];
      list.push({ event, topic, order, publishedAt: now, digested });
      published.set(shard, list);
    },
  };
}

/** `OutboxStore` in memory. */
export function createMemoryOutboxStore(state: MemoryState): OutboxStore {
  return {
    async acquire(shard, owner, now, until) {
      const lease = state.leases.get(shard);
      if (lease !== undefined && lease.until > now) {
        lease.again = true;
        return false;
      }
      state.leases.set(shard, { owner, until, again: false });
      return true;
    },
    async askedAgain(shard, owner) {
      const lease = state.leases.get(shard);
      if (lease?.owner !== owner || !lease.again) return false;
      lease.again = false;
      return true;
    },
    async release(shard, owner) {
      const lease = state.leases.get(shard);
      if (lease?.owner !== owner) return 'released';
      if (lease.again) {
        lease.again = false;
        return 'again';
      }
      state.leases.delete(shard);
      return 'released';
    },
    async read(shard, limit, after) {
      const all = [...(state.rows.get(shard)?.values() ?? [])].toSorted((a, b) => (a.key < b.key ? -1 : 1));
      const rest = after === undefined ? all : all.filter(({ key }) => key > after);
      const rows = rest.slice(0, limit);
      const last = rows.at(-1);
      return rest.length > limit && last !== undefined ? { rows, next: last.key } : { rows };
    },
    async markPublished(shard, rows, now) {
      for (const row of rows) {
        state.log(shard, row, now, false);
        state.rows.get(shard)?.delete(row.key);
      }
    },
    async setAside(shard, { event, topic, order, key }, reason, now) {
      state.poison.set(shard, [...(state.poison.get(shard) ?? []), { event, topic, order, reason, at: now }]);
      state.rows.get(shard)?.delete(key);
    },
    async *published(shard, from, to) {
      for (const row of state.published.get(shard) ?? []) {
        if (row.publishedAt >= from && row.publishedAt < to) yield row;
      }
    },
    poison: async (shard) => state.poison.get(shard) ?? [],
    async takeBack(shard, rows, now) {
      const ids = rows.map(({ event }) => event.id);
      for (const { event, topic, order } of rows) state.append(shard, { event, topic, order }, now);
      state.poison.set(
        shard,
        (state.poison.get(shard) ?? []).filter(({ event }) => !ids.includes(event.id)),
      );
    },
    async requeue(shard, rows, now) {
      for (const row of rows) state.append(shard, row, now);
    },
  };
}
