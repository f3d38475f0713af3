import { App, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import context from '../../cdk.json' with { type: 'json' };
import { stageNamed, type Stage } from '../../infra/stages.ts';
import { createStacks, type Stacks } from '../../infra/stacks/create-stacks.ts';

/** Both stacks of a stage under the feature flags of cdk.json, with one line in place of each bundle. */
export function createTestStacks(
  stage: Stage = stageNamed('production'),
  env: Environment = { region: 'eu-west-1' },
): Stacks & { readonly app: App } {
  const app = new App({ context: context.context });
  const stacks = createStacks(app, stage, {
    codeOf: () => Code.fromInline('exports.handler = async () => {};'),
    env,
  });
  return { app, ...stacks };
}

export interface Templates {
  readonly state: Template;
  readonly service: Template;
}

export function synthesize(stage?: Stage): Templates {
  const { state, service } = createTestStacks(stage);
  return { state: Template.fromStack(state), service: Template.fromStack(service) };
}
