import type { Connection } from '../../functions/core/connections/connection.ts';
import type { ConnectionStore } from '../../functions/core/connections/store.ts';
import type { MemoryConnections } from '../support/memory-connections.ts';

/** Attributes of a connection's item that came with a later release: the one before neither writes nor reads them. */
const LATER = ['committedAttempt', 'rejections', 'demand'] as const;

export function withoutLater(item: Connection): Connection {
  const copy: Record<string, unknown> = { ...item };
  for (const name of LATER) delete copy[name];
  return copy as unknown as Connection;
}

/** The item after a write of the release before: what it does not know stays as it was. */
function keptLater(before: Connection | undefined, after: Connection): Connection {
  const kept = LATER.flatMap((name) => (before?.[name] === undefined ? [] : [[name, before[name]] as const]));
  return { ...withoutLater(after), ...Object.fromEntries(kept) };
}

/** The connection table through the eyes of the release before, while the next one is at the same items (P13). */
export function storeOfTheReleaseBefore(connections: MemoryConnections): ConnectionStore {
  const { items } = connections;
  const writes = async <T>(name: string, write: () => Promise<T>): Promise<T> => {
    const before = items.get(name);
    const value = await write();
    const after = items.get(name);
    if (after !== undefined && after !== before) items.set(name, keptLater(before, after));
    return value;
  };
  return {
    ...connections,
    find: async (name) => {
      const found = await connections.find(name);
      return found === undefined ? undefined : withoutLater(found);
    },
    lease: (request) =>
      writes(request.name, async () => {
        const leased = await connections.lease(request);
        return leased === undefined ? undefined : withoutLater(leased);
      }),
    commit: (commit, events, now) => writes(commit.name, () => connections.commit(commit, events, now)),
    change: (name, condition, change, events, now) =>
      writes(name, () => connections.change(name, condition, change, events, now)),
  };
}
