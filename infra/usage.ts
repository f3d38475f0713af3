/** Requests and units of one piece of work: the bounds that tests hold the code to (RELIABILITY 6 I25, 8). */
export const WORK = {
  // The dearest, Actionstep's; Action1's takes 7 writes, OpsRamp's 4. Counted by test/contract/refresh-units.test.ts.
  refresh: { writes: 9, reads: 2, seconds: 0.35, logBytes: 300 },
  // Counted by `npm run bench alert-costs`, for a tenant with 120 open alerts; a test holds the code to it.
  alertPoll: { requests: 2, writes: 7, reads: 6, seconds: 1, logBytes: 150 },
  alertVersion: { requests: 0.75, writes: 12.5, reads: 6.5, publishes: 1, logBytes: 300 },
  publisherTick: { writes: 2, reads: 1 },
  export: { writes: 12, reads: 6, seconds: 30, puts: 6, logBytes: 3000, signatures: 1 },
} as const;

/** In one `steward.yaml`: thousands of jobs may be written with one anchor; a file that grows without bound is refused. */
export const MAX_ALIASES = 100_000;

/** How a team uses it. */
export interface Usage {
  readonly connections: number;
  /** Whose accounts they are. */
  readonly providers: number;
  readonly shards: number;
  /** In which the clients of all connections lie, spread evenly. */
  readonly secrets: number;
  /** Per connection and day. Idle: one in seven days; busy: one each time the access token nears its end. */
  readonly refreshesPerDay: number;
  readonly alertPollsPerDay: number;
  readonly alertVersionsPerDay: number;
  readonly exportsPerDay: number;
}

/** Bytes of one client in a secret that many share: its key, id and secret, as Action1 hands them out. */
export const CLIENT_BYTES = 180;
export const SECRET_BYTES = 65_536;

/** The sizes that are shown. */
export const COST_SIZES: readonly number[] = [10, 1_000, 100_000];

/** A sweep of alert jobs is then less than half full, so that an hour's backlog is gone within the next one. */
const CONNECTIONS_PER_SHARD = 1_750;

/** A managed-service provider's mix: half the connections polled each five minutes, a weekly export of each. */
export function typicalUsage(connections: number): Usage {
  const providers = 3;
  return {
    connections,
    providers,
    // Half full at most, one for each provider at least.
    secrets: Math.max(providers, Math.ceil((2 * connections * CLIENT_BYTES) / SECRET_BYTES)),
    shards: Math.ceil(connections / CONNECTIONS_PER_SHARD),
    refreshesPerDay: 12,
    alertPollsPerDay: 144,
    alertVersionsPerDay: 2,
    exportsPerDay: 1 / 7,
  };
}
