/** Where every instant comes from. Production reads the machine's clock, a simulation its own. */
export interface Clock {
  now(): Date;
}

/** Where every random byte comes from. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/**
 * What is left of an invocation.
 *
 * Work that cannot end inside it is not begun: Lambda kills a function at its time-out without asking.
 */
export interface Deadline {
  remainingMs(): number;
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
