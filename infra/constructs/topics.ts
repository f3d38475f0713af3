import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { TopicKind } from '../stages.ts';

/** Where alerts and events go. Jobs name a topic, `stages.ts` says which there are. */
export class Topics extends Construct {
  private readonly topics: ReadonlyMap<string, Topic>;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly kinds: Readonly<Record<string, TopicKind>>; readonly key: IKey },
  ) {
    super(scope, id);
    this.topics = new Map(
      Object.entries(props.kinds).map(([name, kind]) => [name, this.createTopic(name, kind, props.key)]),
    );
  }

  /** Lets `fn` publish to all of them and tells it which is which. */
  grantPublish(fn: Function): void {
    fn.addEnvironment('TOPIC_ARNS', this.arnsAsJson());
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ['sns:Publish'],
        resources: [...this.topics.values()].map((topic) => topic.topicArn),
      }),
    );
  }

  /** `{ "<name>": "<arn>" }`. */
  arnsAsJson(): string {
    const arns = Object.fromEntries([...this.topics].map(([name, topic]) => [name, topic.topicArn]));
    return Stack.of(this).toJsonString(arns);
  }

  private createTopic(name: string, kind: TopicKind, key: IKey): Topic {
    // The id says the kind: another kind is another topic, and CloudFormation must not try to change one into the other.
    const topic = new Topic(this, `${pascal(name)}${kind === 'fifo' ? 'Fifo' : ''}`, {
      enforceSSL: true,
      masterKey: key,
      ...(kind === 'fifo' ? { fifo: true, contentBasedDeduplication: false } : {}),
    });
    topic.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return topic;
  }
}

function pascal(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
}
