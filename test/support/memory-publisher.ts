import { SNS_LIMIT_BYTES, type SnsMessage } from '../../functions/core/publishing/message.ts';
import { BATCH_ENTRIES, type EventPublisher, type PublishResult } from '../../functions/core/publishing/publisher.ts';

export interface MemoryPublisher extends EventPublisher {
  /** Every message that was taken, in the order of the calls. */
  readonly taken: { readonly topic: string; readonly message: SnsMessage }[];
  calls: number;
  /** What a message's result is instead of `published`; `lost` is delivered, and its reply is not. */
  fault: ((message: SnsMessage, topic: string) => 'failed' | 'refused' | 'lost' | undefined) | undefined;
}

/** SNS in memory: keeps to the batch limits, and fails where it is told to. */
export function createMemoryPublisher(): MemoryPublisher {
  const publisher: MemoryPublisher = {
    taken: [],
    calls: 0,
    fault: undefined,
    async publish(topic, messages) {
      publisher.calls += 1;
      const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
      if (messages.length > BATCH_ENTRIES || bytes > SNS_LIMIT_BYTES) throw new RangeError('batch too large');
      return messages.map((message): PublishResult => {
        const fault = publisher.fault?.(message, topic);
        if (fault === undefined || fault === 'lost') publisher.taken.push({ topic, message });
        if (fault === undefined) return { outcome: 'published' };
        return { outcome: fault === 'refused' ? 'refused' : 'failed', reason: fault };
      });
    },
  };
  return publisher;
}
