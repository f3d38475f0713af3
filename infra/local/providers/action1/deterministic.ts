/** A number in [0, 1) that belongs to the seed and the names, the same in every run. FNV-1a, then a mixing step. */
export function fraction(seed: number, ...names: readonly (string | number)[]): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of names.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A whole number from `low` to `high`, both included. */
export function between(low: number, high: number, seed: number, ...names: readonly (string | number)[]): number {
  return low + Math.floor(fraction(seed, ...names) * (high - low + 1));
}

export function pick<T>(of: readonly T[], seed: number, ...names: readonly (string | number)[]): T {
  const chosen = of[Math.floor(fraction(seed, ...names) * of.length)];
  if (chosen === undefined) throw new RangeError('Nothing to pick from');
  return chosen;
}

/** A UUID of version 4's shape. */
export function uuid(seed: number, ...names: readonly (string | number)[]): string {
  const digit = (place: number) => between(0, 15, seed, ...names, place).toString(16);
  const digits = Array.from({ length: 32 }, (_, place) => (place === 12 ? '4' : place === 16 ? '8' : digit(place)));
  const text = digits.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}

/** `YYYY-MM-DD_HH-MM-SS` in UTC. */
export function stamp(instant: Date | number): string {
  return new Date(instant).toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
}

/** A list whose items are made when they are asked for. */
export interface LazyList<T> {
  readonly length: number;
  at(index: number): T;
}

export function lazy<T>(length: number, at: (index: number) => T): LazyList<T> {
  return { length, at };
}

export function listOf<T>(items: readonly T[]): LazyList<T> {
  return lazy(items.length, (index) => items[index] as T);
}
