import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ConfigInvalidError, NotFoundError, UsageError } from '../../functions/core/errors.ts';

/** Names of what a stage is made of. Keys are the outputs of its stacks, and the members of `.steward/local.json`. */
export interface StageResources {
  readonly connectionsTableName: string;
  readonly stateTableName: string;
  readonly archiveBucketName: string;
  readonly rescueBucketName: string;
  readonly sealingKeyArn: string;
  readonly signingKeyArn: string;
  readonly topicArns: Readonly<Record<string, string>>;
  readonly secretPrefix: string;
  readonly publicBaseUrl: string;
  readonly publisherFunctionName: string;
  readonly shardCount: number;
}

/** A running Steward that a command works on. */
export interface Target extends StageResources {
  readonly stage: string;
  /** What the AWS clients are made with: empty for an account (the shell's credentials and region count). */
  readonly clientOptions: {
    readonly endpoint?: string;
    readonly region?: string;
    readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** The folder of local mode. */
  readonly directory?: string;
}

/** What `npm start` writes for the commands to find it. */
export interface LocalDescription extends StageResources {
  readonly pid: number;
  readonly endpoint: string;
  readonly region: string;
}

export const LOCAL_STAGE = 'local';
/** The folder of the local service, unless another is named. */
export const LOCAL_DIRECTORY = '.steward';
const LOCAL_FILE = 'local.json';

export function localFile(directory: string): string {
  return join(directory, LOCAL_FILE);
}

/**
 * Finds what the command is to work on: the stage that was named, or the local one that runs.
 *
 * @throws NotFoundError when nothing runs here and no stage was named
 */
export async function openTarget(options: { readonly stage?: string; readonly directory: string }): Promise<Target> {
  if (options.stage !== undefined && options.stage !== LOCAL_STAGE) return openStage(stageOf(options.stage));
  const local = await openLocal(options.directory);
  if (local !== undefined) return local;
  throw new NotFoundError(
    existsSync(localFile(options.directory))
      ? `Steward in ${options.directory} has stopped. Start it again with npm start.`
      : `Nothing runs in ${options.directory}. Start it with npm start, or name a deployed stage with --stage.`,
  );
}

/** A stage by its own name, or by that of one of its stacks: `production`, `steward-production-state`. */
export function stageOf(name: string): string {
  const stage = /^steward-(.+)-(?:state|service)$/.exec(name)?.[1] ?? name;
  if (/^[a-z][a-z0-9]*$/.test(stage)) return stage;
  throw new UsageError(`${name} is no stage: say production, or the name of a stack as steward-production-state`);
}

/** The region that a stage is in, as its keys' names have it. */
export function regionOf({ signingKeyArn }: StageResources): string {
  return signingKeyArn.split(':')[3] ?? '';
}

/** The local service of a folder, if one runs. */
export async function openLocal(directory: string): Promise<Target | undefined> {
  const file = localFile(directory);
  if (!existsSync(file)) return undefined;
  const { pid, endpoint, region, ...resources } = JSON.parse(await readFile(file, 'utf8')) as LocalDescription;
  if (!isAlive(pid)) return undefined;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return { ...resources, stage: LOCAL_STAGE, directory, clientOptions: { endpoint, region, credentials } };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Reads a deployed stage from the outputs of its two stacks. */
async function openStage(stage: string): Promise<Target> {
  const client = new CloudFormationClient();
  const outputs = Object.assign(
    {},
    ...(await Promise.all(['state', 'service'].map((part) => stackOutputs(client, `steward-${stage}-${part}`)))),
  ) as Record<string, string>;
  const output = (name: string) => {
    const value = outputs[name];
    if (value === undefined)
      throw new ConfigInvalidError(
        `The stacks of stage ${stage} have no output ${name}: deploy this version first (npx cdk deploy --all)`,
      );
    return value;
  };
  return {
    stage,
    clientOptions: {},
    connectionsTableName: output('ConnectionsTableName'),
    stateTableName: output('StateTableName'),
    archiveBucketName: output('ArchiveBucketName'),
    rescueBucketName: output('RescueBucketName'),
    sealingKeyArn: output('SealingKeyArn'),
    signingKeyArn: output('SigningKeyArn'),
    topicArns: JSON.parse(output('TopicArns')) as Record<string, string>,
    secretPrefix: output('SecretPrefix'),
    publicBaseUrl: output('PublicBaseUrl'),
    publisherFunctionName: output('PublisherFunctionName'),
    shardCount: Number(output('ShardCount')),
  };
}

async function stackOutputs(client: CloudFormationClient, stackName: string): Promise<Record<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return Object.fromEntries(
      (Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/does not exist/.test(error.message)) {
      throw new NotFoundError(
        `No stack ${stackName} in this account and region. Check AWS_PROFILE and AWS_REGION, or deploy it: npx cdk deploy --all`,
        { cause: error },
      );
    }
    throw error;
  }
}
