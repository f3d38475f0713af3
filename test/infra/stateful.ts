import type { Template } from 'aws-cdk-lib/assertions';

/**
 * Properties whose change makes CloudFormation put another resource in a stateful one's place ("Update requires:
 * Replacement"), or that cannot be changed at all.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
 */
export const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGatewayV2::Api': ['ProtocolType', 'Name'],
  'AWS::ApiGatewayV2::Stage': ['ApiId', 'StageName'],
  'AWS::DynamoDB::GlobalTable': [
    'TableName',
    'KeySchema',
    'LocalSecondaryIndexes',
    'AttributeDefinitions',
    'GlobalSecondaryIndexes',
  ],
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  'AWS::Logs::LogGroup': ['LogGroupName', 'LogGroupClass'],
  'AWS::S3::Bucket': ['BucketName', 'ObjectLockEnabled'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
};

/** A stateful resource as it was recorded; what it does not name is not in the template. */
export interface StatefulResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The stateful resources of a template by their logical ids, with what must stay of each. */
export function statefulResources(template: Template): Readonly<Record<string, StatefulResource>> {
  const { Resources } = template.toJSON() as {
    Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  };
  return Object.fromEntries(
    Object.entries(Resources).flatMap(([id, { Type: type, Properties = {} }]) => {
      const names = REPLACING[type];
      if (names === undefined) return [];
      const kept = names.filter((name) => Properties[name] !== undefined).map((name) => [name, Properties[name]]);
      return [[id, { type, properties: Object.fromEntries(kept) }]];
    }),
  );
}
