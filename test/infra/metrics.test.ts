import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LOG_MEASURES, METRICS } from '../../infra/metrics.ts';
import { synthesize } from './synthesize.ts';

const root = join(import.meta.dirname, '../../functions');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, name), 'utf8'));

const emitted = [
  ...new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/metrics\.add\(\s*'([A-Za-z]+)'|^ {2}\w+: '(Alerts[A-Z][a-z]+)',$/gm)].map(
        ([, name, bySeverity]) => name ?? bySeverity ?? '',
      ),
    ),
  ),
];

/** The metrics of ours that the dashboard draws: `["Steward","TokenRefreshed",…]` in its JSON. */
const [dashboard] = Object.values(synthesize().service.findResources('AWS::CloudWatch::Dashboard')) as {
  Properties: { DashboardBody: { 'Fn::Join': [string, readonly unknown[]] } };
}[];
const body = dashboard?.Properties.DashboardBody['Fn::Join'][1].filter((part) => typeof part === 'string').join('');
const drawn = new Set([...(body ?? '').matchAll(/\["Steward","(\w+)"/g)].map(([, name = '']) => name));

it('the dashboard draws what the code emits, all of it and nothing else', () => {
  const counted = LOG_MEASURES.map(({ name }) => name as string);
  expect([...drawn].toSorted()).toEqual([...new Set([...emitted, ...counted])].toSorted());
});

it.each([
  ['health of connections', ['ReauthorizationRequired', 'AccessDenied', 'RefreshFailed', 'Authorized']],
  ['refreshes', ['TokenRefreshed']],
  ['soonest expiry', ['SoonestRefreshTokenExpiryHours']],
  ['windows done and late', ['WindowsExported', 'ExportsLate', 'WindowsGivenUp']],
  ['rows and bytes', ['RowsExported', 'BytesExported']],
  ['alerts by severity', ['AlertsCritical', 'AlertsHigh', 'AlertsMedium', 'AlertsLow', 'AlertsInfo']],
  ['latency', ['AlertLatencyMilliseconds']],
  ['backlog', ['OutboxOldestSeconds']],
  ['budget use', ['RequestsSent', 'BudgetBlocked']],
])('the dashboard shows %s', (_item, names) => {
  expect(names.filter((name) => !drawn.has(name))).toEqual([]);
});

it('the dashboard shows latency at p50 and p99, each provider’s budget, and what costs money', () => {
  for (const text of ['"stat":"p50"', '"stat":"p99"', 'budget of one account']) expect(body).toContain(text);
  for (const name of ['Invocations', 'Duration', 'ConsumedWriteCapacityUnits', 'BucketSizeBytes'])
    expect(body).toContain(`"${name}"`);
});

it('every metric that the code emits is declared, and so on the dashboard', () => {
  expect(emitted.length).toBeGreaterThan(8);
  expect(emitted.filter((name) => !(name in METRICS))).toEqual([]);
});

it('every metric that is declared, and may be alarmed on, is emitted or counted in the log', () => {
  const counted = [...emitted, ...LOG_MEASURES.map(({ name }) => name as string)];
  expect(Object.keys(METRICS).filter((name) => !counted.includes(name))).toEqual([]);
});

it('no metric is counted twice, in code and in the log', () => {
  expect(LOG_MEASURES.map(({ name }) => name).filter((name) => emitted.includes(name))).toEqual([]);
});

it('log events that are counted are written somewhere', () => {
  for (const { event } of LOG_MEASURES) expect(sources.some((text) => text.includes(`'${event}'`))).toBe(true);
});

it('log lines become metrics with the dimensions of the others', () => {
  const filters = Object.values(synthesize().service.findResources('AWS::Logs::MetricFilter')) as {
    Properties: { FilterPattern: string; MetricTransformations: [{ MetricName: string; Dimensions?: object[] }] };
  }[];
  const found = filters.find(({ Properties }) => Properties.MetricTransformations[0].MetricName === 'RefreshFailed');

  expect(found?.Properties.FilterPattern).toBe('{ $.message = "token.refused" }');
  expect(found?.Properties.MetricTransformations[0].Dimensions).toEqual([
    { Key: 'service', Value: '$.service' },
    { Key: 'provider', Value: '$.provider' },
  ]);
});
