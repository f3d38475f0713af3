import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../infra/stages.ts';
import { createTestStacks } from './synthesize.ts';

const region = 'eu-west-1';

describe.each(STAGES.map((stage) => [stage.name, stage] as const))('the stacks of %s', (_name, stage) => {
  it.each([
    ['with no account known', { region }],
    ['for one account', { region, account: '123456789012' }],
  ])('%s satisfy AWS Solutions checks, but for what is acknowledged with a reason', (_case, env) => {
    const { app, state, service } = createTestStacks(stage, env);
    app.synth();
    const checks = new AwsSolutionsChecks(app);
    const findings = [state, service].flatMap((stack) =>
      checks.validateScope(stack).violations.map((violation) => JSON.stringify(violation)),
    );

    expect(findings).toEqual([]);
  });
});
