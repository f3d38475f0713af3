import {
  CreateTopicCommand,
  DeleteTopicCommand,
  type PublishBatchCommandInput,
  type PublishBatchRequestEntry,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSnsPublisher } from '../../functions/adapters/sns/publisher.ts';
import { ConfigInvalidError } from '../../functions/core/errors.ts';
import { eventId, type ServiceEvent } from '../../functions/core/events.ts';
import { SNS_LIMIT_BYTES, toMessage } from '../../functions/core/publishing/message.ts';
import { type AwsEndpoint, awsEndpoint, IS_FOREIGN, unique } from '../support/aws-endpoint.ts';

const NOON = new Date('2026-03-01T12:00:00Z');

function anEvent(id: string, version: number, change: Partial<ServiceEvent> = {}): ServiceEvent {
  return {
    id: eventId(id, version),
    type: 'steward.alert.opened',
    source: '/steward/test/acme',
    subject: `watch/${id}`,
    time: NOON,
    connection: 'acme',
    provider: 'opsramp',
    severity: 'high',
    state: 'open',
    resource: 'host-1',
    summary: `${id} ${version}`,
    data: {},
    ...change,
  };
}

const message = (event: ServiceEvent) => toMessage(event, () => 'hashed');

const summaryOf = (body: string) => (JSON.parse(body) as { readonly summary: string }).summary;

/** What a queue needs on AWS before a topic may write to it. */
const letIn = (topicArn: string, queueArn: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  });

