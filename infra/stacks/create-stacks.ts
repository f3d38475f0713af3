import type { App, Environment } from 'aws-cdk-lib';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from '../functions.ts';
import type { Stage } from '../stages.ts';
import { ServiceStack } from './service-stack.ts';
import { StateStack } from './state-stack.ts';
import { acknowledgeWildcards } from './wildcards.ts';

export interface Stacks {
  readonly state: StateStack;
  readonly service: ServiceStack;
}

/** Both stacks of a stage: `steward-<stage>-state` and `steward-<stage>-service`. */
export function createStacks(
  app: App,
  stage: Stage,
  options: { readonly codeOf: (name: FunctionName) => Code; readonly env: Environment },
): Stacks {
  const common = {
    stage,
    env: options.env,
    tags: { application: 'steward', stage: stage.name },
  };
  const state = new StateStack(app, `steward-${stage.name}-state`, {
    ...common,
    description: 'Steward: tables, archive, keys, topics and the public address. Kept when it is deleted.',
  });
  const service = new ServiceStack(app, `steward-${stage.name}-service`, {
    ...common,
    state,
    codeOf: options.codeOf,
    description: 'Steward: functions, routes, schedules, alarms and the dashboard. May be replaced at any time.',
  });
  acknowledgeWildcards(state, service);
  return { state, service };
}
