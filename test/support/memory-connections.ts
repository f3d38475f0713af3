import { isDeepStrictEqual } from 'node:util';
import type { Connection, ConnectionLease } from '../../functions/core/connections/connection.ts';
import { generationFingerprint } from '../../functions/core/connections/fingerprint.ts';
import type { ChangeCondition, ConnectionStore, TokenCommit } from '../../functions/core/connections/store.ts';
import { ConflictError } from '../../functions/core/errors.ts';
import { checkedEvents } from './event-problems.ts';
import { type OutboxRow, shardOf } from '../../functions/core/events.ts';

/** A connection store in memory, with what tests want to see of it. */
export interface MemoryConnections extends ConnectionStore {
  readonly items: Map<string, Connection>;
  readonly outbox: OutboxRow[];
  readonly highWaters: Map<string, number>;
  /** What a consent completed: hashes of state and ticket. */
  readonly completed: { readonly stateHash: string; readonly ticketHash: string }[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function without<T extends object>(value: T, ...names: readonly (keyof T)[]): T {
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) if (!names.includes(name as keyof T)) copy[name] = member;
  return copy as T;
}

function holds(item: Connection, condition: ChangeCondition): boolean {
  const { attempt, fingerprint, generation, rejectedGeneration, unleasedAt, nextRefreshAt } = condition;
  return (
    (attempt === undefined || item.lease?.attempt === attempt) &&
    (fingerprint === undefined || item.fingerprint === fingerprint) &&
    (generation === undefined || item.generation === generation) &&
    (rejectedGeneration === undefined || item.rejectedGeneration === rejectedGeneration) &&
    (unleasedAt === undefined || item.lease === undefined || item.lease.until <= unleasedAt) &&
    (nextRefreshAt === undefined || item.nextRefreshAt?.getTime() === nextRefreshAt?.getTime())
  );
}

function committed(item: Connection, commit: TokenCommit): Connection {
  const cleared = without(item, 'rejectedGeneration', 'refusedFingerprint', 'refresh', 'lastError', 'nextRefreshAt');
  const next: Mutable<Connection> = {
    ...(commit.releasesLease ? without(cleared, 'lease') : cleared),
    generation: commit.generation,
    fingerprint: commit.fingerprint,
    committedAttempt: commit.attempt,
    access: commit.access,
    lastRefreshAt: commit.access.issuedAt,
    health: commit.health,
    failures: commit.failures ?? 0,
    rejections: commit.rejections,
    warnedDays: commit.warnedDays ?? [],
    attempts: item.attempts.filter(({ id }) => !commit.resolves.includes(id)),
    ...(commit.refresh === undefined ? {} : { refresh: commit.refresh }),
    ...(commit.apiEndpoint === undefined ? {} : { apiEndpoint: commit.apiEndpoint }),
    ...(commit.providerAccount === undefined ? {} : { providerAccount: commit.providerAccount }),
    ...(commit.scopes === undefined ? {} : { scopes: commit.scopes }),
    ...(commit.nextRefreshAt === undefined ? {} : { nextRefreshAt: commit.nextRefreshAt }),
    ...(commit.lastError === undefined ? {} : { lastError: commit.lastError }),
  };
  if (commit.authorization === undefined) return next;
  const { authorizedAt, authorizedBy } = commit.authorization;
  next.authorizedAt = authorizedAt;
  delete next.authorizedBy;
  if (authorizedBy !== undefined) next.authorizedBy = authorizedBy;
  return next;
}

/** Behaves as the contract says, one conditional write at a time. Indexes do not lag unless a test makes them. */
export function createMemoryConnections(shardCount = 1): MemoryConnections {
  const items = new Map<string, Connection>();
  const outbox: OutboxRow[] = [];
  const highWaters = new Map<string, number>();
  const completed: { stateHash: string; ticketHash: string }[] = [];

  const put = (name: string, next: Connection, events: readonly OutboxRow[]) => {
    items.set(name, next);
    for (const row of checkedEvents(events)) {
      const at = outbox.findIndex(({ event, order }) => event.id === row.event.id && order === row.order);
      if (at < 0) outbox.push(row);
    }
  };
  const inShard = (shard: string) => [...items.values()].filter((item) => item.shard === shard);

  return {
    items,
    outbox,
    highWaters,
    completed,
    find: async (name) => items.get(name),
    list: async () => [...items.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    highWater: async (name) => highWaters.get(name) ?? 0,
    async raiseHighWater(name, generation) {
      highWaters.set(name, Math.max(generation, highWaters.get(name) ?? 0));
    },
    async due(shard, now) {
      const due = inShard(shard).filter(({ nextRefreshAt }) => nextRefreshAt !== undefined && nextRefreshAt <= now);
      due.sort((a, b) => (a.nextRefreshAt?.getTime() ?? 0) - (b.nextRefreshAt?.getTime() ?? 0));
      return { names: due.map(({ name }) => name) };
    },
    async rejected(shard) {
      return {
        names: inShard(shard)
          .filter(({ rejectedGeneration }) => rejectedGeneration !== undefined)
          .map(({ name }) => name),
      };
    },
    async configure(name, configuration, now) {
      const item = items.get(name);
      const { grant, ...configured } = configuration;
      if (item === undefined) {
        items.set(name, {
          schema: 1,
          name,
          ...configured,
          shard: shardOf(name, shardCount),
          health: 'pending',
          paused: false,
          generation: 0,
          failures: 0,
          warnedDays: [],
          attempts: [],
          ...(grant === 'client-credentials'
            ? { fingerprint: generationFingerprint(name, 0), nextRefreshAt: now }
            : {}),
        });
        return 'created';
      }
      if (item.provider !== configuration.provider) throw new ConflictError(`${name} keeps its provider`);
      const names = ['settings', 'secret', 'budgetAccount', 'demand'] as const;
      if (names.every((key) => isDeepStrictEqual(item[key], configured[key]))) return 'unchanged';
      const base = configured.demand === undefined ? without(item, 'demand') : item;
      const due = item.nextRefreshAt === undefined || item.nextRefreshAt < now ? item.nextRefreshAt : now;
      items.set(name, {
        ...base,
        ...configured,
        ...(due === undefined ? {} : { nextRefreshAt: due, failures: 0 }),
      });
      return 'updated';
    },
    async lease(request) {
      const item = items.get(request.name);
      if (item === undefined) return undefined;
      if (item.lease !== undefined && item.lease.until > request.now) return undefined;
      if (
        request.stored === null
          ? item.fingerprint !== undefined
          : request.stored !== undefined && item.fingerprint !== request.stored
      ) {
        return undefined;
      }
      if (!request.healths.includes(item.health)) return undefined;
      const isDue = item.nextRefreshAt !== undefined && item.nextRefreshAt <= request.now;
      const isFree = item.failures === 0 && item.refusedFingerprint === undefined;
      const isAsked = item.rejectedGeneration === item.generation && isFree;
      if (request.whenDue === true && !isDue && !isAsked) return undefined;
      const lease: ConnectionLease = { owner: request.owner, attempt: request.attempt, until: request.until };
      const next: Connection = {
        ...item,
        lease,
        attempts: [
          ...item.attempts.filter(({ id }) => !(request.forgets ?? []).includes(id)),
          {
            id: request.attempt,
            fingerprint: request.spends,
            startedAt: request.now,
            kind: request.kind,
          },
        ],
        ...(request.dueAt === undefined ? {} : { nextRefreshAt: request.dueAt }),
      };
      items.set(request.name, next);
      return next;
    },
    async commit(commit, events) {
      const item = items.get(commit.name);
      const replaces =
        commit.authorization === undefined
          ? item?.fingerprint === commit.spent && item.generation < commit.generation
          : item?.generation === commit.authorization.replacesGeneration &&
            item.attempts.some(({ id }) => id === commit.attempt);
      if (item === undefined || !replaces) {
        if (item?.committedAttempt === commit.attempt) return { kind: 'committed' };
        if (commit.authorization === undefined && item?.fingerprint === commit.spent) {
          throw new ConflictError(`${commit.name} is at generation ${commit.generation} already`);
        }
        return { kind: 'superseded', current: item };
      }
      put(commit.name, committed(item, commit), events);
      if (commit.authorization !== undefined) {
        const { stateHash, ticketHash } = commit.authorization;
        completed.push({ stateHash, ticketHash });
      }
      return { kind: 'committed' };
    },
    async change(name, condition, change, events) {
      const item = items.get(name);
      if (item === undefined || !holds(item, condition)) return false;
      const { releasesLease, resolves = [], ...values } = change;
      const next = { ...item, attempts: item.attempts.filter(({ id }) => !resolves.includes(id)) } as Record<
        string,
        unknown
      >;
      for (const [key, value] of Object.entries(values)) {
        if (value === null) delete next[key];
        else if (value !== undefined) next[key] = value;
      }
      if (releasesLease === true) delete next.lease;
      put(name, next as unknown as Connection, events);
      return true;
    },
    async reject(name, generation) {
      const item = items.get(name);
      if (item?.generation === generation) items.set(name, { ...item, rejectedGeneration: generation });
    },
    async reopen(name, grant, now) {
      const item = items.get(name);
      if (item?.health !== 'disconnected') return false;
      items.set(name, {
        ...item,
        health: 'pending',
        ...(grant === 'client-credentials'
          ? { fingerprint: generationFingerprint(name, item.generation), nextRefreshAt: now }
          : {}),
      });
      return true;
    },
    async disconnect(name, events) {
      const item = items.get(name);
      if (item === undefined) return false;
      const bare = without(item, 'access', 'refresh', 'fingerprint', 'nextRefreshAt', 'committedAttempt', 'lease');
      const next = without(bare, 'rejectedGeneration', 'refusedFingerprint', 'rejections', 'lastError');
      put(name, { ...next, health: 'disconnected', attempts: [], failures: 0 }, events);
      return true;
    },
  };
}
