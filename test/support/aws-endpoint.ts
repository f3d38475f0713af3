import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
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

/** Whether contracts are proved on something that others started: what `AWS_ENDPOINT_URL` names, or AWS itself. */
export const IS_FOREIGN = process.env['AWS_ENDPOINT_URL'] !== undefined || process.env['CONTRACT_ON'] === 'aws';

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

export function foreignClient(): ClientOptions {
  const endpoint = process.env['AWS_ENDPOINT_URL'];
  const region = process.env['AWS_REGION'] ?? 'us-east-1';
  return { ...(endpoint === undefined ? {} : { endpoint }), region, maxAttempts: 3 };
}

export async function awsEndpoint(engine?: DynamoEngine): Promise<AwsEndpoint> {
  const cleaning: (() => Promise<unknown>)[] = [];
  const afterwards = (work: () => Promise<unknown>) => void cleaning.push(work);
  const clean = async () => {
    for (const work of cleaning.splice(0).toReversed()) await work();
  };
  if (IS_FOREIGN) {
    const client = foreignClient();
    const s3 = { ...client, forcePathStyle: client.endpoint !== undefined };
    const bucket = (kind: 'archive' | 'rescue') => foreignBucket(s3, kind, afterwards);
    return {
      client,
      s3,
      bucket,
      key: (kind) => foreignKey(client, kind, afterwards),
      directory: '',
      afterwards,
      stop: clean,
    };
  }
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

/** The bucket that the environment names, or a new one, which is emptied and deleted afterwards. */
async function foreignBucket(
  options: ClientOptions & { readonly forcePathStyle: boolean },
  kind: 'archive' | 'rescue',
  afterwards: AwsEndpoint['afterwards'],
): Promise<string> {
  const named = process.env[`CONTRACT_${kind.toUpperCase()}_BUCKET`];
  if (named !== undefined) return named;
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
  const named = process.env[`CONTRACT_${kind.toUpperCase()}_KEY`];
  if (named !== undefined) return named;
  const client = new KMSClient(options);
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
