import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { PROVIDERS } from '../../functions/providers/registry.ts';
import { METRIC_PROVIDERS, METRICS, type MetricName } from '../metrics.ts';
import { measureAll, measureEach, measureOf } from './measures.ts';
import type { ServiceFunction } from './service-function.ts';

const PERIOD = Duration.minutes(5);
/** CloudWatch's grid is 24 wide; four graphs beside each other are still readable. */
const WIDTH = 6;
const HEIGHT = 6;

export interface ServiceDashboardProps {
  readonly stage: string;
  readonly functions: readonly ServiceFunction[];
  readonly tables: readonly TableV2[];
  readonly deadLetters: IQueue;
  readonly alarms: readonly IAlarm[];
  /** CloudWatch's own daily figure. */
  readonly archiveBytes: IMetric;
}

/** One page for the person who was woken: alarms first, then what customers get, then what it costs. */
export class ServiceDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: ServiceDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(12) });
    this.dashboard.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: 24, height: 4 }),
    );
    this.dashboard.addWidgets(...headline());
    this.row('Consent', [each('Connected', 'Authorized'), each('Not connected', 'AuthorizationFailed')]);
    this.row('Connections', [
      each('Refreshed', 'TokenRefreshed'),
      each('Refreshes that failed', 'RefreshFailed'),
      each('Soonest end', 'SoonestRefreshTokenExpiryHours'),
      graph('Needs a look', [
        all('ClientRejected'),
        all('AccessDenied'),
        all('ProviderIncident'),
        all('TokenSpilled'),
        all('SealBroken'),
      ]),
    ]);
    this.row('Exports', [
      graph('Windows', [all('WindowsExported'), all('WindowsFailed'), all('WindowsGivenUp')]),
      each('Late', 'ExportsLate'),
      each('Rows', 'RowsExported'),
      graph('Bytes', [all('BytesExported'), props.archiveBytes]),
    ]);
    this.row('Alerts and events', [
      each('Recorded states of alerts', 'AlertVersions'),
      graph('Published, by severity', SEVERITIES.map(all)),
      graph('Latency, change at the provider to SNS (ms)', latency()),
      graph('Outbox', [all('OutboxOldestSeconds'), all('EventsPublished'), all('PublishFailed')]),
    ]);
    this.row('Budgets and blindness', [
      budgetUse(),
      each('Calls put off for a used-up budget', 'BudgetBlocked'),
      each('Seconds without sight', 'BlindSeconds'),
      graph('Dead letters', [props.deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD })]),
    ]);
    this.row('What it costs', costDrivers(props));
  }

  private row(title: string, widgets: readonly IWidget[]): void {
    this.dashboard.addWidgets(new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 }));
    this.dashboard.addWidgets(...widgets);
  }
}

function headline(): IWidget[] {
  const today = Duration.days(1);
  const numbers: readonly [string, MetricName][] = [
    ['Connections that need a person, today', 'ReauthorizationRequired'],
    ['Windows exported today', 'WindowsExported'],
    ['States of alerts today', 'AlertVersions'],
    ['Events published today', 'EventsPublished'],
  ];
  return numbers.map(
    ([title, name]) =>
      new SingleValueWidget({ title, metrics: [measureAll(name, { period: today })], width: 6, height: 3 }),
  );
}

function costDrivers(props: ServiceDashboardProps): IWidget[] {
  return [
    graph(
      'Invocations',
      props.functions.map(({ function: fn, shape }) => fn.metricInvocations({ period: PERIOD, label: shape.name })),
    ),
    graph(
      'Seconds of compute',
      props.functions.map(({ function: fn, shape }) =>
        fn.metricDuration({ period: PERIOD, statistic: 'Sum', label: shape.name }),
      ),
    ),
    graph(
      'Capacity units of the tables',
      props.tables.flatMap((table) => [
        table.metricConsumedReadCapacityUnits({ period: PERIOD }),
        table.metricConsumedWriteCapacityUnits({ period: PERIOD }),
      ]),
    ),
  ];
}

const SEVERITIES = ['AlertsCritical', 'AlertsHigh', 'AlertsMedium', 'AlertsLow', 'AlertsInfo'] as const;

/** A budget is for one account; with several of a provider, the line is what one of them has. */
function budgetUse(): IWidget {
  const leftAnnotations = Object.values(PROVIDERS).map(({ title, budgets: { default: budget } }) => ({
    label: `${title}: budget of one account`,
    value: budget.perMinute * PERIOD.toMinutes(),
  }));
  const left = METRIC_PROVIDERS.map((provider) => measureOf('RequestsSent', provider, { period: PERIOD }));
  return new GraphWidget({ title: 'Requests, beside the budget', left, leftAnnotations, width: WIDTH, height: HEIGHT });
}

function latency(): IMetric[] {
  return ['p50', 'p99'].flatMap((statistic) => measureEach('AlertLatencyMilliseconds', { period: PERIOD, statistic }));
}

function all(name: MetricName): IMetric {
  return measureAll(name, { period: PERIOD });
}

function each(title: string, name: MetricName): IWidget {
  return graph(`${title}: ${METRICS[name].meaning}`, measureEach(name, { period: PERIOD }));
}

function graph(title: string, left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, width: WIDTH, height: HEIGHT });
}
