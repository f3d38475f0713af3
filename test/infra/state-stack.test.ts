// oxlint-disable vitest/expect-expect -- assertions on a template throw by themselves
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { STAGES, stageNamed } from '../../infra/stages.ts';
import { TABLES } from '../../infra/tables.ts';
import { actionsOf, type Statement } from './permissions.ts';
import { createTestStacks, synthesize } from './synthesize.ts';

const { state } = synthesize();

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Record<string, unknown>;
}
const resources = Object.entries((state.toJSON() as { Resources: Record<string, Resource> }).Resources);

/** Types whose loss is the loss of data, of a key to data, or of an address that somebody registered. */
const STATEFUL = [
  'AWS::ApiGatewayV2::Api',
  'AWS::DynamoDB::GlobalTable',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
];

describe('the tables', () => {
  it.each(TABLES.map((shape) => [shape.id, shape] as const))('%s is as infra/tables.ts says', (_id, shape) => {
    state.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: shape.partitionKey, KeyType: 'HASH' },
        ...(shape.sortKey === undefined ? [] : [{ AttributeName: shape.sortKey, KeyType: 'RANGE' }]),
      ],
      GlobalSecondaryIndexes: shape.indexes.map((index) =>
        Match.objectLike({ IndexName: index.name, Projection: { ProjectionType: index.projection } }),
      ),
      ...(shape.timeToLive === undefined
        ? {}
        : { TimeToLiveSpecification: { AttributeName: shape.timeToLive, Enabled: true } }),
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
          SSESpecification: { KMSMasterKeyId: Match.anyValue() },
        }),
      ],
    });
  });
});

describe('the buckets', () => {
  const buckets = Object.values(state.findResources('AWS::S3::Bucket')) as Resource[];

  it.each(buckets.map((bucket, index) => [index, bucket.Properties] as const))(
    'E10 number %i is private and forgets unfinished uploads after a day',
    (_index, bucket) => {
      expect(bucket['PublicAccessBlockConfiguration']).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(bucket['LifecycleConfiguration']).toEqual({
        Rules: expect.arrayContaining([
          expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' }),
        ]),
      });
    },
  );

  it('take TLS only', () => {
    expect(buckets).toHaveLength(3);
    const policies = Object.values(state.findResources('AWS::S3::BucketPolicy')).map((policy) =>
      JSON.stringify(policy),
    );
    expect(policies).toHaveLength(3);
    for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
  });

  it('E26 the archive is versioned, under Object Lock, and locks nothing by default', () => {
    state.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: Match.absent(),
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          Match.objectLike({
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() },
          }),
        ],
      },
    });
  });

  it('E05 the archive refuses a manifest or gap record without If-None-Match', () => {
    state.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Sid: 'ManifestsAreWrittenOnce',
            Effect: 'Deny',
            Action: 's3:PutObject',
            Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
          }),
        ]),
      },
    });
  });

  it('the rescue bucket forgets after 30 days and has no lock', () => {
    state.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockEnabled: Match.absent(),
      LifecycleConfiguration: { Rules: Match.arrayWith([Match.objectLike({ ExpirationInDays: 30 })]) },
    });
  });
});

describe('keys and topics', () => {
  it('signs with P-256', () => {
    state.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
  });

  it('rotates the keys that encrypt', () => {
    const rotating = Object.values(state.findResources('AWS::KMS::Key', { Properties: { EnableKeyRotation: true } }));
    expect(rotating).toHaveLength(2);
  });

  it('encrypts topics with our key and takes TLS only', () => {
    state.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    const policies = Object.values(state.findResources('AWS::SNS::TopicPolicy')).map((policy) =>
      JSON.stringify(policy),
    );
    expect(policies).toHaveLength(2);
    for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
  });

  it('makes a FIFO topic where the stage asks for one, without deduplication by content (A18)', () => {
    const production = stageNamed('production');
    const { state: fifo } = synthesize({ ...production, topics: { alerts: 'fifo', events: 'standard' } });
    fifo.hasResourceProperties('AWS::SNS::Topic', { FifoTopic: true, ContentBasedDeduplication: false });
  });
});

describe('the public address', () => {
  it('S70 is throttled', () => {
    const { publicRate } = stageNamed('production');
    state.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: publicRate.perSecond, ThrottlingBurstLimit: publicRate.burst },
    });
  });

  it('S72 logs neither query, path nor headers', () => {
    const [stage] = Object.values(state.findResources('AWS::ApiGatewayV2::Stage')) as [Resource];
    const { Format } = stage.Properties['AccessLogSettings'] as { Format: string };
    const variables = Object.values(JSON.parse(Format) as Record<string, string>);

    expect(variables.toSorted()).toEqual(
      [
        '$context.identity.sourceIp',
        '$context.integration.error',
        '$context.integration.status',
        '$context.requestId',
        '$context.requestTimeEpoch',
        '$context.responseLatency',
        '$context.responseLength',
        '$context.routeKey',
        '$context.status',
      ].toSorted(),
    );
  });
});

describe('what outlives a deploy', () => {
  it('is retained, all of it', () => {
    const kept = resources.filter(([, { Type }]) => STATEFUL.includes(Type));
    expect(kept.length).toBeGreaterThan(12);
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of kept) {
      expect([id, DeletionPolicy, UpdateReplacePolicy]).toEqual([id, 'Retain', 'Retain']);
    }
  });

  it.each(STAGES.map((stage) => [stage.name, stage] as const))(
    'is protected against deletion in %s',
    (_name, stage) => {
      expect(createTestStacks(stage).state.terminationProtection).toBe(true);
    },
  );

  it('names no physical resource, so that a replacement could never collide', () => {
    for (const [id, { Properties }] of resources) {
      for (const name of ['TableName', 'BucketName', 'TopicName', 'QueueName', 'LogGroupName', 'AliasName']) {
        expect([id, Object.keys(Properties ?? {}).includes(name)]).toEqual([id, false]);
      }
    }
  });
});

describe('the auditor’s role', () => {
  const id = Object.keys(state.findResources('AWS::IAM::Role')).find((each) => each.startsWith('Auditor')) ?? '';
  const statements = resources
    .filter(
      ([, { Type, Properties }]) => Type === 'AWS::IAM::Policy' && JSON.stringify(Properties['Roles']).includes(id),
    )
    .flatMap(([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);

  it('reads the archive with every version and retention, and the public key, and nothing else', () => {
    expect(statements.flatMap(actionsOf).toSorted()).toEqual([
      'kms:GetPublicKey',
      's3:GetBucketObjectLockConfiguration',
      's3:GetObject',
      's3:GetObjectLegalHold',
      's3:GetObjectRetention',
      's3:GetObjectVersion',
      's3:ListBucket',
      's3:ListBucketVersions',
    ]);
    for (const statement of statements) {
      const about = actionsOf(statement)[0]?.startsWith('kms:') === true ? 'SigningKey' : 'ArchiveBucket';
      expect(JSON.stringify(statement.Resource)).toContain(about);
      expect(JSON.stringify(statement.Resource)).not.toMatch(/Connections|State|Sealing|Rescue/);
    }
  });

  it('is for this account, and for those that the stage names', () => {
    const trusted = (accounts: readonly string[]) => {
      const stage = { ...stageNamed('production'), auditorAccounts: accounts };
      const roles = synthesize(stage).state.findResources('AWS::IAM::Role');
      return JSON.stringify(Object.entries(roles).find(([each]) => each.startsWith('Auditor'))?.[1]);
    };
    expect(trusted([])).not.toContain('111122223333');
    expect(trusted(['111122223333'])).toContain(':iam::111122223333:root');
  });
});
