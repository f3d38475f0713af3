import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { ACCOUNT, REGION } from './aws/account.ts';
import { type DynamoEngine, startDynamo } from './aws/dynamodb.ts';
import { startEdge } from './aws/edge.ts';
import { startKms } from './aws/kms.ts';
import { createLambdaService, type LambdaBackend } from './aws/lambda.ts';
import { startNotifications } from './aws/notifications.ts';
import { openBuckets } from './aws/s3/buckets.ts';
import { createS3Service } from './aws/s3/service.ts';
import { createSecretsManager } from './aws/secrets-manager.ts';
import { createSnsService } from './aws/sns.ts';
import { createStsService } from './aws/sts.ts';
import { createTables } from './aws/tables.ts';
import { makePrivateDirectory } from './files.ts';
import { lockDirectory } from './lock.ts';

export interface LocalCloudOptions {
  /** Where everything is kept; what lies there is there again after a restart. */
  readonly directory: string;
  /** 0, or nothing, takes any free one. */
  readonly port?: number;
  /** Dynoxide where it is installed for this platform, dynalite otherwise. */
  readonly engine?: DynamoEngine;
  /** The caller has locked the folder, and unlocks it. */
  readonly isLocked?: boolean;
}

export interface LocalResources {
  readonly connectionsTableName: string;
  readonly stateTableName: string;
  readonly archiveBucketName: string;
  readonly rescueBucketName: string;
  readonly sealingKeyArn: string;
  readonly signingKeyArn: string;
  readonly topicArns: Readonly<Record<'alerts' | 'events', string>>;
}

export interface LocalCloud {
  readonly directory: string;
  readonly engine: DynamoEngine;
  readonly endpoint: string;
  /** What a client of any AWS SDK needs in its environment to reach this cloud. */
  readonly environment: Readonly<Record<string, string>>;
  readonly resources: LocalResources;
  functionArn(name: string, version?: string): string;
  /** Makes a topic deliver raw messages to a queue of its own and returns the queue's address. */
  subscribeQueue(topic: 'alerts' | 'events', filterPolicy?: Readonly<Record<string, unknown>>): string;
  /** Puts a host of functions behind the Lambda API. */
  attachLambda(backend: LambdaBackend): void;
  stop(): Promise<void>;
}

/**
 * Everything of AWS that this service uses, on loopback, kept in a folder.
 *
 * @throws ConfigInvalidError where another instance runs in the folder, or the port is taken.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const directory = resolve(options.directory);
  makePrivateDirectory(directory);
  const unlock = options.isLocked === true ? undefined : lockDirectory(directory);
  const stops: (() => Promise<void>)[] = [async () => unlock?.()];
  const stop = async () => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    return await startServices(directory, options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServices(
  directory: string,
  options: LocalCloudOptions,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<LocalCloud> {
  let lambda: LambdaBackend | undefined;
  const kms = startKms(join(directory, 'kms.json'));
  const buckets = openBuckets(directory, [{ name: 'archive', objectLock: true }, { name: 'rescue' }]);
  const [dynamo, notifications, edge] = await Promise.all([
    startDynamo(directory, options.engine).then((started) => stopping(stops, started)),
    startNotifications(join(directory, 'notifications')).then((started) => stopping(stops, started)),
    startEdge(options.port === undefined ? {} : { port: options.port }).then((started) => stopping(stops, started)),
  ]);
  edge.route('dynamodb', { forwardTo: dynamo.endpoint });
  edge.route('sns', createSnsService(notifications.endpoint));
  edge.route('sqs', { forwardTo: notifications.endpoint });
  edge.route('s3', createS3Service(buckets));
  edge.route('kms', kms.service);
  edge.route('secretsmanager', createSecretsManager(join(directory, 'secrets.json')));
  edge.route('sts', createStsService());
  edge.route(
    'lambda',
    createLambdaService(() => lambda),
  );
  const topicArns = { alerts: notifications.createTopic('alerts'), events: notifications.createTopic('events') };
  await createTables(dynamo.endpoint);
  let queues = 0;

  return {
    directory,
    engine: dynamo.engine,
    endpoint: edge.endpoint,
    environment: {
      AWS_ENDPOINT_URL: edge.endpoint,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    resources: {
      connectionsTableName: 'connections',
      stateTableName: 'state',
      archiveBucketName: 'archive',
      rescueBucketName: 'rescue',
      sealingKeyArn: kms.sealingKeyArn,
      signingKeyArn: kms.signingKeyArn,
      topicArns,
    },
    functionArn(name, version) {
      const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
      return version === undefined ? arn : `${arn}:${version}`;
    },
    subscribeQueue(topic, filterPolicy) {
      queues += 1;
      // The same call after a restart finds its queue again; another filter gets another queue.
      const filter = createHash('sha256')
        .update(JSON.stringify(filterPolicy ?? {}))
        .digest('hex')
        .slice(0, 8);
      const queue = `${topic}-${queues}-${filter}`;
      notifications.subscribeQueue(topic, queue, filterPolicy);
      return `${edge.endpoint}/${ACCOUNT}/${queue}`;
    },
    attachLambda(backend) {
      lambda = backend;
    },
    stop,
  };
}

function stopping<T extends { stop(): Promise<void> }>(stops: (() => Promise<void>)[], started: T): T {
  stops.push(() => started.stop());
  return started;
}
