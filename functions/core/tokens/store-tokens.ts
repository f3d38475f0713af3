import type { CommitOutcome, TokenCommit } from '../connections/store.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { OutboxRow } from '../events.ts';
import type { Deadline } from '../time.ts';
import type { TokenDependencies } from './dependencies.ts';
import { rescueText } from './rescue.ts';
import { STORE_CALL_MS } from './timing.ts';

/** Waits between tries of a commit; after the last one the set goes to the rescue bucket. */
const RETRY_WAITS_MS = [100, 300, 900, 2000];

/** What another try may take, and the spill after it. */
const TRY_AND_SPILL_MS = 2 * STORE_CALL_MS;

export type StoreTokensDependencies = Pick<
  TokenDependencies,
  'store' | 'rescue' | 'clock' | 'wait' | 'log' | 'metrics'
>;

/** `spilled`: durable, but elsewhere; the next sweep merges it. */
export type StoreTokensOutcome = CommitOutcome | { readonly kind: 'spilled' };

/**
 * Makes a token set durable that was just bought with another one. Nothing is more important than that it succeeds:
 * retried within the time left, then spilled, and at the very last written to the log, sealed as it is (R19–R22).
 */
export async function storeTokens(
  dependencies: StoreTokensDependencies,
  commit: TokenCommit,
  events: readonly OutboxRow[],
  deadline: Deadline,
): Promise<StoreTokensOutcome> {
  const outcome = await commitOrSpill(dependencies, commit, events, deadline);
  if (outcome.kind === 'committed') await raiseHighWater(dependencies, commit, deadline);
  return outcome;
}

async function commitOrSpill(
  dependencies: StoreTokensDependencies,
  commit: TokenCommit,
  events: readonly OutboxRow[],
  deadline: Deadline,
): Promise<StoreTokensOutcome> {
  const { store, clock, wait, log } = dependencies;
  for (const pause of [...RETRY_WAITS_MS, undefined]) {
    try {
      return await store.commit(commit, events, clock.now());
    } catch (error) {
      log.warn('token.commit-failed', {
        connection: commit.name,
        reason: error instanceof Error ? error.name : 'unknown',
      });
      if (!(error instanceof StoreUnavailableError)) {
        await spill(dependencies, commit);
        throw error;
      }
      if (pause === undefined || deadline.remainingMs() < pause + TRY_AND_SPILL_MS) break;
      await wait(pause);
    }
  }
  await spill(dependencies, commit);
  return { kind: 'spilled' };
}

/**
 * After the commit and on its own: it must never say of a generation that is not stored that it was committed, or a good
 * grant looks like one out of a backup. What a crash leaves behind the next refresh makes up. Client credentials have
 * nothing that a restore brings back to life.
 */
async function raiseHighWater(
  { store, log }: StoreTokensDependencies,
  { name, generation, refresh }: TokenCommit,
  deadline: Deadline,
): Promise<void> {
  if (refresh === undefined || deadline.remainingMs() < STORE_CALL_MS) return;
  try {
    await store.raiseHighWater(name, generation);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.warn('high-water.behind', { connection: name, generation });
  }
}

async function spill({ rescue, log, metrics }: StoreTokensDependencies, commit: TokenCommit): Promise<void> {
  metrics.add('TokenSpilled', 'Count', 1, { provider: commit.provider });
  const body = rescueText(commit);
  try {
    await rescue.put(commit.name, commit.spent, body);
    log.error('token.spilled', { connection: commit.name, attempt: commit.attempt });
  } catch (error) {
    // Sealed: only the sealing key opens it. RUNBOOK says how it is put back by hand.
    log.error('token.spill-failed', {
      connection: commit.name,
      attempt: commit.attempt,
      reason: error instanceof Error ? error.name : 'unknown',
      sealed: Buffer.from(body).toString('base64'),
    });
  }
}
