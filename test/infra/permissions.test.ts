// oxlint-disable vitest/expect-expect -- assertions on a template throw by themselves
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../infra/functions.ts';
import { actionsOf, allowedActions, allowing, stateKinds, statementsOf } from './permissions.ts';
import { synthesize } from './synthesize.ts';

const { service, state } = synthesize();
const IDS = FUNCTIONS.map(({ name }) =>
  name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase()),
);

const who = (action: string) => IDS.filter((id) => allowedActions(service, id).includes(action));

const purposes = (id: string, action: string) =>
  allowing(service, id, action)
    .map((statement) => String(statement.Condition?.['StringEquals']?.['kms:EncryptionContext:purpose']))
    .toSorted();

describe('S87 what the roles may do', () => {
  it.each(IDS)('%s has no action with a wildcard and no resource that is one', (id) => {
    const statements = statementsOf(service, id);

    expect(statements.length).toBeGreaterThan(1);
    expect(statements.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
    expect(statements.filter(({ Resource }) => [Resource].flat().includes('*'))).toEqual([]);
  });

  it('gives no role a policy that AWS wrote', () => {
    for (const role of Object.values(service.findResources('AWS::IAM::Role'))) {
      expect((role as { Properties: object }).Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });

  it('lets nobody scan a table', () => {
    expect(IDS.flatMap((id) => allowedActions(service, id)).filter((action) => /Scan|PartiQL/.test(action))).toEqual(
      [],
    );
  });

  it('the callback cannot list connections', () => {
    const tables = allowing(service, 'OauthCallback', 'dynamodb:Query').map(({ Resource }) => JSON.stringify(Resource));
    expect(tables.filter((resource) => resource.includes('Connections'))).toEqual([]);
  });

  it.each(['ReportExport', 'AlertPoller'])('%s opens access tokens and nothing else', (id) => {
    expect(purposes(id, 'kms:Decrypt')).toEqual(['access']);
    expect(allowing(service, id, 'kms:GenerateDataKey')).toEqual([]);
  });

  it('the callback seals what it was given and opens only the verifier', () => {
    expect(purposes('OauthCallback', 'kms:Decrypt')).toEqual(['verifier']);
    expect(purposes('OauthCallback', 'kms:GenerateDataKey')).toEqual(['access', 'refresh', 'verifier']);
  });

  it.each(['ReportPoller', 'EventReceiver', 'EventPublisher'])('%s touches neither connections nor seals', (id) => {
    expect(JSON.stringify(statementsOf(service, id))).not.toMatch(/Connections|SealingKey|kms:/);
  });

  it.each(IDS)('%s uses the sealing key with a purpose only', (id) => {
    const uses = statementsOf(service, id).filter((statement) =>
      actionsOf(statement).some((a) => /^kms:(Decrypt|Gen)/.test(a)),
    );
    for (const use of uses) expect(use.Condition?.['StringEquals']).toHaveProperty('kms:EncryptionContext:purpose');
  });

  it('the sealing key denies everybody a request without a purpose', () => {
    state.hasResourceProperties('AWS::KMS::Key', {
      Description: 'Steward: seals access and refresh tokens',
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: Match.arrayWith(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey']),
            Condition: { Null: { 'kms:EncryptionContext:purpose': 'true' } },
          }),
        ]),
      },
    });
  });
});

describe('S87 who may write what', () => {
  it.each(['ReportExport', 'AlertPoller'])('%s writes one attribute of a connection', (id) => {
    const updates = allowing(service, id, 'dynamodb:UpdateItem').filter(({ Resource }) =>
      JSON.stringify(Resource).includes('Connections'),
    );

    expect(updates).toEqual([
      expect.objectContaining({
        Action: 'dynamodb:UpdateItem',
        Condition: {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['connection', 'generation', 'rejectedGeneration'] },
          Null: { 'dynamodb:Attributes': 'false' },
          StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
        },
      }),
    ]);
  });

  it('every write to state is bound to kinds of item', () => {
    const writes = IDS.flatMap((id) =>
      ['PutItem', 'UpdateItem', 'DeleteItem'].flatMap((a) => allowing(service, id, `dynamodb:${a}`)),
    ).filter(({ Resource }) => JSON.stringify(Resource).includes('FnGetAttState'));

    expect(writes.length).toBeGreaterThan(5);
    for (const { Condition } of writes) {
      expect(Condition?.['ForAllValues:StringLike']).toHaveProperty('dynamodb:LeadingKeys');
      expect(Condition?.['Null']).toEqual({ 'dynamodb:LeadingKeys': 'false' });
    }
  });

  it.each([
    ['EventReceiver', ['work']],
    ['EventPublisher', ['latency', 'lease', 'outbox', 'poison', 'published']],
    ['OauthCallback', ['authorization', 'highwater', 'outbox', 'ticket']],
  ])('%s adds items of its own kinds', (id, kinds) => {
    expect(stateKinds(service, id, 'dynamodb:PutItem')).toEqual(kinds);
  });

  it('only the publisher publishes, only the exporter writes the archive, and nobody shortens a lock', () => {
    expect(who('sns:Publish')).toEqual(['EventPublisher']);
    expect(who('s3:PutObjectRetention')).toEqual(['ReportExport']);
    expect(who('kms:Sign')).toEqual(['ReportExport']);
    expect(who('s3:DeleteObjectVersion')).toEqual(['ReportExport']);
    expect(who('s3:BypassGovernanceRetention')).toEqual([]);
    expect(who('secretsmanager:GetSecretValue')).toEqual(['OauthCallback', 'TokenRefresher']);
  });
});

describe('R21 a rescued token set that is not there', () => {
  // A request for one object carries no prefix: under a condition on it S3 answers 403, not 404, for a missing key.
  it.each(['TokenRefresher', 'OauthCallback'])('%s is told so: it may list the bucket, unconditionally', (id) => {
    const lists = allowing(service, id, 's3:ListBucket').filter(({ Resource }) =>
      JSON.stringify(Resource).includes('RescueBucket'),
    );

    expect(lists).toHaveLength(1);
    expect(lists[0]).not.toHaveProperty('Condition');
  });
});
