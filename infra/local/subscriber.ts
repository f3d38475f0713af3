import { DeleteMessageBatchCommand, PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LocalCloud } from './cloud.ts';

/** A queue that is subscribed to a topic, as a customer's would be. */
export interface Subscriber {
  /** CloudEvents received so far, repeats included, in order of arrival. */
  readonly received: readonly ReceivedEvent[];
  /** Takes what lies in the queue. */
  drain(): Promise<void>;
}

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly severity?: string;
  readonly state?: string;
}

/** Subscribes a queue, empty of what an earlier run left in it. */
export function subscribe(
  cloud: LocalCloud,
  topic: 'alerts' | 'events',
  filterPolicy?: Readonly<Record<string, unknown>>,
): Subscriber {
  const QueueUrl = cloud.subscribeQueue(topic, filterPolicy);
  const client = new SQSClient({
    endpoint: cloud.endpoint,
    region: cloud.environment['AWS_REGION'] ?? 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
  const received: ReceivedEvent[] = [];
  const emptied = client.send(new PurgeQueueCommand({ QueueUrl }));
  return {
    received,
    async drain() {
      await emptied;
      for (;;) {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        if (Messages.length === 0) return;
        received.push(...Messages.map(({ Body = '{}' }) => JSON.parse(Body) as ReceivedEvent));
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
  };
}
