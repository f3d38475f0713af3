import { type BreakerState, type BreakerStore, REFUSAL_WINDOW_MS } from '../../functions/core/tokens/breaker.ts';

export interface MemoryBreakers extends BreakerStore {
  readonly states: ReadonlyMap<string, BreakerState>;
}

/** Breakers in memory: what sweeps share between two ticks. */
export function createMemoryBreakers(): MemoryBreakers {
  const states = new Map<string, BreakerState>();
  const refused = new Map<string, ReadonlySet<string>>();
  return {
    states,
    find: async (key) => states.get(key),
    save: async (key, state) => void states.set(key, state),
    close: async (key) => void states.delete(key),
    async addRefusals(key, connections, now) {
      const window = `${key}#${Math.floor(now.getTime() / REFUSAL_WINDOW_MS)}`;
      const names = new Set([...(refused.get(window) ?? []), ...connections]);
      refused.set(window, names);
      return names.size;
    },
  };
}
