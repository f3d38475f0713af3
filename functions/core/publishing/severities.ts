import type { Severity } from '../alerts/source.ts';
import type { ServiceEvent } from '../events.ts';
import type { Metrics } from '../log.ts';

/** A dimension of its own would be one too many: metrics have function and provider, so the severity is in the name. */
const SEVERITY_METRICS: Readonly<Record<Severity, string>> = {
  critical: 'AlertsCritical',
  high: 'AlertsHigh',
  medium: 'AlertsMedium',
  low: 'AlertsLow',
  info: 'AlertsInfo',
};

/** Published alerts by how bad they are. */
export type SeverityCounts = Map<Severity, number>;

export function countSeverity(counts: SeverityCounts, { type, severity }: ServiceEvent): void {
  if (severity !== undefined && type.startsWith('steward.alert.'))
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
}

/** What was not published adds no line. */
export function measureSeverities(metrics: Metrics, counts: SeverityCounts): void {
  for (const [severity, count] of counts) metrics.add(SEVERITY_METRICS[severity], 'Count', count);
}
