import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../infra/stages.ts';
import { createTestStacks } from './synthesize.ts';

describe.each(STAGES.map((stage) => [stage.name, stage] as const))('the stacks of %s', (_name, stage) => {
  it('satisfy AWS Solutions checks, but for what is acknowledged with a reason', () => {
    const { app, state, service } = createTestStacks(stage);
    app.synth();
    const checks = new AwsSolutionsChecks(app);
    const findings = [state, service].flatMap((stack) =>
      checks.validateScope(stack).violations.map((violation) => JSON.stringify(violation)),
    );

    expect(findings).toEqual([]);
  });
});
