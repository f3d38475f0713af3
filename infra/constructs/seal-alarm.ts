import { Duration } from 'aws-cdk-lib';
import { MathExpression, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { METRICS_NAMESPACE } from '../metrics.ts';
import type { AlarmSet } from './alarm-set.ts';
import type { ServiceFunction } from './service-function.ts';

/**
 * Counts broken seals in the logs of the functions that open them, and pages at the first (S80–S83).
 *
 * By the error code, which never changes, and from the log, so that no path through the code can forget to count.
 */
export function addSealAlarm(alarms: AlarmSet, openers: readonly ServiceFunction[]): void {
  const counts = openers.map((opener) => countBrokenSeals(opener));
  const usingMetrics = Object.fromEntries(counts.map((count, index) => [`m${index}`, count]));
  alarms.add({
    id: 'SealBroken',
    section: 'seal-broken',
    metric: new MathExpression({
      expression: `SUM([${Object.keys(usingMetrics).join(',')}])`,
      usingMetrics,
      period: Duration.minutes(5),
      label: 'Broken seals',
    }),
    when: 'at least',
    threshold: 1,
    periods: 1,
    silence: 'fine',
    errorImpact:
      'A stored token was changed, swapped or rolled back: its connection stands still, and somebody may have tampered.',
    pages: true,
  });
}

function countBrokenSeals(opener: ServiceFunction): Metric {
  const filter = new MetricFilter(opener, 'BrokenSeals', {
    logGroup: opener.logGroup,
    filterPattern: FilterPattern.stringValue('$.code', '=', 'SEAL_BROKEN'),
    metricNamespace: METRICS_NAMESPACE,
    metricName: `SealBroken${opener.node.id}`,
    metricValue: '1',
  });
  return filter.metric({ statistic: 'Sum', period: Duration.minutes(5) });
}
