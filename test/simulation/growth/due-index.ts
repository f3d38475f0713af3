import type { Connection } from '../../../functions/core/connections/connection.ts';
import type { ConnectionStore, NamePage } from '../../../functions/core/connections/store.ts';
import { MINUTE_MS } from '../../../functions/core/time.ts';
import type { MemoryConnections } from '../../support/memory-connections.ts';

/** As `functions/adapters/dynamodb/connection-queries.ts` asks the index. */
const PAGE_SIZE = 250;

/** The index `due` of one shard: names by minute, so that asking for what is due looks at nothing else. */
class DueIndex {
  readonly #minutes = new Map<number, Set<string>>();
  readonly #minuteOf = new Map<string, number>();
  #earliest = Infinity;

  put(name: string, at: Date | undefined): void {
    const minute = at === undefined ? undefined : Math.floor(at.getTime() / MINUTE_MS);
    const before = this.#minuteOf.get(name);
    if (before === minute) return;
    if (before !== undefined) this.#minutes.get(before)?.delete(name);
    if (minute === undefined) return void this.#minuteOf.delete(name);
    this.#minuteOf.set(name, minute);
    const there = this.#minutes.get(minute);
    if (there === undefined) this.#minutes.set(minute, new Set([name]));
    else there.add(name);
    this.#earliest = Math.min(this.#earliest, minute);
  }

  /** Names of the minutes up to now, from one minute on. */
  *upTo(now: Date, from: number): Generator<readonly [minute: number, names: readonly string[]]> {
    const last = Math.floor(now.getTime() / MINUTE_MS);
    for (; this.#earliest < last && (this.#minutes.get(this.#earliest)?.size ?? 0) === 0; this.#earliest += 1) {
      this.#minutes.delete(this.#earliest);
    }
    for (let minute = Math.max(from, this.#earliest); minute <= last; minute += 1) {
      const names = this.#minutes.get(minute);
      if (names !== undefined && names.size > 0) yield [minute, [...names]];
    }
  }
}

export interface CountedReads {
  /** Index pages asked for. */
  pages: number;
  /** Names on them. */
  names: number;
}

/**
 * The store in memory with an index behind `due`, as DynamoDB has one. What would look at all connections throws: a sweep
 * reads what is due (I26).
 */
export function indexed(memory: MemoryConnections): ConnectionStore & { readonly reads: CountedReads } {
  const shards = new Map<string, DueIndex>();
  const reads: CountedReads = { pages: 0, names: 0 };
  const indexOf = (shard: string) => {
    const found = shards.get(shard) ?? new DueIndex();
    shards.set(shard, found);
    return found;
  };
  const touch = (name: string) => {
    const item = memory.items.get(name);
    if (item !== undefined) indexOf(item.shard).put(name, item.nextRefreshAt);
  };
  const isDue = (name: string, now: Date) => {
    const at = (memory.items.get(name) as Connection).nextRefreshAt;
    return at !== undefined && at <= now;
  };
  const touched = async <T>(name: string, write: Promise<T>): Promise<T> => {
    const result = await write;
    touch(name);
    return result;
  };

  for (const name of memory.items.keys()) touch(name);
  return {
    ...memory,
    reads,
    async due(shard, now, next): Promise<NamePage> {
      reads.pages += 1;
      const [from, skipped] = (next ?? '-Infinity:').split(':');
      const seen = new Set((skipped ?? '').split(',').filter((name) => name !== ''));
      const names: string[] = [];
      for (const [minute, all] of indexOf(shard).upTo(now, Number(from))) {
        for (const name of all) {
          if (seen.has(name) || !isDue(name, now)) continue;
          if (names.length === PAGE_SIZE) {
            reads.names += names.length;
            const same = names.filter((one) => all.includes(one));
            return { names, next: `${minute}:${[...seen, ...same].join(',')}` };
          }
          names.push(name);
        }
        seen.clear();
      }
      reads.names += names.length;
      return { names };
    },
    rejected: async () => ({ names: [] }),
    list: () => Promise.reject(new Error('A sweep must not list all connections')),
    lease: (request) => touched(request.name, memory.lease(request)),
    commit: (commit, events, now) => touched(commit.name, memory.commit(commit, events, now)),
    change: (name, ...rest) => touched(name, memory.change(name, ...rest)),
  };
}
