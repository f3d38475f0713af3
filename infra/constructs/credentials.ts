import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * Our client credentials at the providers, in Secrets Manager under one prefix.
 *
 * No secret is made here: `steward credentials set` makes them, so that no deploy ever carries or resets one. What the
 * stack has to know is where they live, and that is the prefix (DECISIONS: secrets are not in the template).
 */
export class Credentials extends Construct {
  readonly prefix: string;

  constructor(scope: Construct, id: string, props: { readonly stage: string }) {
    super(scope, id);
    this.prefix = `steward/${props.stage}/`;
  }

  /** Lets `fn` read the secrets of this stage. */
  grantRead(fn: Function): void {
    fn.addEnvironment('SECRET_PREFIX', this.prefix);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [
          Stack.of(fn).formatArn({
            service: 'secretsmanager',
            resource: 'secret',
            resourceName: `${this.prefix}*`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    );
  }
}
