import type { OutboxRow } from '../events.ts';

/** A webhook that we registered: whose it is and which alert job it feeds. */
export interface Hook {
  readonly connection: string;
  readonly provider: string;
  /** Name in the configuration. */
  readonly name: string;
  readonly job: string;
  readonly shard: string;
  /** SHA-256 of the secret in its path, hex. */
  readonly secretHash: string;
}

/** What the configuration says of a webhook. */
export interface HookWish {
  readonly connection: string;
  readonly provider: string;
  readonly name: string;
  readonly job: string;
  readonly shard: string;
  readonly events: readonly string[];
}

/** That the vendor has switched a webhook off, or lost it. */
export interface HookAbsence {
  /** When the keeper found it so. */
  readonly at: Date;
  /** Until then it was on, as far as anybody knows. */
  readonly since: Date;
  readonly events: readonly string[];
}

/** A webhook that the configuration wants, and what the keeper knows of it. */
export interface WantedHook extends HookWish {
  /** Names the one that stands for it, once there is one. */
  readonly secretHash?: string;
  /** When the keeper last found everything in order, and for which events. */
  readonly keptAt?: Date;
  readonly keptEvents?: readonly string[];
  /** Absent while it is on. */
  readonly off?: HookAbsence;
  /** It has been wanted otherwise since it was kept. */
  readonly changed?: boolean;
}

export interface HookStore {
  find(connection: string, secretHash: string): Promise<Hook | undefined>;
  put(hook: Hook, now: Date): Promise<void>;
  remove(connection: string, secretHash: string): Promise<void>;
  list(connection: string): Promise<readonly Hook[]>;
  /** Wants a webhook, or wants it otherwise; the keeper sees to it soon. */
  want(hook: HookWish): Promise<void>;
  /** Wants it no longer: what still comes in is answered with 404, at which the vendor switches it off. */
  unwant(connection: string, name: string): Promise<void>;
  wanted(connection: string): Promise<readonly WantedHook[]>;
  /** Notes that the vendor has switched it off, with the events that say so. One that is known to be off says nothing. */
  foundOff(hook: WantedHook, off: HookAbsence, rows: readonly OutboxRow[]): Promise<void>;
  /** Notes that the webhook stands, under the secret with this hash, with the events that say so. */
  kept(hook: WantedHook, secretHash: string, rows: readonly OutboxRow[], now: Date): Promise<void>;
}
