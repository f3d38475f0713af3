// What a deployment costs in a month and which limit it meets first: `node infra/costs.ts`.
import { FUNCTIONS } from './functions.ts';
import { METRIC_PROVIDERS, METRICS } from './metrics.ts';

/** Dollars, us-east-1 list prices without the free tier (RELIABILITY 8); the last three are from the same kind of page. */
export const PRICE = {
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  kmsRequest: 3e-6,
  kmsKeyMonth: 1,
  secretMonth: 0.4,
  secretRequest: 5e-6,
  publish: 0.5e-6,
  schedule: 1e-6,
  gigabyteSecond: 0.0000133334,
  invocation: 0.2e-6,
  logGigabyte: 0.5,
  s3Put: 5e-6,
  alarmMonth: 0.1,
  compositeAlarmMonth: 0.5,
  metricMonth: 0.3,
} as const;

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

/** How a team uses it. */
export interface Usage {
  readonly connections: number;
  readonly shards: number;
  /** Per connection and day. Idle: one in seven days; busy: one each time the access token nears its end. */
  readonly refreshesPerDay: number;
  readonly alertPollsPerDay: number;
  readonly alertVersionsPerDay: number;
  readonly exportsPerDay: number;
}

/** A managed-service provider's mix: half the connections polled each five minutes, a weekly export of each. */
export function typicalUsage(connections: number): Usage {
  return {
    connections,
    shards: Math.max(1, Math.ceil(connections / 2_500)),
    refreshesPerDay: 12,
    alertPollsPerDay: 144,
    alertVersionsPerDay: 2,
    exportsPerDay: 1 / 7,
  };
}

/** How one tenant's alerts are followed. */
export interface AlertUsage {
  readonly everySeconds: number;
  readonly versionsPerDay: number;
}

/** Requests, units and dollars a month of one tenant's alerts, compute included; what stands is shared by all. */
export function tenantMonth({ everySeconds, versionsPerDay }: AlertUsage) {
  const polls = (DAYS * 86_400) / everySeconds;
  const versions = DAYS * versionsPerDay;
  const sum = (of: 'requests' | 'writes' | 'reads') => polls * WORK.alertPoll[of] + versions * WORK.alertVersion[of];
  const amounts = {
    requests: sum('requests'),
    writes: sum('writes'),
    reads: sum('reads'),
    publishCalls: versions * WORK.alertVersion.publishes,
  };
  const dollars =
    amounts.writes * PRICE.writeUnit +
    amounts.reads * PRICE.readUnit +
    amounts.publishCalls * PRICE.publish +
    (polls * WORK.alertPoll.seconds * MEMORY_GB * PRICE.gigabyteSecond) / IN_FLIGHT +
    ((polls * WORK.alertPoll.logBytes + versions * WORK.alertVersion.logBytes) * PRICE.logGigabyte) / 1e9;
  return { ...amounts, dollars };
}

export interface Cost {
  readonly item: string;
  readonly dollars: number;
}

/** Alarms of the service stack besides the composite one; a test counts them. */
export const ALARMS = 23;

const DAYS = 30;
const TICKS_PER_MONTH = DAYS * 24 * 60;
/** Polls and refreshes of one sweep run side by side, and share what Lambda bills. */
const IN_FLIGHT = 20;
const MEMORY_GB = 0.5;
/** What a sweep that finds nothing takes. */
const IDLE_TICK_SECONDS = 0.1;

