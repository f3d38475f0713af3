import type { NewObject } from '../../functions/core/reports/archive.ts';
import { parseRecord } from '../../functions/core/reports/manifest.ts';
import type { OutboxPage, StoredRow } from '../../functions/core/publishing/outbox-store.ts';
import type { AttemptKey, NewAttempt, SealedWindow } from '../../functions/core/schedules/window-store.ts';
import type { Fault } from './faults.ts';
import { ChainTrace } from './model/trace-chain.ts';
import { OutboxTrace } from './model/trace-outbox.ts';
import { Numbers, refusedByModel } from './model/trace.ts';
import type { Invocation } from './scheduler.ts';
import type { Cloud } from './state.ts';

/** One effect on a port, about to take place. */
export interface Step {
  readonly invocation: Invocation;
  readonly effect: string;
  readonly args: readonly unknown[];
  readonly fault: Fault | undefined;
}

/**
 * The trace check: every step that the simulation takes on a connection's item, the outbox or a chain is one that the
 * explored models have. What they do not speak of may change as it likes.
 */
export class TraceCheck {
  readonly refusals: string[] = [];
  readonly outbox: OutboxTrace;
  readonly chain: ChainTrace;
  readonly #cloud: Cloud;
  readonly #mayOverlap: () => boolean;
  readonly #wasPutBack: (since: number) => boolean;
  readonly #numbers = new Numbers();
  #items = 0;

  /**
   * `mayOverlap`: clocks are beyond their allowance, which the models do not have. `wasPutBack`: neither have they a table
   * that forgets an attempt while it is at work; what comes of its record the chain's own check tells in the end.
   */
  constructor(cloud: Cloud, mayOverlap: () => boolean, wasPutBack: (since: number) => boolean) {
    this.#cloud = cloud;
    this.#wasPutBack = wasPutBack;
    this.#mayOverlap = mayOverlap;
    this.outbox = new OutboxTrace(cloud.tables);
    this.chain = new ChainTrace(cloud.windows, cloud.archive);
  }

  get steps(): number {
    return this.#items + this.outbox.steps + this.chain.steps;
  }

  /** Lets a step take place, and asks the model about it. */
  async through<T>(step: Step, call: () => Promise<T>): Promise<T> {
    const judge = this.#judge(step);
    if (judge === undefined) return call();
    const value = await call();
    const refusal = judge(value);
    if (refusal !== undefined && !this.#mayOverlap()) this.refusals.push(`model: ${step.invocation.key}: ${refusal}`);
    return value;
  }

  /** What is remembered of the state before a step, as the question that is asked after it. */
  #judge({ effect, args, invocation }: Step): ((value: unknown) => string | undefined) | undefined {
    const { key } = invocation;
    if (effect.startsWith('store.')) return this.#item(effect, args);
    switch (effect) {
      case 'outbox.acquire': {
        const [shard, owner, now] = args as [string, string, Date];
        const before = this.#cloud.tables.leases.get(shard);
        const held = before && { ...before };
        return (taken) => (taken === true ? this.outbox.taken(held, owner, now) : undefined);
      }
      case 'outbox.read':
        return (page) => {
          this.outbox.read(key, (page as OutboxPage).rows, args[2] === undefined);
          return undefined;
        };
      case 'outbox.markPublished':
        return () => this.outbox.marked(key, args[1] as readonly StoredRow[]);
      case 'windows.begin': {
        const [attempt] = args as [NewAttempt];
        const conditions = this.chain.beginning(attempt);
        return () => this.chain.begun(attempt.job, conditions);
      }
      case 'archive.create': {
        const [object] = args as [NewObject];
        if (this.#wasPutBack(invocation.startedAt)) return undefined;
        const isTaken = this.#isTaken(object);
        return (answer) => ((answer as { created: boolean }).created ? this.chain.written(object, isTaken) : undefined);
      }
      case 'windows.seal': {
        const [attempt, , sealed] = args as [AttemptKey, string, SealedWindow];
        const window = this.#cloud.windows.windows.get(`${attempt.job} ${attempt.from.toISOString()}`);
        // Its own earlier success is a success.
        if (window?.sealed?.manifestSha256 === sealed.manifestSha256) return undefined;
        const head = this.chain.head(attempt.job);
        return () => this.chain.sealed(attempt, sealed, head);
      }
      default:
        return undefined;
    }
  }

  #item(effect: string, args: readonly unknown[]): (value: unknown) => string | undefined {
    const { items } = this.#cloud.connections;
    const name = connectionOf(args);
    const before = items.get(name);
    return () => {
      const after = items.get(name);
      if (before !== after) this.#items += 1;
      const refusal = refusedByModel({ effect, args, before, after }, this.#numbers);
      return refusal === undefined ? undefined : `${name}: ${effect}: ${refusal}`;
    };
  }

  /** Of a window there may be one record, a manifest or a gap record, and beside a gap record the export that fills it. */
  #isTaken({ key, bytes }: NewObject): boolean {
    const record = parseRecord(bytes);
    const fills = record?.kind === 'export' && record.fills !== undefined;
    const prefix = key.slice(0, key.lastIndexOf('/') + 1);
    const records = fills ? [key] : ['manifest.json', 'gap.json'].map((name) => `${prefix}${name}`);
    return records.some((one) => this.#cloud.archive.objects.has(one));
  }
}

/** Whose item a call of the connections' port is about. */
export function connectionOf([first]: readonly unknown[]): string {
  return typeof first === 'string' ? first : ((first as { readonly name?: string } | undefined)?.name ?? '');
}
