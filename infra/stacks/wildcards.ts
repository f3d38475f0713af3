import { CfnElement, type Stack, Token, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { ServiceStack } from './service-stack.ts';
import type { StateStack } from './state-stack.ts';

interface Wildcard {
  /** The resource as cdk-nag spells it. */
  readonly resource: string;
  readonly reason: string;
}

/** Every resource in a function's policy that is a pattern, with the reason. There are no others, and no action is one. */
function wildcards(state: StateStack, service: ServiceStack): Wildcard[] {
  const exporter = service.functions['report-export'].function;
  return [
    {
      resource: `${exported(state, state.archive.bucket.bucketArn)}/*`,
      reason: 'Keys of exports are functions of job and window; one bucket holds nothing else.',
    },
    {
      resource: `${exported(state, state.rescue.bucket.bucketArn)}/rescue/*`,
      reason: 'Keys of rescued token sets are functions of connection and fingerprint, under one prefix.',
    },
    {
      resource: `arn:aws:secretsmanager:${service.region}:${accountOf(service)}:secret:${state.credentials.prefix}*`,
      reason: 'Secrets are made by the operator under the prefix of the stage; their names are in steward.yaml.',
    },
    {
      resource: `<${logicalId(service, exporter.node.defaultChild)}.Arn>:*`,
      reason: 'Versions of one function: a running export goes on with its own, and Lambda authorizes against that.',
    },
  ];
}

/** Writes the list above into the template's metadata, where cdk-nag and a reviewer look for it. */
export function acknowledgeWildcards(state: StateStack, service: ServiceStack): void {
  for (const { resource, reason } of wildcards(state, service)) {
    Validations.of(service).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
  }
  const archive = logicalId(state, state.archive.bucket.node.defaultChild);
  Validations.of(state).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${archive}.Arn>/*]`,
    reason: 'An auditor reads all of the archive, whose bucket holds nothing else, and writes none of it.',
  });
}

function exported(state: StateStack, arn: string): string {
  const reference = state.resolve(state.exportValue(arn)) as { 'Fn::ImportValue': string };
  return reference['Fn::ImportValue'];
}

function accountOf(stack: Stack): string {
  return Token.isUnresolved(stack.account) ? '<AWS::AccountId>' : stack.account;
}

function logicalId(stack: Stack, resource: IConstruct | undefined): string {
  if (!CfnElement.isCfnElement(resource)) throw new TypeError('Not a resource of CloudFormation');
  return stack.getLogicalId(resource);
}