describe('publishing to SNS', () => {
  let aws: AwsEndpoint;
  let sns: SNSClient;
  let sqs: SQSClient;

  beforeAll(async () => {
    aws = await awsEndpoint();
    sns = new SNSClient(aws.client);
    sqs = new SQSClient({ ...aws.client, useQueueUrlAsEndpoint: aws.client.endpoint === undefined });
  });
  afterAll(async () => {
    await aws.stop();
    sns.destroy();
    sqs.destroy();
  });

  /** A topic with one queue on it, and what the queue has been given so far. */
  async function aTopic(options: { fifo?: boolean; filter?: object } = {}) {
    const name = `${unique('steward')}${options.fifo ? '.fifo' : ''}`;
    const Attributes = options.fifo ? { FifoTopic: 'true' } : {};
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name, Attributes }));
    const { QueueUrl = '' } = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes: options.fifo ? { FifoQueue: 'true' } : {} }),
    );
    aws.afterwards(() => sns.send(new DeleteTopicCommand({ TopicArn })));
    aws.afterwards(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
    const asked = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const queueArn = asked.Attributes?.['QueueArn'] ?? '';
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: letIn(TopicArn, queueArn) } }));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: queueArn,
        Attributes: {
          RawMessageDelivery: 'true',
          ...(options.filter ? { FilterPolicy: JSON.stringify(options.filter) } : {}),
        },
      }),
    );
    const publisher = createSnsPublisher({ client: sns, topicArns: { alerts: TopicArn } });
    /** What has come, once as many as are expected have, and nothing more for a moment. */
    const receive = async (expected: number) => {
      const summaries: string[] = [];
      const until = performance.now() + (IS_FOREIGN ? 30_000 : 5000);
      for (;;) {
        const wait = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: IS_FOREIGN ? 2 : 0 };
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(wait));
        if (Messages.length === 0 && (summaries.length >= expected || performance.now() > until)) return summaries;
        for (const { Body, ReceiptHandle } of Messages) {
          summaries.push(summaryOf(Body ?? ''));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      }
    };
    return { TopicArn, publisher, receive };
  }

  it('delivers CloudEvents that filter policies can tell apart', async () => {
    const { publisher, receive } = await aTopic({ filter: { severity: ['critical'], state: [{ prefix: 'op' }] } });
    const events = [anEvent('a', 1), anEvent('b', 1, { severity: 'critical' })];
    expect(await publisher.publish('alerts', events.map(message))).toEqual([
      { outcome: 'published' },
      { outcome: 'published' },
    ]);
    expect(await receive(1)).toEqual(['b 1']);
  });

  it('A18: keeps a resolved after its open, and swallows the same version sent twice, on a FIFO topic', async () => {
    const { publisher, receive } = await aTopic({ fifo: true });
    for (const version of [1, 2, 2, 3]) await publisher.publish('alerts', [message(anEvent('a', version))]);
    expect(await receive(3)).toEqual(['a 1', 'a 2', 'a 3']);
  });

  it('I13, I14: groups by subject and knows a message again by its id, wherever in a batch it stands', async () => {
    const { TopicArn } = await aTopic({ fifo: true });
    const sent: PublishBatchRequestEntry[] = [];
    const telling = new SNSClient(aws.client);
    telling.middlewareStack.add(
      (next) => (args) => {
        sent.push(...((args.input as PublishBatchCommandInput).PublishBatchRequestEntries ?? []));
        return next(args);
      },
      { step: 'initialize' },
    );
    const publisher = createSnsPublisher({ client: telling, topicArns: { alerts: TopicArn } });
    const [first, second] = [anEvent('a', 1), anEvent('b', 1)];
    await publisher.publish('alerts', [message(first), message(second)]);
    await publisher.publish('alerts', [message(second), message(anEvent('a', 2))]);
    expect(sent.map((entry) => [entry.MessageGroupId, entry.MessageDeduplicationId])).toEqual([
      ['watch/a', first.id],
      ['watch/b', second.id],
      ['watch/b', second.id],
      ['watch/a', anEvent('a', 2).id],
    ]);
    telling.destroy();
  });

  it('A06: SNS takes a message that was cut to its limit', async () => {
    const { publisher } = await aTopic();
    const large = message(anEvent('a', 1, { data: { text: '"é😀'.repeat(200_000) } }));
    expect(large.bytes).toBeGreaterThan(SNS_LIMIT_BYTES * 0.7);
    expect(await publisher.publish('alerts', [large])).toEqual([{ outcome: 'published' }]);
  });

  it('refuses the one that is at fault, and publishes the others of its batch', async () => {
    const { publisher, receive } = await aTopic();
    const evil = { ...message(anEvent('evil', 1)), body: JSON.stringify({ default: 'x'.repeat(SNS_LIMIT_BYTES) }) };
    const results = await publisher.publish('alerts', [message(anEvent('a', 1)), evil, message(anEvent('b', 1))]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['published', 'refused', 'published']);
    expect((await receive(2)).toSorted()).toEqual(['a 1', 'b 1']);
  });

  it('A04: sets aside for no fault of ours, and takes no word for no publication', async () => {
    const failures = [
      { Id: '1', SenderFault: true, Code: 'KMSAccessDenied', Message: 'no' },
      { Id: '2', SenderFault: false, Code: 'InternalError', Message: 'no' },
      { Id: '3', SenderFault: true, Code: 'InvalidParameter', Message: 'Invalid parameter: Message' },
      { Id: '4', SenderFault: true, Code: 'InvalidParameter', Message: 'Invalid parameter: TopicArn' },
    ];
    const send = async () => ({ Successful: [{ Id: '0' }], Failed: failures });
    const client = { send } as unknown as SNSClient;
    const publisher = createSnsPublisher({ client, topicArns: { alerts: 'arn:aws:sns:us-east-1:0:alerts' } });
    const messages = [1, 2, 3, 4, 5, 6].map((version) => message(anEvent('a', version)));
    const outcomes = (await publisher.publish('alerts', messages)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['published', 'failed', 'failed', 'refused', 'failed', 'failed']);
  });

  it('takes a topic that is gone, and SNS not answering, for no fault of the message', async () => {
    const { TopicArn } = await aTopic();
    const arn = TopicArn.replace(/[^:]+$/, unique('gone'));
    const gone = createSnsPublisher({ client: sns, topicArns: { alerts: arn } });
    expect(await gone.publish('alerts', [message(anEvent('a', 1))])).toMatchObject([{ outcome: 'failed' }]);
    const client = new SNSClient({
      endpoint: 'http://127.0.0.1:1',
      region: aws.client.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    const silent = createSnsPublisher({ client, topicArns: { alerts: arn } });
    expect(await silent.publish('alerts', [message(anEvent('a', 1))])).toMatchObject([{ outcome: 'failed' }]);
  });

  it('knows the topics of its configuration and no others', async () => {
    const { publisher } = await aTopic();
    await expect(publisher.publish('constructor', [])).rejects.toThrow(ConfigInvalidError);
  });
});
