import { type Deadline, SECOND_MS } from '../time.ts';
import { drainOutbox, type DrainDependencies, type DrainResult } from './drain.ts';

/** The lease outlives the invocation by this, for clocks that differ. */
const LEASE_SLACK_MS = 10 * SECOND_MS;
/** Rounds of one invocation, for what came in meanwhile or failed in passing. */
const ROUNDS = 20;
/** Failures in passing that are tried again at once; the tick tries for ever. */
const RETRIES = 2;
const RETRY_PAUSE_MS = SECOND_MS;
/** No round is begun with less time left. */
const ROUND_MS = 12 * SECOND_MS;

export interface PublishShardDependencies extends DrainDependencies {
  /** Wakes a publisher for this shard once more. */
  readonly nudge: (shard: string) => Promise<void>;
}

/** Totals of one invocation; `undefined` when somebody else has the shard. */
export type PublishShardResult = Omit<DrainResult, 'unfinished'> | undefined;

/** Drains one shard under its lease; calls the next publisher when the backlog is longer than the time. */
export async function publishShard(
  dependencies: PublishShardDependencies,
  shard: string,
  owner: string,
  deadline: Deadline,
): Promise<PublishShardResult> {
  const { outbox, clock, nudge } = dependencies;
  const now = clock.now();
  const until = new Date(now.getTime() + deadline.remainingMs() + LEASE_SLACK_MS);
  if (!(await outbox.acquire(shard, owner, now, until))) return undefined;
  const totals = { published: 0, failed: 0, refused: 0 };
  let goOn = false;
  let ended: 'released' | 'again' = 'again';
  try {
    goOn = await drainInRounds(dependencies, shard, deadline, totals, owner);
  } finally {
    // Asked again while we ended: nobody else has come for that, so somebody has to be sent.
    while (ended === 'again') {
      ended = await outbox.release(shard, owner);
      goOn ||= ended === 'again';
    }
  }
  if (goOn) await nudge(shard);
  return totals;
}

/** `true` when rows are left that only time was lacking for. */
async function drainInRounds(
  { pause, ...dependencies }: PublishShardDependencies,
  shard: string,
  deadline: Deadline,
  totals: { published: number; failed: number; refused: number },
  owner: string,
): Promise<boolean> {
  let retries = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const result = await drainOutbox({ ...dependencies, pause }, shard, deadline);
    totals.published += result.published;
    totals.refused += result.refused;
    totals.failed = result.failed;
    if (result.unfinished) return true;
    if (deadline.remainingMs() < ROUND_MS) return result.published > 0;
    if (result.failed > 0 && retries < RETRIES) {
      retries += 1;
      await pause(RETRY_PAUSE_MS * retries);
      continue;
    }
    if (!(await dependencies.outbox.askedAgain(shard, owner))) return false;
  }
  return true;
}
