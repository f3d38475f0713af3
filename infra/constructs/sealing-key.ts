import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** What a sealed value is for; it is the `purpose` of the encryption context. */
export type Purpose = 'access' | 'refresh' | 'verifier';

/**
 * The key that seals token sets (DESIGN 5.3), apart from the one that encrypts tables.
 *
 * The purpose is part of the permission: who may open access tokens cannot open refresh tokens, and a request that
 * names no purpose is denied to everybody, the account's administrators included.
 */
export class SealingKey extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Steward: seals access and refresh tokens',
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NoUseWithoutAPurpose',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:GenerateDataKeyWithoutPlaintext',
        ],
        resources: ['*'],
        conditions: { Null: { 'kms:EncryptionContext:purpose': 'true' } },
      }),
    );
  }

  /** Lets `fn` make data keys to seal values of these purposes with. */
  grantSeal(fn: Function, purposes: readonly Purpose[]): void {
    this.allow(fn, 'kms:GenerateDataKey', purposes);
  }

  /** Lets `fn` open what was sealed for these purposes. */
  grantOpen(fn: Function, purposes: readonly Purpose[]): void {
    this.allow(fn, 'kms:Decrypt', purposes);
  }

  private allow(fn: Function, action: string, purposes: readonly Purpose[]): void {
    fn.addEnvironment('SEALING_KEY_ARN', this.key.keyArn);
    for (const purpose of purposes) {
      fn.addToRolePolicy(
        new PolicyStatement({
          actions: [action],
          resources: [this.key.keyArn],
          conditions: { StringEquals: { 'kms:EncryptionContext:purpose': purpose } },
        }),
      );
    }
  }
}
