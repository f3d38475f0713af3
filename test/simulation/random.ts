/** A number in [0, 1) that hangs on its key alone: dropping one fault leaves every other decision as it was. */
export function chance(seed: number, key: string): number {
  let hash = (seed ^ 0x9e3779b9) | 0;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A whole number from `low` to `high`, both included. */
export function between(seed: number, key: string, low: number, high: number): number {
  return low + Math.floor(chance(seed, key) * (high - low + 1));
}

export function pick<T>(seed: number, key: string, list: readonly T[]): T {
  return list[Math.floor(chance(seed, key) * list.length)] as T;
}
