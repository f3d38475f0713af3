import { AccountPrincipal, AccountRootPrincipal, CompositePrincipal, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Archive } from './archive.ts';
import type { SigningKey } from './signing-key.ts';

export interface AuditorRoleProps {
  readonly archive: Archive;
  readonly signingKey: SigningKey;
  /** Accounts besides this one whose people may take the role; what of theirs may, their own administrators say. */
  readonly accounts: readonly string[];
}

/**
 * What an auditor needs and nothing else: to list and read the archive, every version of it with its retention, and to
 * fetch the public key. No table, no token, no secret, and nothing that writes.
 */
export class AuditorRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, { archive, signingKey, accounts }: AuditorRoleProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new CompositePrincipal(
        new AccountRootPrincipal(),
        ...accounts.map((account) => new AccountPrincipal(account)),
      ),
      description: 'Steward: reads the archive and the public key that verifies it',
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketObjectLockConfiguration'],
        resources: [archive.bucket.bucketArn],
      }),
    );
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:GetObjectLegalHold'],
        resources: [archive.bucket.arnForObjects('*')],
      }),
    );
    this.role.addToPolicy(new PolicyStatement({ actions: ['kms:GetPublicKey'], resources: [signingKey.key.keyArn] }));
  }
}
