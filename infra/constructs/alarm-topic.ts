import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/**
 * A topic that CloudWatch may publish alarms to.
 *
 * A topic has a policy of its own that lets its account in, until it is given another one: refusing plain http takes
 * the default's place, and a service, which has no permissions in IAM, is then let in by nothing. The alarm would go
 * off all the same, and nobody would hear of it.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
 */
export function createAlarmTopic(scope: Construct, id: string, key: IKey): Topic {
  const topic = new Topic(scope, id, { enforceSSL: true, masterKey: key });
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
  return topic;
}
