import type { ConnectionStore } from './store.ts';

/** Wakes the publisher of a shard; what it misses the next tick takes. */
export type Announce = (shard: string) => Promise<void>;

/**
 * A connection store that remembers whether events were written, so that the publisher is woken once at the end and
 * not for each of a thousand connections.
 */
export function createAnnouncingStore(
  store: ConnectionStore,
  nudge: Announce,
): { readonly store: ConnectionStore; readonly announce: Announce } {
  let isPending = false;
  return {
    store: {
      ...store,
      async commit(commit, events, now) {
        const outcome = await store.commit(commit, events, now);
        if (events.length > 0) isPending = true;
        return outcome;
      },
      async change(name, condition, change, events, now) {
        const changed = await store.change(name, condition, change, events, now);
        if (changed && events.length > 0) isPending = true;
        return changed;
      },
    },
    async announce(shard) {
      if (!isPending) return;
      isPending = false;
      await nudge(shard);
    },
  };
}
