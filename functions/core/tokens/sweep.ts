import { ServiceError } from '../errors.ts';
import { isStale, type Tick } from '../schedules/tick.ts';
import { type Deadline, SECOND_MS } from '../time.ts';
import type { TokenDependencies } from './dependencies.ts';
import { createRefresh, type Refresh } from './refresh.ts';
import type { RefreshOutcome, RefreshResult } from './refresh-result.ts';
import { createSoonestExpiry } from './soonest-expiry.ts';
import { createSweepGate, type SweepGate } from './sweep-gate.ts';
import { IN_FLIGHT, SPEND_BUDGET_MS } from './timing.ts';
import { type QueuedResult, TokenQueues } from './token-queue.ts';

/** Below this no verdict is begun: what is left is for the publisher's nudge. */
const DECIDE_MS = 3 * SECOND_MS;

/** Outcomes of a sweep, counted. `stale`: the tick came too late, nothing was looked at. */
export type SweepReport =
  | { readonly stale: true }
  | { readonly stale: false; readonly counts: Readonly<Partial<Record<RefreshOutcome | 'broken', number>>> };

export type RefreshSweep = (tick: Tick, deadline: Deadline) => Promise<SweepReport>;

/**
 * Refreshes what is due in one shard: oldest first, twenty at a time, inside the invocation's time.
 *
 * One connection that cannot be refreshed delays nobody (R36). Failures that nobody foresaw come out together at the end,
 * so that the invocation counts as failed and every connection was tried all the same.
 */
export function createRefreshSweep(dependencies: TokenDependencies): RefreshSweep {
  const refresh = createRefresh(dependencies);
  const { clock, log } = dependencies;
  return async (tick, deadline) => {
    if (isStale(tick, clock.now())) {
      log.warn('tick.ignored', { shard: tick.shard, slot: tick.slot });
      return { stale: true };
    }
    const gate = createSweepGate(dependencies);
    const run = new SweepRun(refresh, gate, deadline, dependencies);
    await run.take(dueNames(dependencies, tick.shard));
    await run.serveQueues();
    await run.decide();
    await run.putOff();
    run.expiry.measure(dependencies.metrics, clock.now());
    log.info('sweep.completed', { shard: tick.shard, ...run.counts });
    if (run.unforeseen.length > 0)
      throw new AggregateError(run.unforeseen, 'Connections failed in ways nobody foresaw');
    return { stale: false, counts: run.counts };
  };
}

/** Names from both indexes, page by page, each once. What was rejected first: somebody is waiting for it. */
async function* dueNames({ store, clock }: TokenDependencies, shard: string): AsyncGenerator<string> {
  const seen = new Set<string>();
  const now = clock.now();
  const reads = [(next?: string) => store.rejected(shard, next), (next?: string) => store.due(shard, now, next)];
  for (const read of reads) {
    let next: string | undefined;
    do {
      const page = await read(next);
      for (const name of page.names) {
        if (seen.has(name)) continue;
        seen.add(name);
        yield name;
      }
      next = page.next;
    } while (next !== undefined);
  }
}

class SweepRun {
  readonly counts: Partial<Record<RefreshOutcome | 'broken', number>> = {};
  readonly unforeseen: unknown[] = [];
  readonly expiry = createSoonestExpiry();
  /** Refused grants without a verdict, by token endpoint. */
  readonly #undecided = new Map<string, RefreshResult[]>();
  readonly #refresh: Refresh;
  readonly #gate: SweepGate;
  readonly #deadline: Deadline;
  readonly #queues: TokenQueues;
  readonly #log: TokenDependencies['log'];
  readonly #wait: TokenDependencies['wait'];

  constructor(refresh: Refresh, gate: SweepGate, deadline: Deadline, { log, wait, clock }: TokenDependencies) {
    this.#refresh = refresh;
    this.#gate = gate;
    this.#deadline = deadline;
    this.#queues = new TokenQueues(clock, deadline);
    this.#log = log;
    this.#wait = wait;
  }

