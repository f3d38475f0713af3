/** What the table holds of a connection, as far as the protocol goes. Tokens and attempts are numbers; 0 is none. */
export interface Item {
  readonly token: number;
  readonly generation: number;
  readonly health: 'connected' | 'suspect' | 'required' | 'disconnected';
  /** Attempt that holds the lease. */
  readonly lease: number;
  readonly attempts: readonly Attempt[];
  /** Token that was refused while another attempt was open. */
  readonly refused: number;
  readonly cause?: 'ambiguous' | 'refused';
}

export interface Attempt {
  readonly id: number;
  readonly kind: 'refresh' | 'consent';
  /** What it spends; for a consent its own id, negative. */
  readonly spends: number;
  /** Its lease may not be over yet. */
  readonly young: boolean;
}

/** The protocol's conditions, apart, so that one can be exchanged for another; the trace check asks the same ones. */
export interface Rules {
  mayLease(item: Item, spends: number): boolean;
  mayCommit(item: Item, attempt: number, spends: number): boolean;
  mayConsent(item: Item, attempt: number): boolean;
  /** A refused token is dead only if nobody else may hold its successor. */
  judge(item: Item, attempt: number, spends: number): 'superseded' | 'suspect' | 'required';
  readonly leasesConsent: boolean;
  readonly looksIntoRescue: boolean;
  /** The high water is raised before the commit. */
  readonly raisesFirst: boolean;
  /** A lease can be over while its holder lives. */
  readonly expiresEarly: boolean;
}

/** DESIGN 5.2. */
export const RULES: Rules = {
  mayLease: (item, spends) =>
    item.lease === 0 && item.token === spends && (item.health === 'connected' || item.health === 'suspect'),
  mayCommit: (item, _attempt, spends) => item.token === spends,
  mayConsent: (item, attempt) => item.health !== 'disconnected' && item.attempts.some(({ id }) => id === attempt),
  judge(item, attempt, spends) {
    if (item.token !== spends) return 'superseded';
    return item.attempts.some(({ id, young }) => id !== attempt && young) ? 'suspect' : 'required';
  },
  leasesConsent: true,
  looksIntoRescue: true,
  raisesFirst: false,
  expiresEarly: false,
};
