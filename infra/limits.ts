import { CONCURRENCY, DUE_LIMIT, PASS_MS } from '../functions/core/alerts/sweep-jobs.ts';
import { IN_FLIGHT, SPEND_BUDGET_MS } from '../functions/core/tokens/timing.ts';
import { FUNCTIONS, functionShape } from './functions.ts';
import { markdownTable } from './markdown-table.ts';
import { CLIENT_BYTES, MAX_ALIASES, SECRET_BYTES, type Usage, WORK } from './usage.ts';

/** One limit, and how near it a deployment is. */
export interface Limit {
  readonly name: string;
  /** Share of the limit in use at the mean rate; 1 is full. */
  readonly used: number;
  readonly turn: string;
}

/** Units that a partition named for a shard takes: moves of an index key, and rows of an outbox. */
const SHARD_WRITES = { refresh: 2, alertPoll: 2, alertVersion: 4 } as const;

/** Data keys of one environment's making that are in use: one per purpose in five minutes, for tokens of two hours. */
const LIVE_KEYS = 24;

interface Rates {
  readonly refreshes: number;
  readonly polls: number;
  readonly versions: number;
  readonly exports: number;
}

/** Where a deployment of this size stands against every limit that we know of, the tightest first. */
export function limits(usage: Usage): Limit[] {
  const perMinute = (perDay: number) => (usage.connections * perDay) / 1440;
  const rates: Rates = {
    refreshes: perMinute(usage.refreshesPerDay),
    polls: perMinute(usage.alertPollsPerDay),
    versions: perMinute(usage.alertVersionsPerDay),
    exports: perMinute(usage.exportsPerDay),
  };
  return [...ownLimits(usage, rates), ...accountLimits(usage, rates), ...vendorLimits(usage)].toSorted(
    (a, b) => b.used - a.used,
  );
}

/** Seconds of an invocation in which work may begin. */
function secondsOf(name: 'token-refresher' | 'alert-poller', reserveMs: number): number {
  return functionShape(name).timeoutSeconds - reserveMs / 1000;
}

/** Refreshes that one tick of one shard has time for, each taking so long. */
export function refreshesPerTick(seconds: number = WORK.refresh.seconds): number {
  return (IN_FLIGHT * secondsOf('token-refresher', SPEND_BUDGET_MS)) / seconds;
}

/** What one tick of one shard can do. */
function ownLimits({ connections, secrets, shards }: Usage, { refreshes, polls }: Rates): Limit[] {
  const passesPerTick = Math.min(
    DUE_LIMIT,
    (CONCURRENCY * secondsOf('alert-poller', PASS_MS)) / WORK.alertPoll.seconds,
  );
  return [
    { name: 'Refreshes that a tick has time for', used: refreshes / shards / refreshesPerTick(), turn: 'shards' },
    { name: 'Alert passes that a tick has time for', used: polls / shards / passesPerTick, turn: 'shards' },
    {
      name: 'Clients in one secret (64 KB)',
      used: ((connections / secrets) * CLIENT_BYTES) / SECRET_BYTES,
      turn: 'a further secret, by its name in `secret:`',
    },
    {
      name: 'Aliases in one steward.yaml',
      used: (2 * connections) / MAX_ALIASES,
      turn: 'a stage of its own for each half, or lines written out',
    },
  ];
}

/** Quotas of AWS, in the region that has the least. */
function accountLimits({ shards }: Usage, { refreshes, polls, versions, exports }: Rates): Limit[] {
  const scheduled = FUNCTIONS.filter(({ everySeconds }) => everySeconds !== undefined).length;
  const environments = scheduled * shards + (exports * WORK.export.seconds) / 60;
  const sum = (of: { readonly refresh: number; readonly alertPoll: number; readonly alertVersion: number }) =>
    (refreshes * of.refresh + polls * of.alertPoll + versions * of.alertVersion) / 60;
  const writes = sum({
    refresh: WORK.refresh.writes,
    alertPoll: WORK.alertPoll.writes,
    alertVersion: WORK.alertVersion.writes,
  });
  return [
    {
      name: 'Lambda environments of a new account (10)',
      used: environments / 10,
      turn: 'ask AWS for more concurrency (1,000 is usual)',
    },
    {
      name: 'Lambda environments of an account (1,000)',
      used: environments / 1000,
      turn: 'ask AWS for more, or spread the exports over the day',
    },
    { name: 'Ticks in one second (500)', used: (scheduled * shards) / 500, turn: 'ask AWS for more' },
    {
      name: 'Writes of a table on its first day (4,000 a second)',
      used: writes / 4000,
      turn: 'warm throughput of the table',
    },
    {
      name: 'Writes to the busiest partition (1,000 a second)',
      used: sum(SHARD_WRITES) / shards / 1000,
      turn: 'shards',
    },
    { name: 'KMS requests (5,500 a second)', used: (2 * shards * LIVE_KEYS) / 300 / 5500, turn: 'ask AWS for more' },
    { name: 'SNS publish calls (300 a second)', used: versions / 60 / 300, turn: 'ask AWS for more' },
  ];
}

/** The budget of one account at a provider; how many connections there are does not matter unless they share it. */
function vendorLimits({ alertPollsPerDay }: Usage): Limit[] {
  return [
    {
      name: 'Requests of one Action1 enterprise (25 a minute)',
      used: (alertPollsPerDay * WORK.alertPoll.requests) / 1440 / 25,
      turn: '`every` of its alert jobs',
    },
  ];
}

export function percent(used: number): string {
  return used < 0.01 ? 'under 1 %' : `${Math.round(used * 100).toLocaleString('en')} %`;
}

export function sizeText(connections: number): string {
  return connections.toLocaleString('en');
}

/** Every limit at several sizes, the tightest at the largest size first. */
export function limitTable(usages: readonly Usage[]): string {
  const last = usages.at(-1);
  const order = last === undefined ? [] : limits(last);
  const rows = order.map(({ name, turn }) => [
    name,
    ...usages.map((usage) => percent(limits(usage).find((limit) => limit.name === name)?.used ?? 0)),
    turn,
  ]);
  const sizes = usages.map(({ connections, shards }) => `>${sizeText(connections)} on ${shards}`);
  return markdownTable(['limit', ...sizes, 'turn'], rows);
}
