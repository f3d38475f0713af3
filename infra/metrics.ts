import { PROVIDERS } from '../functions/providers/registry.ts';

/** Names of everything that the functions measure: alarms, dashboard and code read this one list. */

/** As in `functions/adapters/powertools/metrics.ts`; a test holds the two together. */
export const METRICS_NAMESPACE = 'Steward';

/** Providers that a metric may carry as a dimension. */
export const METRIC_PROVIDERS: readonly string[] = Object.keys(PROVIDERS);

export type MetricName =
  | 'AccessDenied'
  | 'AlertsCritical'
  | 'AlertsHigh'
  | 'AlertsInfo'
  | 'AlertsLow'
  | 'AlertsMedium'
  | 'AlertLatencyMilliseconds'
  | 'AlertVersions'
  | 'AuthorizationFailed'
  | 'Authorized'
  | 'BlindSeconds'
  | 'BudgetBlocked'
  | 'BytesExported'
  | 'ClientRejected'
  | 'EventsPublished'
  | 'ExportsLate'
  | 'WindowsGivenUp'
  | 'OutboxOldestSeconds'
  | 'ProviderIncident'
  | 'PublishFailed'
  | 'ReauthorizationRequired'
  | 'RefreshFailed'
  | 'RequestsSent'
  | 'RowsExported'
  | 'SealBroken'
  | 'SoonestRefreshTokenExpiryHours'
  | 'TokenRefreshed'
  | 'TokenSpilled'
  | 'WindowsExported'
  | 'WindowsFailed';

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
  Authorized: metric('Authorized', 'Sum', ['oauth-callback'], true, 'accounts connected'),
  AuthorizationFailed: metric(
    'AuthorizationFailed',
    'Sum',
    ['oauth-callback'],
    true,
    'answers of providers that connected nothing',
  ),
  TokenRefreshed: metric('TokenRefreshed', 'Sum', ['token-refresher'], true, 'token sets committed'),
  RefreshFailed: metric('RefreshFailed', 'Sum', ['token-refresher'], true, 'refreshes that ended without a token set'),
  ClientRejected: metric(
    'ClientRejected',
    'Sum',
    ['token-refresher'],
    true,
    'refreshes refused because of our own credentials',
  ),
  ProviderIncident: metric(
    'ProviderIncident',
    'Sum',
    ['token-refresher'],
    false,
    'refusals of so many connections at once that the provider is to blame',
  ),
  TokenSpilled: metric('TokenSpilled', 'Sum', ['token-refresher'], true, 'token sets that went to the rescue bucket'),
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
  AccessDenied: metric(
    'AccessDenied',
    'Sum',
    ['token-refresher'],
    true,
    'connections whose fresh tokens are refused all the same',
  ),
  SealBroken: metric('SealBroken', 'Sum', ['token-refresher'], true, 'seals that did not open'),
  WindowsExported: metric('WindowsExported', 'Sum', ['report-export'], false, 'windows with a manifest'),
  ExportsLate: metric('ExportsLate', 'Sum', ['report-poller'], true, 'looks at a job whose export is late'),
  WindowsGivenUp: metric(
    'WindowsGivenUp',
    'Sum',
    ['report-export'],
    false,
    'windows that ended as a gap in the evidence',
  ),
  WindowsFailed: metric('WindowsFailed', 'Sum', ['report-export'], false, 'attempts at a window that failed'),
  RowsExported: metric('RowsExported', 'Sum', ['report-export'], false, 'rows in manifests'),
  BytesExported: metric('BytesExported', 'Sum', ['report-export'], false, 'bytes of parts in manifests'),
  RequestsSent: metric(
    'RequestsSent',
    'Sum',
    ['alert-poller', 'report-export'],
    true,
    'requests to the provider’s API, which its budget is for',
  ),
  AlertsCritical: published('AlertsCritical'),
  AlertsHigh: published('AlertsHigh'),
  AlertsMedium: published('AlertsMedium'),
  AlertsLow: published('AlertsLow'),
  AlertsInfo: published('AlertsInfo'),
  AlertVersions: metric('AlertVersions', 'Sum', ['alert-poller'], true, 'recorded states of alerts'),
  EventsPublished: metric('EventsPublished', 'Sum', ['event-publisher'], false, 'messages that SNS took'),
  PublishFailed: metric('PublishFailed', 'Sum', ['event-publisher'], false, 'messages that SNS did not take'),
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
    'from a change at the provider to SNS, where the provider says when it was',
  ),
  BudgetBlocked: metric(
    'BudgetBlocked',
    'Sum',
    ['alert-poller'],
    true,
    'polls put off because the budget of an account was used up',
  ),
  BlindSeconds: metric('BlindSeconds', 'Maximum', ['alert-poller'], true, 'time for which alerts could not be seen'),
};

function published(name: MetricName): MetricShape {
  return metric(name, 'Sum', ['event-publisher'], false, 'published states of alerts of that severity');
}

function metric(
  name: MetricName,
  statistic: MetricShape['statistic'],
  functions: readonly string[],
  perProvider: boolean,
  meaning: string,
): MetricShape {
  return { name, statistic, functions, perProvider, meaning };
}

/** A metric that is counted in a function's log: the line is written anyway, and says the same. */
export interface LogMeasure {
  readonly name: MetricName;
  readonly function: string;
  /** The log event, as `functions/core/log.ts` has it; Powertools writes it as `message`. */
  readonly event: string;
  /** Only lines in which this field has this value. */
  readonly where?: { readonly field: string; readonly is: string };
  /** `1`, or the field that is summed. */
  readonly value: string;
}

export const LOG_MEASURES: readonly LogMeasure[] = [
  { name: 'RefreshFailed', function: 'token-refresher', event: 'token.refused', value: '1' },
  { name: 'WindowsFailed', function: 'report-export', event: 'export.stopped', value: '1' },
  {
    name: 'WindowsGivenUp',
    function: 'report-export',
    event: 'export.finished',
    where: { field: 'state', is: 'gap' },
    value: '1',
  },
  {
    name: 'WindowsExported',
    function: 'report-export',
    event: 'export.finished',
    where: { field: 'state', is: 'exported' },
    value: '1',
  },
  {
    name: 'BytesExported',
    function: 'report-export',
    event: 'export.finished',
    where: { field: 'state', is: 'exported' },
    value: '$.bytes',
  },
  {
    name: 'RequestsSent',
    function: 'report-export',
    event: 'export.finished',
    where: { field: 'state', is: 'exported' },
    value: '$.requests',
  },
  { name: 'RequestsSent', function: 'alert-poller', event: 'alert.polled', value: '$.requests' },
  {
    name: 'RowsExported',
    function: 'report-export',
    event: 'export.finished',
    where: { field: 'state', is: 'exported' },
    value: '$.rows',
  },
];