  /** Twenty workers on one stream of names; the stream is read as they go, and left when time runs out. */
  async take(names: AsyncGenerator<string>): Promise<void> {
    const worker = async (): Promise<void> => {
      while (this.#deadline.remainingMs() >= SPEND_BUDGET_MS) {
        const { value: name, done } = await names.next();
        if (done === true) return;
        const queued = await this.#one(name);
        if (queued !== undefined) this.#queues.add(queued);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, worker));
    for (const end of ended) if (end.status === 'rejected') this.unforeseen.push(end.reason);
  }

  /** Who has to wait for a budget of calls does so when everybody else was looked at. */
  serveQueues(): Promise<void> {
    return this.#queues.serve(this.#wait, (name) => this.#one(name));
  }

  /** The grants that nobody spoke for: it is known now how everybody fared (R34). What time does not allow stays unresolved. */
  async decide(): Promise<void> {
    for (const key of this.#undecided.keys()) {
      let asked: Promise<boolean> | undefined;
      const isIncident = () => (asked ??= this.#gate.isIncident(key));
      await Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#decideHeld(key, isIncident)));
    }
  }

  /** Who was not served, to a later tick. What time does not allow is simply still due. */
  putOff(): Promise<void> {
    return this.#queues.putOff(async (result, until) => {
      try {
        if (this.#deadline.remainingMs() >= DECIDE_MS) await result.queued.putOff(until);
        this.#end(result, result.outcome);
      } catch (error) {
        this.#fail(result.name, error);
      }
    });
  }

  /** Takes the verdicts of one endpoint, one after the other, for as long as there are any. */
  async #decideHeld(key: string, isIncident: () => Promise<boolean>): Promise<void> {
    const held = this.#undecided.get(key) ?? [];
    for (let result = held.shift(); result !== undefined; result = held.shift()) {
      if (this.#deadline.remainingMs() < DECIDE_MS) this.#end(result, 'deadline');
      else await this.#decideOne(result, isIncident);
    }
  }

  async #decideOne(result: RefreshResult, isIncident: () => Promise<boolean>): Promise<void> {
    try {
      const incident = await isIncident();
      if (result.decide !== undefined) this.#end(result, await result.decide(incident));
    } catch (error) {
      this.#fail(result.name, error);
    }
  }

  /** Its result, if it has to queue and is not through yet. */
  async #one(name: string): Promise<QueuedResult | undefined> {
    try {
      const result = await this.#refresh(name, this.#deadline, this.#gate);
      await this.#gate.note(result);
      if (result.queued !== undefined) return { ...result, queued: result.queued };
      if (result.decide === undefined) this.#end(result, result.outcome);
      else this.#hold(result);
      // Not at the end, when calls that hang may have used up the time: who has no verdict waits until its lease is over.
      const { key } = result;
      if (key !== undefined && this.#gate.hasGranted(key)) await this.#decideHeld(key, async () => false);
    } catch (error) {
      this.#fail(name, error);
    }
    return undefined;
  }

  #hold(result: RefreshResult): void {
    const { key = '' } = result;
    const held = this.#undecided.get(key);
    if (held === undefined) this.#undecided.set(key, [result]);
    else held.push(result);
  }

  #end(result: RefreshResult, outcome: RefreshOutcome): void {
    this.#count(outcome);
    this.expiry.note(result, outcome);
  }

  #count(outcome: RefreshOutcome | 'broken'): void {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
  }

  #fail(name: string, error: unknown): void {
    this.#count('broken');
    if (error instanceof ServiceError) {
      this.#log.error('connection.failed', { connection: name, code: error.code, message: error.message });
    } else {
      this.#log.error('connection.failed', { connection: name, code: 'UNKNOWN' });
      this.unforeseen.push(error);
    }
  }
}
