// What `npx cdk` runs: builds the functions, picks a stage (`-c stage=staging`), makes its two stacks and checks them.
import { App, Validations } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildFunctions } from './build.ts';
import type { FunctionName } from './functions.ts';
import { type Stage, stageNamed } from './stages.ts';
import { createStacks } from './stacks/create-stacks.ts';

// The command line sets both from the profile or the environment; without credentials there is no account, and that
// is enough to synthesize.
const region = process.env['CDK_DEFAULT_REGION'] ?? 'us-east-1';
const account = process.env['CDK_DEFAULT_ACCOUNT'];

const built = await buildFunctions();
const directories = new Map(built.map(({ name, directory }) => [name, directory]));

function directoryOf(name: FunctionName): string {
  const directory = directories.get(name);
  if (directory === undefined) throw new RangeError(`The build made no bundle of ${name}`);
  return directory;
}

const app = new App();

function chosenStage(): Stage {
  try {
    return stageNamed(String(app.node.tryGetContext('stage') ?? 'production'));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

createStacks(app, chosenStage(), {
  codeOf: (name) => Code.fromAsset(directoryOf(name)),
  env: { region, ...(account === undefined ? {} : { account }) },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();
