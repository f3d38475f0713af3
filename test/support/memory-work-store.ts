import type { Hook, HookStore, WantedHook } from '../../functions/core/work/hook.ts';
import type { WorkRow, WorkStore } from '../../functions/core/work/work.ts';
import type { MemoryState } from './memory-outbox-store.ts';

/** `WorkStore` in memory; `rows` is open to look at. */
export function createMemoryWorkStore(): WorkStore & { readonly rows: Map<string, WorkRow> } {
  const rows = new Map<string, WorkRow>();
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

function keyOf(shard: string, row: WorkRow): string {
  return `${shard}|${row.connection}#${row.kind}#${row.id}`;
}

/** `HookStore` in memory; `append` is where its events go. */
export function createMemoryHookStore(append?: MemoryState['append']): HookStore {
  const hooks = new Map<string, Hook>();
  const wanted = new Map<string, WantedHook>();
  return {
    find: async (connection, secretHash) => hooks.get(`${connection}|${secretHash}`),
    async put(hook) {
      hooks.set(`${hook.connection}|${hook.secretHash}`, hook);
    },
    async remove(connection, secretHash) {
      hooks.delete(`${connection}|${secretHash}`);
    },
    list: async (connection) => [...hooks.values()].filter((hook) => hook.connection === connection),
    async want(hook) {
      const key = `${hook.connection}|${hook.name}`;
      wanted.set(key, { ...wanted.get(key), ...hook, changed: true });
    },
    async unwant(connection, name) {
      const hash = wanted.get(`${connection}|${name}`)?.secretHash;
      if (hash !== undefined) hooks.delete(`${connection}|${hash}`);
      wanted.delete(`${connection}|${name}`);
    },
    wanted: async (connection) => [...wanted.values()].filter((hook) => hook.connection === connection),
    async foundOff(hook, off, rows) {
      const key = `${hook.connection}|${hook.name}`;
      const stored = wanted.get(key);
      if (stored === undefined || stored.off !== undefined) return;
      wanted.set(key, { ...stored, off });
      for (const row of rows) append?.(hook.shard, row, off.at);
    },
    async kept(hook, secretHash, rows, now) {
      const key = `${hook.connection}|${hook.name}`;
      const stored = wanted.get(key);
      if (stored === undefined || (rows.length > 0 && stored.off === undefined)) return;
      const { off: _off, changed: _changed, ...rest } = stored;
      wanted.set(key, { ...rest, secretHash, keptAt: now, keptEvents: hook.events });
      for (const row of rows) append?.(hook.shard, row, now);
    },
  };
}
