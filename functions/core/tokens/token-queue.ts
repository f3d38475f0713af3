import { type Clock, type Deadline, MINUTE_MS } from '../time.ts';
import type { RefreshResult } from './refresh-result.ts';
import { IN_FLIGHT, SPEND_BUDGET_MS } from './timing.ts';

/** A connection whose account has used up its budget of token calls. */
export interface Queued {
  readonly account: string;
  readonly perMinute: number;
  /** What the budget said: room again after so long. */
  readonly waitMs: number;
  readonly putOff: (until: Date) => Promise<void>;
}

/** What a look at a connection came to, when it has to queue for its account's budget. */
export type QueuedResult = RefreshResult & { readonly queued: Queued };

/**
 * The queues of one sweep, an account each, in the order in which their connections came due (R35).
 *
 * They are served at the budget's pace once everybody else was looked at, so that no account keeps another waiting. Who
 * is not reached is put off to a place of its own: ten thousand that wait for the same minute would all come again in
 * each of the next ticks.
 */
export class TokenQueues {
  readonly #queues = new Map<string, QueuedResult[]>();
  readonly #clock: Clock;
  readonly #deadline: Deadline;

  constructor(clock: Clock, deadline: Deadline) {
    this.#clock = clock;
    this.#deadline = deadline;
  }

  add(result: QueuedResult): void {
    const queue = this.#queues.get(result.queued.account);
    if (queue === undefined) this.#queues.set(result.queued.account, [result]);
    else queue.push(result);
  }

  /** Serves each queue, one connection after the other, while the time left covers a refresh. */
  async serve(
    wait: (ms: number) => Promise<void>,
    again: (name: string) => Promise<QueuedResult | undefined>,
  ): Promise<void> {
    const serveOne = async (queue: QueuedResult[]): Promise<void> => {
      for (let first = queue[0]; first !== undefined; first = queue[0]) {
        const { waitMs } = first.queued;
        if (this.#deadline.remainingMs() - waitMs < SPEND_BUDGET_MS) return;
        await wait(waitMs);
        const result = await again(first.name);
        if (result === undefined) queue.shift();
        else queue[0] = result;
      }
    };
    await atOnce([...this.#queues.values()], serveOne);
  }

  /** Those who are left, each with the time when its turn comes. */
  async putOff(work: (result: QueuedResult, until: Date) => Promise<void>): Promise<void> {
    const now = this.#clock.now().getTime();
    const left = [...this.#queues.values()].flatMap((queue) =>
      queue.map((result, place) => {
        const { waitMs, perMinute } = queue[0]?.queued ?? result.queued;
        return { result, until: new Date(now + waitMs + (place * MINUTE_MS) / perMinute) };
      }),
    );
    await atOnce(left, ({ result, until }) => work(result, until));
  }
}

/** Twenty at a time, in order. */
async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
