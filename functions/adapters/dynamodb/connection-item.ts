import type {
  Connection,
  ConnectionDemand,
  ConnectionHealth,
  SealedToken,
  UnresolvedAttempt,
} from '../../core/connections/connection.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { ProviderSettings } from '../../core/provider.ts';
import { fromEpoch, type Item } from './table.ts';

/** A token as it lies in the item: epoch milliseconds, sealed bytes. */
export function tokenItem(token: SealedToken): Item {
  const { sealed, issuedAt, expiresAt, generation } = token;
  return { sealed, issuedAt: issuedAt.getTime(), expiresAt: expiresAt.getTime(), generation };
}

/** An attempt as it lies in the item's map of attempts, under its id. */
export function attemptItem(attempt: Omit<UnresolvedAttempt, 'id'>): Item {
  return {
    fingerprint: attempt.fingerprint,
    startedAt: attempt.startedAt.getTime(),
    kind: attempt.kind,
  };
}

export function lastErrorItem(error: NonNullable<Connection['lastError']>): Item {
  return { code: error.code, message: error.message, at: error.at.getTime() };
}

/** The item as core knows it. A schema that this code does not know is refused, not guessed at (P13). */
export function connectionFromItem(item: Item): Connection {
  if (item.schema !== 1) {
    throw new ConfigInvalidError(
      `Connection ${String(item.connection)} was written by another version (schema ${String(item.schema)})`,
    );
  }
  return {
    schema: 1,
    name: item.connection as string,
    provider: item.provider as string,
    settings: item.settings as ProviderSettings,
    secret: {
      name: item.secretName as string,
      ...(typeof item.secretKey === 'string' ? { key: item.secretKey } : {}),
    },
    shard: item.shard as string,
    budgetAccount: item.budgetAccount as string,
    health: item.health as ConnectionHealth,
    paused: item.paused === true,
    generation: item.generation as number,
    failures: item.failures as number,
    warnedDays: (item.warnedDays as number[] | undefined) ?? [],
    attempts: attemptsFrom(item.attempts as Record<string, Item> | undefined),
    ...tokensFrom(item),
    ...timesFrom(item),
    ...optional(item, ['fingerprint', 'apiEndpoint', 'providerAccount', 'authorizedBy', 'committedAttempt']),
    ...optional(item, ['refusedFingerprint', 'rejectedGeneration', 'rejections', 'scopes']),
    ...(item.demand === undefined ? {} : { demand: item.demand as ConnectionDemand[] }),
    ...leaseFrom(item),
    ...lastErrorFrom(item.lastError as Item | undefined),
  };
}

function optional(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]));
}

function tokensFrom(item: Item): Pick<Connection, 'access' | 'refresh'> {
  const token = (value: unknown): SealedToken => {
    const stored = value as { sealed: Uint8Array; issuedAt: number; expiresAt: number; generation?: number };
    const { sealed, issuedAt, expiresAt, generation } = stored;
    const times = { issuedAt: new Date(issuedAt), expiresAt: new Date(expiresAt) };
    return { sealed, ...times, ...(generation === undefined ? {} : { generation }) };
  };
  return {
    ...(item.access === undefined ? {} : { access: token(item.access) }),
    ...(item.refresh === undefined ? {} : { refresh: token(item.refresh) }),
  };
}

function timesFrom(item: Item): Item {
  const names = ['authorizedAt', 'nextRefreshAt', 'lastRefreshAt'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const at = fromEpoch(item[name]);
      return at === undefined ? [] : [[name, at]];
    }),
  );
}

function leaseFrom(item: Item): Pick<Connection, 'lease'> {
  if (typeof item.leaseAttempt !== 'string') return {};
  return {
    lease: {
      owner: item.leaseOwner as string,
      attempt: item.leaseAttempt,
      until: new Date(item.leaseUntil as number),
    },
  };
}

function lastErrorFrom(error: Item | undefined): Pick<Connection, 'lastError'> {
  if (error === undefined) return {};
  return {
    lastError: { code: error.code as string, message: error.message as string, at: new Date(error.at as number) },
  };
}

function attemptsFrom(attempts: Record<string, Item> | undefined): readonly UnresolvedAttempt[] {
  return Object.entries(attempts ?? {})
    .map(([id, attempt]) => ({
      id,
      fingerprint: attempt.fingerprint as string,
      startedAt: new Date(attempt.startedAt as number),
      kind: attempt.kind as UnresolvedAttempt['kind'],
    }))
    .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
}
