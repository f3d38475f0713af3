import { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AccessLogs } from './access-logs.ts';
import { createPrivateBucket } from './private-bucket.ts';

/** Objects whose presence means that a window is answered: they are written once and never again. */
export const WRITTEN_ONCE = ['manifest.json', 'gap.json'] as const;

/**
 * Where exports are kept, as files that an auditor can verify.
 *
 * Versioned and under Object Lock without a default retention: retention is put on the exact versions that a manifest
 * names, so a failed attempt leaves nothing that cannot be deleted. A manifest or gap record is refused by the bucket
 * itself unless its writer says `If-None-Match` (DESIGN 5.5).
 */
export class Archive extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: { readonly key: IKey; readonly accessLogs: AccessLogs }) {
    super(scope, id);
    this.bucket = createPrivateBucket(this, {
      key: props.key,
      accessLogs: { bucket: props.accessLogs.bucket, prefix: 'archive/' },
      versioned: true,
      objectLock: true,
    });
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ManifestsAreWrittenOnce',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: WRITTEN_ONCE.map((name) => this.bucket.arnForObjects(`*/${name}`)),
        // The parts of a multipart upload carry no condition; only the request that makes the object is asked for one.
        conditions: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      }),
    );
  }

  /** How much is stored, once a day. */
  metricBytes(): IMetric {
    return new Metric({
      namespace: 'AWS/S3',
      metricName: 'BucketSizeBytes',
      dimensionsMap: { BucketName: this.bucket.bucketName, StorageType: 'StandardStorage' },
      statistic: 'Maximum',
      period: Duration.days(1),
    });
  }

  /**
   * Lets `fn` write parts and manifests, read them back, put retention on exact versions, and clear away the parts of
   * a window that was given up. What is under retention it cannot delete: it may not bypass that.
   */
  grantExport(fn: Function): void {
    fn.addEnvironment('ARCHIVE_BUCKET_NAME', this.bucket.bucketName);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: [
          's3:DeleteObjectVersion',
          's3:GetObject',
          's3:GetObjectVersion',
          's3:PutObject',
          's3:PutObjectRetention',
        ],
        resources: [this.bucket.arnForObjects('*')],
      }),
    );
    // Without it S3 answers 403 for an object that is not there, which would look like a missing permission.
    fn.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }));
  }
}
