import type { Queued } from './token-queue.ts';

/** What became of one connection in one sweep. */
export type RefreshOutcome =
  | 'refreshed'
  | 'merged'
  /** Somebody else's tokens stand: a success that is not ours. */
  | 'superseded'
  /** Bought but not stored: the rescue bucket has it. */
  | 'spilled'
  | 'suspect'
  | 'reauthorization-required'
  | 'access-denied'
  /** Refused together with many others: the provider's trouble, no verdict. */
  | 'incident'
  /** The request's fate is unknown; looked into when the lease is over. */
  | 'ambiguous'
  | 'failed'
  | 'postponed'
  | 'deadline'
  | 'leased'
  | 'not-due'
  | 'gone';

/** How the token endpoint did, for the breaker. Left out when it was not called. */
export type EndpointWord =
  /** Tokens were handed out, whatever became of them here. */
  | { readonly kind: 'granted' }
  /** A grant was refused that nobody else can have spent. */
  | { readonly kind: 'refused' }
  /** It is there; what it said tells nothing of how others fare. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: number | undefined };

export interface RefreshResult {
  readonly name: string;
  readonly outcome: RefreshOutcome;
  readonly provider?: string;
  /** `breakerKey` of the token endpoint that was asked. */
  readonly key?: string;
  readonly word?: EndpointWord;
  /** The end of the refresh token that this look left in place. Left out where there is none, or somebody else's stands. */
  readonly refreshExpiresAt?: Date;
  /** A refused grant, to be judged when it is known how the others of this endpoint fared. */
  readonly decide?: (incident: boolean) => Promise<RefreshOutcome>;
  /** Not looked at further: its account's budget of token calls is used up. */
  readonly queued?: Queued;
  /** Code of what went wrong, for the log. */
  readonly code?: string;
}
