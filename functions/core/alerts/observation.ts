import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  DeadlineTooNearError,
  ProviderRateLimitedError,
} from '../errors.ts';
import { MINUTE_MS } from '../time.ts';
import type { AlertHead } from './head.ts';
import type { PagesRead } from './read-pages.ts';
import type { Alert, AlertSpan } from './source.ts';
import type { AlertCheckpoint, PassResume } from './store.ts';

/** A pass that took longer than this is begun anew: its first pages say nothing about now. */
const RESUME_WITHIN_MS = 30 * MINUTE_MS;

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

/** The unfinished pass that this one goes on with. */
export function resumeOf(checkpoint: AlertCheckpoint, now: Date): PassResume | undefined {
  const { resume } = checkpoint;
  return resume && now.getTime() - resume.startedAt.getTime() <= RESUME_WITHIN_MS ? resume : undefined;
}

/** A pass that ended before its last page: what it saw counts, what it did not see tells nothing. */
export function cutShort(pages: PagesRead, startedAt: Date, { from, to }: AlertSpan): Observation {
  const goOn = ranOut(pages.interruption) ? pages.resume : undefined;
  return {
    startedAt,
    alerts: pages.alerts,
    vanished: [],
    unreadable: pages.unreadable,
    complete: false,
    settled: false,
    listed: false,
    interruption: pages.interruption,
    ...(goOn === undefined ? {} : { resume: { startedAt, from, to, pages: goOn } }),
  };
}
