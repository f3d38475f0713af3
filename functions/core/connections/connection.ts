import type { ProviderSettings } from '../provider.ts';

/**
 * What we know about a connection's grant.
 *
 * `suspect`: a refresh token's fate is unknown and is being found out. `reauthorization-required`: a person has to
 * consent again. `access-denied`: tokens are fresh and refused all the same.
 */
export type ConnectionHealth =
  | 'pending'
  | 'connected'
  | 'suspect'
  | 'reauthorization-required'
  | 'access-denied'
  | 'disconnected';

/** What people see: a paused connection says so whatever its health. */
export type ConnectionStatus = ConnectionHealth | 'paused';

/** Which key sealed it: pollers may open `access` only. */
export type SealPurpose = 'access' | 'refresh' | 'verifier';

/** A secret in Secrets Manager; `key` picks one client out of a secret that holds many (`name#key`). */
export interface SecretReference {
  readonly name: string;
  readonly key?: string;
}

/** A token as it is stored. */
export interface SealedToken {
  readonly sealed: Uint8Array;
  readonly issuedAt: Date;
  /** For a refresh token: assumed from the provider's documentation, since no response says it. */
  readonly expiresAt: Date;
  /** What it is sealed for, where that is not the connection's: a refresh token that a later consent left in place. */
  readonly generation?: number;
}

/**
 * A token request that was begun and whose end is not recorded (DESIGN 5.2 step 1).
 *
 * It is what tells a crash before the provider saw the token from one after.
 */
export interface UnresolvedAttempt {
  readonly id: string;
  /** Fingerprint of the refresh token that was about to be spent. */
  readonly fingerprint: string;
  readonly startedAt: Date;
  readonly kind: 'refresh' | 'authorization';
}

export interface ConnectionLease {
  readonly owner: string;
  readonly attempt: string;
  readonly until: Date;
}

/** One customer's authorised account at one provider. One item in the `connections` table. */
export interface Connection {
  readonly schema: 1;
  /** The name in `steward.yaml`; the key of the item. */
  readonly name: string;
  readonly provider: string;
  readonly settings: ProviderSettings;
  readonly secret: SecretReference;
  readonly shard: string;
  /** `Provider.budgetAccount`: connections of one enterprise or tenant share a budget. */
  readonly budgetAccount: string;
  readonly health: ConnectionHealth;
  readonly paused: boolean;
  /** Counts committed token sets; 0 before the first. Monotone. */
  readonly generation: number;
  /** SHA-256 of the stored refresh token, or of the generation for client credentials: what a commit is conditional on. */
  readonly fingerprint?: string;
  readonly access?: SealedToken;
  readonly refresh?: SealedToken;
  readonly apiEndpoint?: string;
  /** The provider's identity of the account (Actionstep `orgkey`); another one is refused unless it was asked for. */
  readonly providerAccount?: string;
  readonly scopes?: readonly string[];
  readonly authorizedBy?: string;
  readonly authorizedAt?: Date;
  readonly lease?: ConnectionLease;
  readonly attempts: readonly UnresolvedAttempt[];
  readonly nextRefreshAt?: Date;
  /** Set by a poller: the provider rejected the access token of this generation. The only attribute that pollers write. */
  readonly rejectedGeneration?: number;
  readonly lastRefreshAt?: Date;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: Date };
  /** Failures in a row, for back-off. */
  readonly failures: number;
  /** Days before the refresh token's end that were already warned of, for this refresh token. */
  readonly warnedDays: readonly number[];
  /** When the connection's jobs run. Absent: not known, so the access token is kept fresh all the time; empty: idle. */
  readonly demand?: readonly ConnectionDemand[];
  /** The attempt whose commit stands: a write that comes back as refused may have been our own (R20). */
  readonly committedAttempt?: string;
  /** 1 after a refresh that a rejected access token asked for; one more each time that access was denied. */
  readonly rejections?: number;
  /** The refresh token that was refused while another attempt was open: it is not presented again. */
  readonly refusedFingerprint?: string;
}

/** One job's schedule, as far as refreshing is concerned. */
export type ConnectionDemand =
  | { readonly everySeconds: number }
  | { readonly cron: string; /** IANA time zone. */ readonly zone: string };

/** The status that people and `--json` see. */
export function statusOf(connection: Pick<Connection, 'health' | 'paused'>): ConnectionStatus {
  return connection.paused && connection.health !== 'disconnected' ? 'paused' : connection.health;
}
