import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  DeadlineTooNearError,
  ProviderRateLimitedError,
} from '../errors.ts';
import type { AlertHead } from './head.ts';
import type { Alert } from './source.ts';
import type { AlertCheckpoint, PassResume } from './store.ts';

/** What a pass saw, before anything is recorded. */
export interface Observation {
  /** When the pass began; an earlier invocation's begin where it goes on with one. */
  readonly startedAt: Date;
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Heads of alerts that the provider no longer has. */
  readonly vanished: readonly AlertHead[];
  readonly unreadable: readonly string[];
  /** Everything that was asked for was read. */
  readonly complete: boolean;
  /** And nothing moved meanwhile. */
  readonly settled: boolean;
  /** Everything that is open was listed. */
  readonly listed: boolean;
  readonly resume?: PassResume;
  readonly suspicion?: NonNullable<AlertCheckpoint['suspicion']>;
  /** Why it ended early. */
  readonly interruption?: unknown;
}

/**
 * Whether the failure means that the pass ran out of something (budget, time, a valid token) and is to be gone on with,
 * rather than that the provider's answer is bad.
 */
export function ranOut(error: unknown): boolean {
  return (
    error instanceof BudgetExhaustedError ||
    error instanceof ProviderRateLimitedError ||
    error instanceof DeadlineTooNearError ||
    error instanceof AccessTokenRejectedError
  );
}
