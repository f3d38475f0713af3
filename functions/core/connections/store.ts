import type { OutboxRow } from '../events.ts';
import type { Provider, ProviderSettings } from '../provider.ts';
import type {
  Connection,
  ConnectionDemand,
  ConnectionHealth,
  SealedToken,
  SecretReference,
  UnresolvedAttempt,
} from './connection.ts';

/** What `steward apply` says about a connection. Tokens are not among it and are never touched by it. */
export interface ConnectionConfiguration {
  readonly provider: string;
  readonly grant: Provider['grant'];
  readonly settings: ProviderSettings;
  readonly secret: SecretReference;
  readonly budgetAccount: string;
  readonly demand?: readonly ConnectionDemand[];
}

/** The intent to spend a token, and the exclusive right to do so until `until`: one conditional write. */
export interface LeaseRequest {
  readonly name: string;
  readonly owner: string;
  readonly attempt: string;
  readonly kind: UnresolvedAttempt['kind'];
  /** What is about to be spent: the refresh token's fingerprint, or the authorization's. */
  readonly spends: string;
  /** The fingerprint that has to be stored. `null`: none may be. Left out: an authorization, which replaces whatever stands. */
  readonly stored?: string | null;
  readonly until: Date;
  readonly now: Date;
  /** Healths that allow it. */
  readonly healths: readonly ConnectionHealth[];
  /** Only when it is due, asked for by a rejection, or left behind by a dead holder. Left out for an authorization. */
  readonly whenDue?: boolean;
  /** An authorization makes itself due at its lease's end, so that what a crash leaves is found. */
  readonly dueAt?: Date;
  /** Attempts of dead holders that others of them outdo: dropped, so that a crash loop does not fill the item. */
  readonly forgets?: readonly string[];
}

/** A token set as it is committed: everything sealed. Plain data, so that it can be spilled and merged. */
export interface TokenCommit {
  readonly name: string;
  readonly provider: string;
  readonly attempt: string;
  /** What was spent: the commit's condition, and the key of a spilled set. */
  readonly spent: string;
  /** The generation this set is sealed for; exactly one above what is stored or, after a restore, above the high water. */
  readonly generation: number;
  readonly fingerprint: string;
  readonly access: SealedToken;
  readonly refresh?: SealedToken;
  readonly apiEndpoint?: string;
  readonly scopes?: readonly string[];
  readonly providerAccount?: string;
  readonly health: ConnectionHealth;
  readonly nextRefreshAt?: Date;
  readonly rejections: number;
  /** Failures in a row, where the set is stored and nothing is well for all that. Left out: none. */
  readonly failures?: number;
  readonly lastError?: Connection['lastError'];
  /** What was warned of already, where the refresh token of before stays. Left out: nothing. */
  readonly warnedDays?: readonly number[];
  /** Attempts that this commit settles, its own among them. */
  readonly resolves: readonly string[];
  /** Whether the lease is still ours to give back; one that ran out may be somebody else's by now. */
  readonly releasesLease: boolean;
  /** An authorization's: what makes the consent complete in the same transaction. */
  readonly authorization?: {
    readonly stateHash: string;
    readonly ticketHash: string;
    readonly authorizedBy?: string;
    readonly authorizedAt: Date;
    /** The stored generation that was read; an authorization replaces any token, but not one it has not seen. */
    readonly replacesGeneration: number;
  };
}

/**
 * How a commit ended.
 *
 * `superseded`: the token that was spent is no longer the stored one; `current` is the item that stood in the way.
 */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'superseded'; readonly current: Connection | undefined };

/** What has to hold for a change. Members left out are not asked. */
export interface ChangeCondition {
  /** The lease is held by this attempt. */
  readonly attempt?: string;
  readonly fingerprint?: string;
  readonly generation?: number;
  readonly rejectedGeneration?: number;
  /** Nobody holds the lease at this time. */
  readonly unleasedAt?: Date;
  /** The schedule is still this one (`null`: none): of two that were at it at once only one says what came of it. */
  readonly nextRefreshAt?: Date | null;
}

/** Attributes to set; `null` removes one. Members left out stay as they are. */
export interface ConnectionChange {
  readonly health?: ConnectionHealth;
  readonly paused?: boolean;
  readonly nextRefreshAt?: Date | null;
  readonly failures?: number;
  readonly lastError?: Connection['lastError'] | null;
  readonly warnedDays?: readonly number[];
  readonly rejections?: number;
  readonly rejectedGeneration?: null;
  readonly refusedFingerprint?: string | null;
  readonly releasesLease?: boolean;
  /** Attempts whose end is known. */
  readonly resolves?: readonly string[];
}

export interface NamePage {
  readonly names: readonly string[];
  readonly next?: string;
}

/**
 * Connections, one item each, and their high-water generation.
 *
 * Every write is conditional and atomic with its events. What a condition refuses is an answer; what the store
 * cannot do is a `StoreUnavailableError`.
 */
export interface ConnectionStore {
  /** Consistent read. */
  find(name: string): Promise<Connection | undefined>;
  /** All connections; for people, not for sweeps. */
  list(): Promise<readonly Connection[]>;
  /**
   * The highest generation of a rotating grant that is known to have been committed; 0 before the first, and always for
   * client credentials. Never above what is stored, but after a restore. Consistent.
   */
  highWater(name: string): Promise<number>;
  /** Raises the high water; it never falls. */
  raiseHighWater(name: string, generation: number): Promise<void>;
  /** Names whose `nextRefreshAt` has come, oldest first, from an index that lags. */
  due(shard: string, now: Date, next?: string): Promise<NamePage>;
  /** Names with a rejected access token, from an index that lags. */
  rejected(shard: string, next?: string): Promise<NamePage>;
  /**
   * Creates the connection or brings its configuration up to date.
   *
   * @throws ConflictError when the name belongs to another provider already.
   */
  configure(
    name: string,
    configuration: ConnectionConfiguration,
    now: Date,
  ): Promise<'created' | 'updated' | 'unchanged'>;
  /** Lease and intent in one write; the item as this very write left it, or `undefined` where a condition refused. */
  lease(request: LeaseRequest): Promise<Connection | undefined>;
  /**
   * The commit on the consumed token, with the events. Its own earlier success counts as success.
   *
   * @throws ConflictError when the token that was spent is still the stored one, and only its generation was in the way:
   * then nobody else has the successor, and the set must not be dropped.
   */
  commit(commit: TokenCommit, events: readonly OutboxRow[], now: Date): Promise<CommitOutcome>;
  /** A conditional change with its events; `false` where the condition refused. */
  change(
    name: string,
    condition: ChangeCondition,
    change: ConnectionChange,
    events: readonly OutboxRow[],
    now: Date,
  ): Promise<boolean>;
  /** The pollers' one write: *refresh now*, if `generation` is still the stored one. */
  reject(name: string, generation: number): Promise<void>;
  /** Makes a disconnected connection pending again; client credentials are due at once. `false` where it is not disconnected. */
  reopen(name: string, grant: Provider['grant'], now: Date): Promise<boolean>;
  /** Forgets tokens, lease and attempts, keeps configuration and history. `false` where there is no such connection. */
  disconnect(name: string, events: readonly OutboxRow[], now: Date): Promise<boolean>;
}
