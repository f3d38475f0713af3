import { SECOND_MS } from '../time.ts';
import type { SnsMessage } from './message.ts';

/** How one entry of a batch fared. */
export type PublishResult =
  | { readonly outcome: 'published' }
  /** Try again later: throttled, an inner failure, no answer. */
  | { readonly outcome: 'failed'; readonly reason: string }
  /** This message will never be taken. */
  | { readonly outcome: 'refused'; readonly reason: string };

/** Entries that one call takes. */
export const BATCH_ENTRIES = 10;

/**
 * Options of SNS's client. One attempt: a publish whose reply was lost is sent again by the next drain, and counted
 * there. Left to itself the SDK waits for ever, and a drain would hold its shard until it is killed.
 */
export const PUBLISH_PATIENCE = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: SECOND_MS, requestTimeout: 5 * SECOND_MS, throwOnRequestTimeout: true },
} as const;

export interface EventPublisher {
  /**
   * Publishes up to ten messages of at most `SNS_LIMIT_BYTES` together to a topic by its name, in one call.
   *
   * One result per message, in order. Never throws for what SNS or the network does: then every message has `failed`.
   *
   * @throws ConfigInvalidError when there is no topic of that name.
   */
  publish(topic: string, messages: readonly SnsMessage[]): Promise<readonly PublishResult[]>;
}
