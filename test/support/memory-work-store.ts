import type { Hook, HookStore } from '../../functions/core/work/hook.ts';
import type { WorkRow, WorkStore } from '../../functions/core/work/work.ts';

/** `WorkStore` in memory; `rows` is open to look at. */
export function createMemoryWorkStore(): WorkStore & { readonly rows: Map<string, WorkRow> } {
  const rows = new Map<string, WorkRow>();
  const keyOf = (shard: string, row: WorkRow) => `${shard}|${row.connection}#${row.kind}#${row.id}`;
  return {
    rows,
    async add(shard, row) {
      rows.set(keyOf(shard, row), row);
    },
    async list(shard, now, limit) {
      return [...rows]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .filter(([key, row]) => key.startsWith(`${shard}|`) && !(row.notBefore && row.notBefore > now))
        .slice(0, limit)
        .map(([, row]) => row);
    },
    async done(shard, row) {
      if (rows.get(keyOf(shard, row))?.revision === row.revision) rows.delete(keyOf(shard, row));
    },
    async postpone(shard, row, notBefore) {
      if (rows.get(keyOf(shard, row))?.revision !== row.revision) return;
      rows.set(keyOf(shard, row), { ...row, attempts: row.attempts + 1, notBefore });
    },
  };
}

/** `HookStore` in memory. */
export function createMemoryHookStore(): HookStore {
  const hooks = new Map<string, Hook>();
  return {
    find: async (connection, secretHash) => hooks.get(`${connection}|${secretHash}`),
    async put(hook) {
      hooks.set(`${hook.connection}|${hook.secretHash}`, hook);
    },
    async remove(connection, secretHash) {
      hooks.delete(`${connection}|${secretHash}`);
    },
    list: async (connection) => [...hooks.values()].filter((hook) => hook.connection === connection),
  };
}
