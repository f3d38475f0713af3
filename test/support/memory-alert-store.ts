import type { AlertHead } from '../../functions/core/alerts/head.ts';
import { type AlertCheckpoint, type AlertStore, COMMIT_LIMIT } from '../../functions/core/alerts/store.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import type { MemoryState } from './memory-outbox-store.ts';

/** `AlertStore` in memory, over the same state as the outbox: one write is all or nothing because nothing interrupts it. */
export function createMemoryAlertStore(state: MemoryState): AlertStore {
  return {
    async heads(job, ids) {
      const found = ids.flatMap((id) => state.heads.get(key(job, id)) ?? []);
      return new Map(found.map((head) => [head.id, head]));
    },
    async open(job) {
      const found: AlertHead[] = [];
      for (const [at, head] of state.heads) {
        if (head.state !== 'resolved' && at.startsWith(`${job}|`)) found.push(head);
      }
      return found;
    },
    async commit({ job, shard }, changes, now) {
      if (changes.length > COMMIT_LIMIT) throw new RangeError('too many changes');
      for (const { head, previousVersion } of changes) {
        if (!holds(state.heads.get(key(job, head.id)), head, previousVersion)) throw new ConflictError('head');
      }
      for (const { head, row, digested } of changes) {
        state.heads.set(key(job, head.id), head);
        state.headWrites += 1;
        if (row === undefined) continue;
        if (digested) state.log(shard, row, now, true);
        else state.append(shard, row, now);
      }
    },
    checkpoint: async (job) => state.checkpoints.get(job),
    async saveCheckpoint({ job, shard }, checkpoint: AlertCheckpoint, expected, rows, now) {
      if ((state.checkpoints.get(job)?.revision ?? 0) !== expected) throw new ConflictError('checkpoint');
      state.checkpoints.set(job, checkpoint);
      for (const row of rows) state.append(shard, row, now);
    },
    async announce(shard, rows, now) {
      for (const row of rows) state.append(shard, row, now);
    },
  };
}

function key(job: string, id: string): string {
  return `${job}|${id}`;
}

function holds(stored: AlertHead | undefined, head: AlertHead, previousVersion: number): boolean {
  if (previousVersion === 0 || stored === undefined) return previousVersion === 0 && stored === undefined;
  return stored.version === previousVersion && stored.fingerprint !== head.fingerprint && stored.pass < head.pass;
}
