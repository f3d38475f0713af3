/** Names of everything that the functions measure: alarms, dashboard and code read this one list. */

/** As in `functions/adapters/powertools/metrics.ts`; a test holds the two together. */
export const METRICS_NAMESPACE = 'Steward';

/** Providers that a metric may carry as a dimension. A test holds this to the registry. */
export const METRIC_PROVIDERS = ['action1', 'actionstep', 'opsramp'] as const;

export type MetricName =
  | 'AlertLatencyMilliseconds'
  | 'AlertVersions'
  | 'BlindSeconds'
  | 'BudgetBlocked'
  | 'BytesExported'
  | 'ConnectionsDue'
  | 'EventsPublished'
  | 'OutboxOldestSeconds'
  | 'PublishFailed'
  | 'ReauthorizationRequired'
  | 'RefreshFailed'
  | 'RefreshSucceeded'
  | 'RowsExported'
  | 'SoonestRefreshTokenExpiryHours'
  | 'WindowsExported'
  | 'WindowsFailed'
  | 'WindowsLate';

export interface MetricShape {
  readonly name: MetricName;
  /** CloudWatch statistic that makes sense of it. */
  readonly statistic: 'Sum' | 'Maximum' | 'Minimum' | 'p50' | 'p99';
  /** Values of the dimension `service`: the functions that emit it. */
  readonly functions: readonly string[];
  /** Whether it also carries the dimension `provider`. */
  readonly perProvider: boolean;
  /** What one unit of it is, for people. */
  readonly meaning: string;
}

export const METRICS: Readonly<Record<MetricName, MetricShape>> = {
  ConnectionsDue: metric('ConnectionsDue', 'Maximum', ['token-refresher'], false, 'connections due in one sweep'),
  RefreshSucceeded: metric('RefreshSucceeded', 'Sum', ['token-refresher'], true, 'token sets committed'),
  RefreshFailed: metric('RefreshFailed', 'Sum', ['token-refresher'], true, 'refreshes that ended without a token set'),
  SoonestRefreshTokenExpiryHours: metric(
    'SoonestRefreshTokenExpiryHours',
    'Minimum',
    ['token-refresher'],
    true,
    'hours until the first refresh token dies',
  ),
  ReauthorizationRequired: metric(
    'ReauthorizationRequired',
    'Sum',
    ['token-refresher'],
    true,
    'connections that went to reauthorization required',
  ),
  WindowsExported: metric('WindowsExported', 'Sum', ['report-export'], true, 'windows with a manifest'),
  WindowsLate: metric('WindowsLate', 'Maximum', ['report-poller'], false, 'windows past their due time'),
  WindowsFailed: metric('WindowsFailed', 'Sum', ['report-export'], true, 'attempts at a window that failed'),
  RowsExported: metric('RowsExported', 'Sum', ['report-export'], true, 'rows in manifests'),
  BytesExported: metric('BytesExported', 'Sum', ['report-export'], true, 'bytes in manifests'),
  AlertVersions: metric('AlertVersions', 'Sum', ['alert-poller'], true, 'recorded states of alerts'),
  EventsPublished: metric('EventsPublished', 'Sum', ['event-publisher'], false, 'messages that SNS took'),
  PublishFailed: metric('PublishFailed', 'Sum', ['event-publisher'], false, 'messages that SNS refused'),
  OutboxOldestSeconds: metric(
    'OutboxOldestSeconds',
    'Maximum',
    ['event-publisher'],
    false,
    'age of the oldest event not yet published',
  ),
  AlertLatencyMilliseconds: metric(
    'AlertLatencyMilliseconds',
    'p99',
    ['event-publisher'],
    false,
    'from the row in the outbox to the publish call',
  ),
  BudgetBlocked: metric(
    'BudgetBlocked',
    'Sum',
    ['alert-poller', 'report-export'],
    true,
    'calls put off because the budget of an account was used up',
  ),
  BlindSeconds: metric('BlindSeconds', 'Maximum', ['alert-poller'], true, 'time for which alerts could not be seen'),
};

function metric(
  name: MetricName,
  statistic: MetricShape['statistic'],
  functions: readonly string[],
  perProvider: boolean,
  meaning: string,
): MetricShape {
  return { name, statistic, functions, perProvider, meaning };
}
