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

/** A webhook that the configuration wants. `secretHash` names the one that stands for it, once there is one. */
export interface WantedHook {
  readonly connection: string;
  readonly provider: string;
  readonly name: string;
  readonly job: string;
  readonly shard: string;
  readonly events: readonly string[];
  readonly secretHash?: string;
  /** When the keeper last found everything in order. */
  readonly keptAt?: Date;
}

export interface HookStore {
  find(connection: string, secretHash: string): Promise<Hook | undefined>;
  put(hook: Hook, now: Date): Promise<void>;
  remove(connection: string, secretHash: string): Promise<void>;
  list(connection: string): Promise<readonly Hook[]>;
  /** Wants a webhook, or wants it otherwise; the keeper sees to it soon. */
  want(hook: Omit<WantedHook, 'secretHash' | 'keptAt'>): Promise<void>;
  /** Wants it no longer: what still comes in is answered with 404, at which the vendor switches it off. */
  unwant(connection: string, name: string): Promise<void>;
  wanted(connection: string): Promise<readonly WantedHook[]>;
  /** Notes that the webhook stands, under the secret with this hash. */
  kept(hook: WantedHook, secretHash: string, now: Date): Promise<void>;
}
