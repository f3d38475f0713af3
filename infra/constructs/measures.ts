import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_PROVIDERS, METRICS, METRICS_NAMESPACE, type MetricName } from '../metrics.ts';

interface MeasureOptions {
  readonly period: Duration;
  readonly statistic?: string;
}

/** One of our metrics as the functions emit it: a time series for each function and, where it has them, provider. */
function series(name: MetricName, { period, statistic }: MeasureOptions): Metric[] {
  const shape = METRICS[name];
  const providers = shape.perProvider ? METRIC_PROVIDERS : [undefined];
  return shape.functions.flatMap((service) =>
    providers.map(
      (provider) =>
        new Metric({
          namespace: METRICS_NAMESPACE,
          metricName: name,
          dimensionsMap: { service, ...(provider === undefined ? {} : { provider }) },
          statistic: statistic ?? shape.statistic,
          period,
          label: provider ?? service,
        }),
    ),
  );
}

/** One line per provider, or per function, for a graph. */
export function measureEach(name: MetricName, options: MeasureOptions): IMetric[] {
  return series(name, options);
}

/** All functions of one provider in one number. */
export function measureOf(name: MetricName, provider: string, options: MeasureOptions): IMetric {
  const all = series(name, options).filter(({ dimensions }) => dimensions?.['provider'] === provider);
  return folded(name, all, options, provider);
}

/** All providers and functions in one number: sums are added, of maxima the highest is taken, of minima the lowest. */
export function measureAll(name: MetricName, options: MeasureOptions): IMetric {
  return folded(name, series(name, options), options, name);
}

function folded(name: MetricName, all: readonly Metric[], { period }: MeasureOptions, label: string): IMetric {
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  const usingMetrics = Object.fromEntries(all.map((metric, index) => [idOf(`${label}${name}`, index), metric]));
  const names = `[${Object.keys(usingMetrics).join(',')}]`;
  const fold = { Sum: 'SUM', Minimum: 'MIN', Maximum: 'MAX', p50: 'MAX', p99: 'MAX' }[METRICS[name].statistic];
  return new MathExpression({ expression: `${fold}(${names})`, usingMetrics, period, label });
}

/** Ids have to be unique within a graph, begin in lower case, and are seen by nobody. */
function idOf(name: string, index: number): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1).replaceAll(/\W/g, '_')}${index}`;
}