/** Dollars a month, item by item. */
export function monthlyCosts(usage: Usage): Cost[] {
  const month = usage.connections * DAYS;
  const refreshes = month * usage.refreshesPerDay;
  const polls = month * usage.alertPollsPerDay;
  const versions = month * usage.alertVersionsPerDay;
  const exports = month * usage.exportsPerDay;
  const scheduled = FUNCTIONS.filter(({ everySeconds }) => everySeconds !== undefined).length;
  const ticks = TICKS_PER_MONTH * scheduled * usage.shards;
  const sum = (of: (work: Partial<Record<string, number>>) => number | undefined) =>
    refreshes * (of(WORK.refresh) ?? 0) +
    polls * (of(WORK.alertPoll) ?? 0) +
    versions * (of(WORK.alertVersion) ?? 0) +
    exports * (of(WORK.export) ?? 0);
  const sweepSeconds =
    (refreshes * WORK.refresh.seconds + polls * WORK.alertPoll.seconds) / IN_FLIGHT + ticks * IDLE_TICK_SECONDS;
  const gigabyteSeconds = sweepSeconds * MEMORY_GB + exports * WORK.export.seconds;
  const metrics = Object.values(METRICS).reduce(
    (count, { perProvider, functions }) => count + functions.length * (perProvider ? METRIC_PROVIDERS.length : 1),
    0,
  );
  return [
    { item: 'DynamoDB writes', dollars: sum(({ writes }) => writes) * PRICE.writeUnit },
    {
      item: 'Leases of outboxes',
      dollars: TICKS_PER_MONTH * usage.shards * WORK.publisherTick.writes * PRICE.writeUnit,
    },
    { item: 'DynamoDB reads', dollars: (sum(({ reads }) => reads) + ticks * 2) * PRICE.readUnit },
    { item: 'Lambda compute', dollars: gigabyteSeconds * PRICE.gigabyteSecond },
    { item: 'Lambda invocations', dollars: (ticks + versions + exports * 2) * PRICE.invocation },
    { item: 'Schedules', dollars: ticks * PRICE.schedule },
    { item: 'SNS', dollars: versions * PRICE.publish },
    { item: 'KMS requests', dollars: (ticks * 2 + exports) * PRICE.kmsRequest },
    { item: 'Secrets read', dollars: TICKS_PER_MONTH * usage.shards * PRICE.secretRequest },
    { item: 'S3 puts', dollars: exports * WORK.export.puts * PRICE.s3Put },
    { item: 'Logs', dollars: (sum(({ logBytes }) => logBytes) / 1e9) * PRICE.logGigabyte },
    { item: 'Keys, secrets', dollars: 3 * PRICE.kmsKeyMonth + METRIC_PROVIDERS.length * PRICE.secretMonth },
    {
      item: 'Alarms, metrics',
      dollars: ALARMS * PRICE.alarmMonth + PRICE.compositeAlarmMonth + metrics * PRICE.metricMonth,
    },
  ];
}

export interface Limit {
  readonly name: string;
  /** Share of the limit in use at the mean rate; 1 is full. */
  readonly used: number;
  readonly turn: string;
}

/** Where a deployment of this size stands against its limits, the tightest first. */
export function limits(usage: Usage): Limit[] {
  const perMinute = (perDay: number) => (usage.connections * perDay) / 1440;
  const refreshSeconds = perMinute(usage.refreshesPerDay) * WORK.refresh.seconds;
  const pollSeconds = perMinute(usage.alertPollsPerDay) * WORK.alertPoll.seconds;
  const writesPerSecond =
    (perMinute(usage.alertPollsPerDay) * WORK.alertPoll.writes +
      perMinute(usage.alertVersionsPerDay) * WORK.alertVersion.writes) /
    60;
  const exportsAtOnce = (perMinute(usage.exportsPerDay) * WORK.export.seconds) / 60;
  const sweepCapacity = IN_FLIGHT * 45 * usage.shards;
  return [
    { name: 'Seconds in which a refresh sweep can work', used: refreshSeconds / sweepCapacity, turn: 'shards' },
    { name: 'Seconds in which an alert sweep can work', used: pollSeconds / sweepCapacity, turn: 'shards' },
    {
      name: 'Lambda environments of a new account (10)',
      used: (4 * usage.shards + exportsAtOnce) / 10,
      turn: 'ask AWS for more concurrency (1,000 is the usual limit)',
    },
    {
      name: 'Lambda environments of an account (1,000)',
      used: (4 * usage.shards + exportsAtOnce) / 1000,
      turn: 'ask AWS for more, or spread exports over the day',
    },
    { name: 'Writes to one partition (1,000 a second)', used: writesPerSecond / usage.shards / 1000, turn: 'shards' },
  ].toSorted((a, b) => b.used - a.used);
}

/** Sizes that README shows. */
export const COST_SIZES = [10, 1_000, 100_000] as const;

/** The table that README shows: `npm run costs` writes it there. */
export function costTable(sizes: readonly number[]): string {
  const rows = sizes.map((connections) => {
    const usage = typicalUsage(connections);
    const dollars = monthlyCosts(usage).reduce((sum, cost) => sum + cost.dollars, 0);
    const [first] = limits(usage);
    const limit = first === undefined ? '' : `${first.name}: ${(first.used * 100).toFixed(0)} %. Turn: ${first.turn}`;
    return `| ${connections.toLocaleString('en')} | ${usage.shards} | ${dollars.toFixed(2)} | ${limit} |`;
  });
  return ['| connections | shards | dollars a month | tightest limit |', '| ---: | ---: | ---: | --- |', ...rows].join(
    '\n',
  );
}

if (import.meta.main) {
  console.log(costTable(COST_SIZES));
  for (const connections of COST_SIZES) {
    console.log(`\n${connections.toLocaleString('en')} connections`);
    for (const { item, dollars } of monthlyCosts(typicalUsage(connections))) {
      console.log(`  ${item.padEnd(20)} ${dollars.toFixed(2).padStart(10)}`);
    }
  }
}
