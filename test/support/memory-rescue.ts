import type { RescueStore } from '../../functions/core/tokens/rescue.ts';

/** The rescue bucket in memory; `kept` has what lies there, by `<connection>/<fingerprint>`. */
export function createMemoryRescue(kept: Map<string, string> = new Map()): RescueStore {
  const at = (name: string, spent: string) => `${encodeURIComponent(name)}/${spent}`;
  return {
    put: async (name, spent, body) => void kept.set(at(name, spent), body),
    find: async (name, spent) => kept.get(at(name, spent)),
    remove: async (name, spent) => void kept.delete(at(name, spent)),
  };
}
