import { PublishBatchCommand, type PublishBatchRequestEntry, type SNSClient } from '@aws-sdk/client-sns';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { SnsMessage } from '../../core/publishing/message.ts';
import { BATCH_ENTRIES, type EventPublisher, type PublishResult } from '../../core/publishing/publisher.ts';

/**
 * Errors that say something about the message itself: it will be refused tomorrow too. Everything else (throttled, no
 * permission, no topic, no answer) may be mended.
 */
const REFUSALS = new Set([
  'BatchRequestTooLong',
  'InvalidParameter',
  'InvalidParameterValue',
  'ParameterValueInvalid',
  'Validation',
]);

export interface SnsPublisherOptions {
  readonly client: SNSClient;
  /** Topic ARNs by name. One that ends in `.fifo` gets groups and deduplication ids. */
  readonly topicArns: Readonly<Record<string, string>>;
}

/** Publishes with `PublishBatch`; each entry has its own result although the call answers 200. */
export function createSnsPublisher({ client, topicArns }: SnsPublisherOptions): EventPublisher {
  return {
    async publish(topic, messages) {
      const topicArn = Object.hasOwn(topicArns, topic) ? topicArns[topic] : undefined;
      if (topicArn === undefined) throw new ConfigInvalidError(`There is no topic ${topic} in TOPIC_ARNS`);
      if (messages.length > BATCH_ENTRIES) throw new RangeError(`At most ${BATCH_ENTRIES} messages in one batch`);
      const entries = messages.map((message, index) => toEntry(message, index, topicArn.endsWith('.fifo')));
      try {
        const answer = await client.send(
          new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries: entries }),
        );
        return entries.map((entry): PublishResult => {
          if (answer.Successful?.some(({ Id }) => Id === entry.Id)) return { outcome: 'published' };
          const failure = answer.Failed?.find(({ Id }) => Id === entry.Id);
          const reason = failure === undefined ? 'no result' : `${failure.Code}: ${failure.Message ?? ''}`.trim();
          const refused = failure?.SenderFault === true && isRefusal(failure.Code ?? '', failure.Message ?? '');
          return { outcome: refused ? 'refused' : 'failed', reason };
        });
      } catch (error) {
        return await afterFailure(error, messages, (one) => this.publish(topic, one));
      }
    },
  };
}

/**
 * A batch that was refused as a whole is tried one by one, so that the one that is at fault is known by itself; after any
 * other failure its fate is unknown, and the next drain sends it again with the same ids.
 */
async function afterFailure(
  error: unknown,
  messages: readonly SnsMessage[],
  again: (one: readonly SnsMessage[]) => Promise<readonly PublishResult[]>,
): Promise<readonly PublishResult[]> {
  const { name, message } = error instanceof Error ? error : { name: 'unknown', message: '' };
  const reason = `${name}: ${message}`;
  if (!isRefusal(name, message)) return messages.map(() => ({ outcome: 'failed', reason: name }));
  if (messages.length === 1) return [{ outcome: 'refused', reason }];
  const results: PublishResult[] = [];
  for (const one of messages) results.push(...(await again([one])));
  return results;
}

/** A wrong topic is an invalid parameter too, but no fault of the message. */
function isRefusal(code: string, message: string): boolean {
  return REFUSALS.has(code.replace(/Exception$/, '')) && !message.includes('TopicArn');
}

function toEntry(message: SnsMessage, index: number, fifo: boolean): PublishBatchRequestEntry {
  return {
    Id: String(index),
    Message: message.body,
    MessageStructure: 'json',
    Subject: message.subject,
    MessageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
    ),
    ...(fifo ? { MessageGroupId: message.groupId, MessageDeduplicationId: message.id } : {}),
  };
}
