import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { LOG_MEASURES, type LogMeasure, METRICS, METRICS_NAMESPACE } from '../metrics.ts';
import type { ServiceFunction } from './service-function.ts';

/** Turns log lines of a function into metrics with the same dimensions as those that it writes itself. */
export function addLogMeasures(target: ServiceFunction): void {
  for (const measure of LOG_MEASURES.filter((each) => each.function === target.shape.name)) {
    new MetricFilter(target, measure.name, {
      logGroup: target.logGroup,
      filterPattern: patternOf(measure),
      metricNamespace: METRICS_NAMESPACE,
      metricName: measure.name,
      metricValue: measure.value,
      dimensions: {
        service: '$.service',
        ...(METRICS[measure.name].perProvider ? { provider: '$.provider' } : {}),
      },
    });
  }
}

function patternOf({ event, where }: LogMeasure): IFilterPattern {
  const ofEvent = FilterPattern.stringValue('$.message', '=', event);
  if (where === undefined) return ofEvent;
  return FilterPattern.all(ofEvent, FilterPattern.stringValue(`$.${where.field}`, '=', where.is));
}
