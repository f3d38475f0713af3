import { Metrics as PowertoolsMetrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Metrics } from '../../core/log.ts';

/** Namespace of all of Steward's metrics. */
export const METRICS_NAMESPACE = 'Steward';

/** Metrics of one function, in the embedded metric format; each call is one line, so nothing waits for a flush. */
export function createMetrics(functionName: string): Metrics {
  const metrics = new PowertoolsMetrics({ namespace: METRICS_NAMESPACE, serviceName: functionName });
  return {
    add(name, unit, value, dimensions = {}) {
      const single = metrics.singleMetric();
      if (dimensions.provider !== undefined) single.addDimension('provider', dimensions.provider);
      single.addMetric(name, MetricUnit[unit], value);
    },
  };
}
