// What a deployment costs in a month and which limits it meets: `node infra/costs.ts`.
import { FUNCTIONS } from './functions.ts';
import { limits, limitTable, percent, sizeText } from './limits.ts';
import { markdownTable } from './markdown-table.ts';
import { METRICS } from './metrics.ts';
import { COST_SIZES, typicalUsage, type Usage, WORK } from './usage.ts';

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
export const ALARMS = 24;

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
    (count, { perProvider, functions }) => count + functions.length * (perProvider ? usage.providers : 1),
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
    { item: 'Secrets read', dollars: secretReads(usage, refreshes) * PRICE.secretRequest },
    { item: 'S3 puts', dollars: exports * WORK.export.puts * PRICE.s3Put },
    { item: 'Logs', dollars: (sum(({ logBytes }) => logBytes) / 1e9) * PRICE.logGigabyte },
    { item: 'Keys, secrets', dollars: 3 * PRICE.kmsKeyMonth + usage.secrets * PRICE.secretMonth },
    {
      item: 'Alarms, metrics',
      dollars: ALARMS * PRICE.alarmMonth + PRICE.compositeAlarmMonth + metrics * PRICE.metricMonth,
    },
  ];
}

/** A secret is kept for three minutes in each environment that refreshes; nothing else reads one. */
function secretReads({ shards, secrets }: Usage, refreshes: number): number {
  return Math.min(refreshes, (shards * secrets * TICKS_PER_MONTH) / 3);
}

/** The table that README shows: `npm run costs` writes it there. */
export function costTable(sizes: readonly number[]): string {
  const rows = sizes.map((connections) => {
    const usage = typicalUsage(connections);
    const dollars = monthlyCosts(usage).reduce((sum, cost) => sum + cost.dollars, 0);
    const { name = '', used = 0, turn = '' } = limits(usage)[0] ?? {};
    return [sizeText(connections), String(usage.shards), dollars.toFixed(2), `${name}: ${percent(used)}`, turn];
  });
  return markdownTable(['>connections', '>shards', '>dollars a month', 'the limit met first', 'what to turn'], rows);
}

if (import.meta.main) {
  console.log(`${costTable(COST_SIZES)}\n\n${limitTable(COST_SIZES.map(typicalUsage))}`);
  for (const connections of COST_SIZES) {
    console.log(`\n${sizeText(connections)} connections`);
    for (const { item, dollars } of monthlyCosts(typicalUsage(connections))) {
      console.log(`  ${item.padEnd(20)} ${dollars.toFixed(2).padStart(10)}`);
    }
  }
}
