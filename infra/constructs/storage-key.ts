import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

/** What a service does with the key on behalf of whoever may use the table, bucket or topic. Listed: no wildcard. */
const THROUGH_A_SERVICE = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:DescribeKey',
];

/**
 * Encrypts tables, buckets and topics at rest. It seals no token: that is `SealingKey`.
 *
 * Nobody is granted it by name. DynamoDB, S3 and SNS may use it for callers of this account that those services let
 * in, the way AWS's own keys work, so that access to data is decided in one place: the grant on the table or bucket.
 */
export class StorageKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Steward: encrypts tables, buckets and topics at rest',
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const ofThisAccount = { 'kms:CallerAccount': Aws.ACCOUNT_ID };
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ThroughTheServicesThatStoreData',
        principals: [new AnyPrincipal()],
        actions: THROUGH_A_SERVICE,
        resources: ['*'],
        conditions: {
          StringEquals: {
            ...ofThisAccount,
            'kms:ViaService': ['dynamodb', 's3', 'sns'].map((name) => `${name}.${Aws.REGION}.amazonaws.com`),
          },
        },
      }),
    );
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TablesKeepAGrant',
        principals: [new AnyPrincipal()],
        actions: ['kms:CreateGrant'],
        resources: ['*'],
        conditions: {
          StringEquals: { ...ofThisAccount, 'kms:ViaService': `dynamodb.${Aws.REGION}.amazonaws.com` },
          Bool: { 'kms:GrantIsForAWSResource': 'true' },
        },
      }),
    );
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsReachTheirTopic',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
  }
}
