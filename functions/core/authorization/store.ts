import type { OutboxRow } from '../events.ts';

/** A one-time link that lets one person connect one account. The link's secret is stored as a hash. */
export interface Ticket {
  readonly hash: string;
  readonly connection: string;
  readonly provider: string;
  /** Who will consent, as the operator gave it; the provider tells nobody's name. */
  readonly authorizedBy?: string;
  /** Whether another account of the provider may take the place of the one before. */
  readonly replaceAccount: boolean;
  readonly expiresAt: Date;
  /** The running authorization: a new one takes the place of the last. */
  readonly stateHash?: string;
  readonly consumedAt?: Date;
}

/** An authorization that a browser was sent off with. Found by the SHA-256 of its state, usable once. */
export interface PendingAuthorization {
  readonly stateHash: string;
  readonly ticketHash: string;
  readonly connection: string;
  readonly provider: string;
  /** SHA-256 of the cookie that binds it to one browser. */
  readonly browserHash: string;
  /** The PKCE verifier, sealed; absent where the provider takes none. */
  readonly sealedVerifier?: Uint8Array;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly issuer?: string;
  readonly authorizedBy?: string;
  readonly replaceAccount: boolean;
  readonly expiresAt: Date;
  readonly burntAt?: Date;
  /** How it ended; a reload of the same browser is shown it again. */
  readonly outcome?: string;
}

/** Wrong browsers after which a state is burnt: whoever tries has the state and not the cookie (S03). */
export const MISMATCHES_TO_BURN = 5;

/** Tickets and pending authorizations. Every write is conditional. */
export interface AuthorizationStore {
  createTicket(ticket: Ticket): Promise<void>;
  findTicket(hash: string): Promise<Ticket | undefined>;
  /** Stores the authorization and binds the ticket to it, in one transaction; `false` when the ticket is used up or over. */
  begin(pending: PendingAuthorization, now: Date): Promise<boolean>;
  /** Consistent read. */
  find(stateHash: string): Promise<PendingAuthorization | undefined>;
  /** Counts a wrong browser; the fifth burns the state. */
  countMismatch(stateHash: string, now: Date): Promise<void>;
  /** Uses the state up: one conditional write on provider, browser, time and not being burnt. `false`: somebody was first. */
  burn(pending: PendingAuthorization, now: Date): Promise<boolean>;
  /** How it ended, with its events. */
  finish(pending: PendingAuthorization, outcome: string, events: readonly OutboxRow[], now: Date): Promise<void>;
}
