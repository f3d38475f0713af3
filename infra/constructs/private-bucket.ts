import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface PrivateBucketProps {
  /** Absent for the bucket of access logs: S3 delivers those with its own encryption only. */
  readonly key?: IKey;
  readonly accessLogs?: { readonly bucket: Bucket; readonly prefix: string };
  readonly versioned?: boolean;
  readonly objectLock?: boolean;
  readonly lifecycleRules?: readonly LifecycleRule[];
}

/** What all buckets have in common: TLS only, never public, no ACLs, unfinished uploads gone after a day (E10, I23). */
export function createPrivateBucket(scope: Construct, props: PrivateBucketProps): Bucket {
  return new Bucket(scope, 'Bucket', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    ...(props.key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: props.key, bucketKeyEnabled: true }),
    ...(props.accessLogs === undefined
      ? {}
      : {
          serverAccessLogsBucket: props.accessLogs.bucket as IBucket,
          serverAccessLogsPrefix: props.accessLogs.prefix,
        }),
    versioned: props.versioned ?? false,
    ...(props.objectLock === true ? { objectLockEnabled: true } : {}),
    lifecycleRules: [
      { id: 'UnfinishedUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ...(props.lifecycleRules ?? []),
    ],
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
