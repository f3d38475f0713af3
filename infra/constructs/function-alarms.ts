import { Duration } from 'aws-cdk-lib';
import type { FunctionShape } from '../functions.ts';
import type { AlarmSet, AlarmShape } from './alarm-set.ts';
import type { ServiceFunction } from './service-function.ts';

/** Alarms look at spans of this length, so that one late tick is no news. */
const PERIOD = Duration.minutes(5);

/** Functions whose failure can wait until morning: what they miss is made up without loss. */
const CAN_WAIT: ReadonlySet<FunctionShape['name']> = new Set(['report-poller', 'report-export', 'event-receiver']);

/** "Fails" for every function, "not running" for those that a schedule drives. */
export function addFunctionAlarms(alarms: AlarmSet, target: ServiceFunction, shards: number): void {
  const { shape } = target;
  const common = { errorImpact: shape.errorImpact, pages: !CAN_WAIT.has(shape.name) };
  alarms.add({
    ...common,
    id: `${target.node.id}Fails`,
    section: `${shape.name}-fails`,
    metric: target.function.metricErrors({ period: PERIOD }),
    when: 'at least',
    threshold: 1,
    periods: 3,
    silence: 'fine',
  });
  if (shape.everySeconds !== undefined) alarms.add({ ...common, ...notRunning(target, shape.everySeconds, shards) });
}

/**
 * Fewer invocations than all shards but one would make, three spans in a row: then one shard's schedule at least is
 * dead, whatever the others do.
 */
function notRunning(
  target: ServiceFunction,
  everySeconds: number,
  shards: number,
): Omit<AlarmShape, 'errorImpact' | 'pages'> {
  const ticksOfOneShard = Math.floor(PERIOD.toSeconds() / everySeconds);
  return {
    id: `${target.node.id}NotRunning`,
    section: `${target.shape.name}-not-running`,
    metric: target.function.metricInvocations({ period: PERIOD }),
    when: 'less than',
    threshold: (shards - 1) * ticksOfOneShard + 1,
    periods: 3,
    silence: 'alarming',
  };
}
