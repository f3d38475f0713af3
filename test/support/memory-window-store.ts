import { ConflictError } from '../../functions/core/errors.ts';
import { checkedEvents } from './event-problems.ts';
import type { OutboxRow } from '../../functions/core/events.ts';
import type { AttemptKey, Chain, WindowRecord, WindowStore } from '../../functions/core/schedules/window-store.ts';

export interface MemoryWindowStore extends WindowStore {
  /** What would be published, in the order of the transactions. */
  readonly outbox: readonly OutboxRow[];
  readonly windows: Map<string, WindowRecord>;
  readonly chains: Map<string, Chain>;
}

/** The twin of the DynamoDB window store. */
export function createMemoryWindowStore(): MemoryWindowStore {
  const windows = new Map<string, WindowRecord>();
  const chains = new Map<string, Chain>();
  const outbox: OutboxRow[] = [];
  const keyOf = ({ job, from }: Pick<AttemptKey, 'job' | 'from'>) => `${job} ${from.toISOString()}`;
  const runs = (attempt: AttemptKey) => {
    const record = windows.get(keyOf(attempt));
    return record?.state === 'running' && record.attempt === attempt.attempt ? record : undefined;
  };
  const without = (chain: Chain): Chain => {
    const { current, ...rest } = chain;
    return current === undefined ? chain : rest;
  };
  const notAsked = (chain: Chain, from: Date): Chain => {
    const { asked, ...rest } = chain;
    const left = (asked ?? []).filter((other) => Number(other) !== Number(from));
    return left.length === 0 ? rest : { ...rest, asked: left };
  };
  return {
    outbox,
    windows,
    chains,
    chain: async (job) => chains.get(job),
    find: async (job, from) => windows.get(keyOf({ job, from })),
    list: async (job, limit) =>
      [...windows.values()]
        .filter((record) => record.job === job)
        .toSorted((a, b) => Number(b.from) - Number(a.from))
        .slice(0, limit),
    gaps: async (job, { from, to }) =>
      [...windows.values()]
        .filter((record) => record.job === job && record.state === 'gap' && record.from >= from && record.from < to)
        .toSorted((a, b) => Number(a.from) - Number(b.from)),
    async ask(job, from) {
      const chain = chains.get(job);
      if (chain === undefined || windows.get(keyOf({ job, from }))?.state !== 'gap') throw new ConflictError('ask');
      const others = (chain.asked ?? []).filter((other) => Number(other) !== Number(from));
      chains.set(job, { ...chain, asked: [...others, from].toSorted((a, b) => Number(a) - Number(b)) });
    },
    async begin(attempt, now) {
      const before = windows.get(keyOf(attempt));
      const chain = chains.get(attempt.job) ?? { from: attempt.from, to: attempt.from, sequence: 0 };
      const free =
        attempt.attempt === 1
          ? before === undefined
          : before?.attempt === attempt.attempt - 1 &&
            (attempt.action === 'fill' ? ['gap'] : ['failed', 'incomplete']).includes(before.state);
      if (!free || chain.current) throw new ConflictError('begin');
      const record: WindowRecord = { ...before, ...attempt, state: 'running', startedAt: now, updatedAt: now };
      windows.set(keyOf(attempt), record);
      chains.set(attempt.job, { ...chain, current: { from: attempt.from, attempt: attempt.attempt } });
      return record;
    },
    async beat(attempt, now) {
      const record = runs(attempt);
      if (!record) throw new ConflictError('beat');
      windows.set(keyOf(attempt), { ...record, updatedAt: now });
    },
    async fail(attempt, state, error, events, now) {
      const record = runs(attempt);
      if (!record) return false;
      windows.set(keyOf(attempt), { ...record, state, error, updatedAt: now });
      const chain = without(chains.get(attempt.job)!);
      chains.set(attempt.job, error.mayStand ? chain : notAsked(chain, attempt.from));
      outbox.push(...checkedEvents(events.rows));
      return true;
    },
    async seal(attempt, state, sealed, events, now) {
      const held = windows.get(keyOf(attempt));
      if (held?.state === state && held.sealed?.manifestSha256 === sealed.manifestSha256) return;
      const record = runs(attempt);
      const chain = chains.get(attempt.job);
      if (!record || chain?.sequence !== sealed.sequence - 1) throw new ConflictError('seal');
      const { error: _, reason, ...rest } = record;
      const kept = state === 'gap' && reason !== undefined ? { reason } : {};
      windows.set(keyOf(attempt), { ...rest, ...kept, state, sealed, updatedAt: now });
      chains.set(attempt.job, {
        ...notAsked(without(chain), attempt.from),
        sequence: sealed.sequence,
        from: chain.from < record.from ? chain.from : record.from,
        to: chain.to > record.to ? chain.to : record.to,
        last: { key: sealed.manifestKey, sha256: sealed.manifestSha256 },
        ...(state === 'exported' && record.to >= chain.to ? { lastExport: { key: sealed.manifestKey } } : {}),
      });
      outbox.push(...checkedEvents(events.rows));
    },
  };
}
