import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CreateKeyCommand, DescribeKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { DynamoEngine } from '../../infra/local/aws/dynamodb.ts';
import { startLocalCloud } from '../../infra/local/cloud.ts';
import { temporaryDirectory } from './local-host.ts';

/** Whether contracts are proved on an emulator that others started. */
export const IS_EMULATOR = Boolean(process.env['AWS_ENDPOINT_URL']);
/** … or on AWS itself. */
export const IS_FOREIGN = IS_EMULATOR || process.env['CONTRACT_ON'] === 'aws';

/** Options for any client of the SDK. */
interface ClientOptions {
  readonly endpoint?: string;
  readonly region: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

/** Where a contract is proved: a local cloud of this test, or something foreign. */
export interface AwsEndpoint {
  readonly client: ClientOptions;
  /** With path style where buckets are no host names. */
  readonly s3: ClientOptions & { readonly forcePathStyle: boolean };
  /** Resources of the local cloud; undefined on a foreign endpoint. */
  readonly local?: Awaited<ReturnType<typeof startLocalCloud>>;
  readonly directory: string;
  /** `archive` locks objects, `rescue` has no versions. */
  bucket(kind: 'archive' | 'rescue'): Promise<string>;
  /** ARN of a key of the state stack's kind. */
  key(kind: 'sealing' | 'signing'): Promise<string>;
  /** Done, newest first, before the endpoint is left. */
  afterwards(work: () => Promise<unknown>): void;
  stop(): Promise<void>;
}

/**
 * What reaches the foreign endpoint with nothing set but its address: emulators take any credentials, and ask for some.
 * AWS itself is never reached with made-up ones.
 */
export function foreignClient(environment: NodeJS.ProcessEnv = process.env, home: string = homedir()): ClientOptions {
  const endpoint = environment['AWS_ENDPOINT_URL'] || undefined;
  const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const isSignedIn = CREDENTIALS.some((name) => environment[name]) || existsSync(join(home, '.aws', 'credentials'));
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(endpoint === undefined || isSignedIn ? {} : { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }),
    region,
    maxAttempts: 3,
  };
}

/** Where the SDK finds credentials without asking the network. */
const CREDENTIALS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

/** Does all of it, whatever becomes of one: what cannot be taken away is told and breaks no contract. */
export async function cleanUp(works: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const work of works) {
    await work().catch((error: unknown) => {
      console.warn(`Left behind on the endpoint, take it away by hand: ${String(error)}`);
    });
  }
}

/** A contract's: the foreign endpoint where there is one, else a local cloud of this test's own. */
export async function awsEndpoint(engine?: DynamoEngine): Promise<AwsEndpoint> {
  if (!IS_FOREIGN) return localEndpoint(engine);
  const { afterwards, clean } = cleaner();
  const client = foreignClient();
  const s3 = { ...client, forcePathStyle: client.endpoint !== undefined };
  return {
    client,
    s3,
    bucket: (kind) => foreignBucket(s3, kind, afterwards),
    key: (kind) => foreignKey(client, kind, afterwards),
    directory: '',
    afterwards,
    stop: clean,
  };
}

/** A local cloud, whatever the environment says. */
export async function localEndpoint(
  engine?: DynamoEngine,
): Promise<AwsEndpoint & Required<Pick<AwsEndpoint, 'local'>>> {
  const { afterwards, clean } = cleaner();
  const folder = temporaryDirectory();
  const local = await startLocalCloud({ directory: folder.path, ...(engine === undefined ? {} : { engine }) });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = { endpoint: local.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
  const { archiveBucketName, rescueBucketName, sealingKeyArn, signingKeyArn } = local.resources;
  return {
    client,
    s3: { ...client, forcePathStyle: true },
    local,
    directory: folder.path,
    bucket: async (kind) => (kind === 'archive' ? archiveBucketName : rescueBucketName),
    key: async (kind) => (kind === 'sealing' ? sealingKeyArn : signingKeyArn),
    afterwards,
    async stop() {
      await clean();
      await local.stop();
      folder.remove();
    },
  };
}

function cleaner() {
  const works: (() => Promise<unknown>)[] = [];
  return {
    afterwards: (work: () => Promise<unknown>) => void works.push(work),
    clean: () => cleanUp(works.splice(0).toReversed()),
  };
}

/** The bucket that the environment names, or a new one, which is emptied and deleted afterwards. */
async function foreignBucket(
  options: ClientOptions & { readonly forcePathStyle: boolean },
  kind: 'archive' | 'rescue',
  afterwards: AwsEndpoint['afterwards'],
): Promise<string> {
  const named = process.env[`CONTRACT_${kind.toUpperCase()}_BUCKET`];
  if (named) return named;
  const Bucket = unique(`steward-${kind}`);
  const client = new S3Client(options);
  const LocationConstraint = options.region as 'eu-west-1';
  await client.send(
    new CreateBucketCommand({
      Bucket,
      ObjectLockEnabledForBucket: kind === 'archive',
      ...(options.region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } }),
    }),
  );
  afterwards(async () => {
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const found = [...Versions, ...DeleteMarkers];
      if (found.length === 0) break;
      for (const { Key, VersionId } of found) {
        const bypass = kind === 'archive' ? { BypassGovernanceRetention: true } : {};
        // What is kept under COMPLIANCE here is kept for seconds.
        await eventually(() => client.send(new DeleteObjectCommand({ Bucket, Key, VersionId, ...bypass })));
      }
    }
    await client.send(new DeleteBucketCommand({ Bucket }));
    client.destroy();
  });
  return Bucket;
}

/** The key that the environment names, or a new one, whose deletion is scheduled: KMS deletes none at once. */
async function foreignKey(
  options: ClientOptions,
  kind: 'sealing' | 'signing',
  afterwards: AwsEndpoint['afterwards'],
): Promise<string> {
  const client = new KMSClient(options);
  const named = process.env[`CONTRACT_${kind.toUpperCase()}_KEY`];
  if (named) {
    // An id or an alias will do: what AWS calls it is asked for.
    const { KeyMetadata: found } = await client.send(new DescribeKeyCommand({ KeyId: named }));
    client.destroy();
    return found?.Arn ?? named;
  }
  const input = kind === 'sealing' ? {} : ({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const);
  const { KeyMetadata } = await client.send(new CreateKeyCommand(input));
  const KeyId = KeyMetadata?.Arn ?? '';
  afterwards(async () => {
    await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    client.destroy();
  });
  return KeyId;
}

/** A name that no other run has. */
export function unique(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}

/** For what AWS shows a moment later: an index, a list, a subscription. Tries again until it holds. */
export async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + (IS_FOREIGN ? 30_000 : 2000);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > until) throw error;
      await setTimeout(IS_FOREIGN ? 500 : 20);
    }
  }
}
