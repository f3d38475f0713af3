import { expect, it } from 'vitest';
import {
  countSeverity,
  measureSeverities,
  type SeverityCounts,
} from '../../../../functions/core/publishing/severities.ts';
import type { ServiceEvent } from '../../../../functions/core/events.ts';

it('counts published alerts by severity, in the name of the metric, and nothing else', () => {
  const added: unknown[] = [];
  const counts: SeverityCounts = new Map();
  const event = (type: string, severity?: ServiceEvent['severity']) => ({ type, severity }) as ServiceEvent;
  for (const each of [
    event('steward.alert.opened', 'critical'),
    event('steward.alert.resolved', 'critical'),
    event('steward.alert.changed', 'low'),
    event('steward.alert.opened', 'high'),
    event('steward.alert.opened', 'medium'),
    event('steward.alert.opened', 'info'),
    event('steward.export.completed', 'critical'),
    event('steward.alert.digest'),
  ])
    countSeverity(counts, each);
  measureSeverities({ add: (...args) => void added.push(args) }, counts);
  expect(added).toEqual([
    ['AlertsCritical', 'Count', 2],
    ['AlertsLow', 'Count', 1],
    ['AlertsHigh', 'Count', 1],
    ['AlertsMedium', 'Count', 1],
    ['AlertsInfo', 'Count', 1],
  ]);
});
