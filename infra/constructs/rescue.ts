import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { AccessLogs } from './access-logs.ts';
import { createPrivateBucket } from './private-bucket.ts';

/** The prefix of rescued token sets (DESIGN 5.2 step 4). */
const PREFIX = 'rescue';

/**
 * Where a sealed token set goes when DynamoDB takes no commit: strongly consistent and independent of it.
 *
 * No Object Lock and no versions: what is merged is deleted, and what nobody merged is dead after 30 days anyway.
 */
export class Rescue extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: { readonly key: IKey; readonly accessLogs: AccessLogs }) {
    super(scope, id);
    this.bucket = createPrivateBucket(this, {
      key: props.key,
      accessLogs: { bucket: props.accessLogs.bucket, prefix: 'rescue/' },
      lifecycleRules: [{ id: 'Forgotten', expiration: Duration.days(30) }],
    });
  }

  /** Lets `fn` put token sets aside, find them again and clear them away. */
  grantRescue(fn: Function): void {
    fn.addEnvironment('RESCUE_BUCKET_NAME', this.bucket.bucketName);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}/*`)],
      }),
    );
    // Without it S3 answers 403 for an object that is not there, and a token is never presented again on a guess. No
    // condition on `s3:prefix`: a request for one object has none, so that the permission would not count for it.
    fn.addToRolePolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] }));
  }
}
