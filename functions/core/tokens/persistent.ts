import type { ConnectionStore } from '../connections/store.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { TokenDependencies } from './dependencies.ts';

/** Waits between tries: what stands in the way is a poller's write of the same instant, more often than not. */
const WAITS_MS = [100, 300, 900];

/**
 * A store that does not give up at once on what a lease came to. A refused token whose refusal is not written down would
 * be presented again when the lease is over, as if nobody knew (I3).
 */
export function persistent(store: ConnectionStore, wait: TokenDependencies['wait']): ConnectionStore {
  return {
    ...store,
    change(name, condition, change, events, now) {
      const write = () => store.change(name, condition, change, events, now);
      return condition.attempt === undefined ? write() : persistently(write, wait);
    },
  };
}

/** @throws StoreUnavailableError when there is still no answer after the last wait. */
export async function persistently<T>(ask: () => Promise<T>, wait: TokenDependencies['wait']): Promise<T> {
  for (const pause of WAITS_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await wait(pause);
    }
  }
  return ask();
}
