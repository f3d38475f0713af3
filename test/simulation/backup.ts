import type { World } from './worlds.ts';

/** The two tables at a time: a point that may be restored to. */
export interface Backup {
  readonly at: number;
  restore(what: readonly ('connections' | 'state')[], names?: readonly string[]): void;
}

/** Items are replaced and never changed, so that copies of the maps are a backup. */
export function backUp(world: World): Backup {
  const { cloud, scheduler } = world;
  const { connections, tables, windows, jobs } = cloud;
  const items = new Map(connections.items);
  const highWaters = new Map(connections.highWaters);
  const state = [
    kept(windows.windows),
    kept(windows.chains),
    kept(tables.heads),
    kept(tables.checkpoints),
    kept(tables.leases, (lease) => ({ ...lease })),
    kept(tables.rows, (rows) => new Map(rows)),
    kept(tables.published, (rows) => [...rows]),
    kept(jobs.jobs as Map<string, object>, (entry) => ({ ...entry })),
  ];
  return {
    at: scheduler.now,
    restore(what, names = [...items.keys()]) {
      if (what.includes('connections')) {
        for (const name of names) {
          const item = items.get(name);
          if (item === undefined) continue;
          const { generation = 0 } = connections.items.get(name) ?? {};
          if ((connections.highWaters.get(name) ?? 0) < generation) world.unmarked.add(name);
          connections.items.set(name, item);
          world.restored.add(item);
        }
      }
      if (what.includes('state')) {
        for (const put of state) put();
        for (const name of connections.highWaters.keys()) {
          const highWater = highWaters.get(name) ?? 0;
          connections.highWaters.set(name, highWater);
        }
      }
      world.restores.push({ at: scheduler.now, of: this.at, what });
    },
  };
}

/** Remembers a map; what it returns puts it back. */
function kept<T>(map: Map<string, T>, copy: (value: T) => T = (value) => value): () => void {
  const before = new Map([...map].map(([key, value]) => [key, copy(value)]));
  return () => {
    map.clear();
    for (const [key, value] of before) map.set(key, copy(value));
  };
}
