import { createHash } from 'node:crypto';
import type { JsonObject } from './json.ts';
import type { Severity } from './alerts/source.ts';

/** Types of everything that Steward publishes. One JSON Schema each, in `functions/core/event-schemas.ts`. */
export type EventType =
  | `steward.alert.${'opened' | 'changed' | 'resolved' | 'digest' | 'replayed'}`
  | `steward.connection.${ConnectionEventKind | 'blind' | 'invited'}`
  | `steward.export.${ExportEventKind}`
  | `steward.hook.${'disabled' | 'restored' | 'issued' | 'revoked'}`
  | 'steward.configuration.applied';

/** What is said about a connection by those who look after its tokens. */
export type ConnectionEventKind =
  | 'authorized'
  | 'authorization-failed'
  | 'refreshed-late'
  | 'reply-refused'
  | 'endpoint-changed'
  | 'suspect'
  | 'reauthorization-required'
  | 'restored'
  | 'access-denied'
  | 'expiring'
  | 'disconnected'
  | 'paused'
  | 'resumed';

export type ExportEventKind = 'completed' | 'failed' | 'incomplete' | 'schema-changed' | 'gap';

/**
 * One event, before it is a message: what a CloudEvent carries and what SNS filters on.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface ServiceEvent {
  /** SHA-256, hex: the same event has the same id however often it is sent. */
  readonly id: string;
  readonly type: EventType;
  /** `/steward/<stage>/<connection>`. */
  readonly source: string;
  /** What it is about; versions of one subject are published in order. */
  readonly subject: string;
  readonly time: Date;
  readonly connection?: string;
  readonly provider?: string;
  readonly severity?: Severity;
  readonly state?: string;
  readonly resource?: string;
  /** One line for people; the first line of an e-mail. */
  readonly summary: string;
  readonly data: JsonObject;
}

/** A row of the outbox: an event that is to be published, in the transaction that made it true. */
export interface OutboxRow {
  readonly event: ServiceEvent;
  /** Name of the topic in `stages.ts`: `alerts` or `events` unless the job names another. */
  readonly topic: string;
  /** Place among the rows of one subject: an alert's version, or epoch milliseconds. */
  readonly order: number;
  /** What the time to its publication is counted by; absent where the provider does not say when it happened. */
  readonly timing?: { readonly job: string; readonly changedAt: Date };
}

/** SHA-256 over length-prefixed parts, hex, so that no two lists of parts share an id. */
export function eventId(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const text = String(part);
    hash.update(`${Buffer.byteLength(text)}:${text}|`);
  }
  return hash.digest('hex');
}

/** Which shard's outbox, jobs and refreshes a connection belongs to. Stable: it is stored with the rows. */
export function shardOf(connection: string, shardCount: number): string {
  return String(createHash('sha256').update(connection).digest().readUInt32BE(0) % shardCount);
}

/** Every shard of a stage, by its name. */
export function allShards(shardCount: number): readonly string[] {
  return Array.from({ length: shardCount }, (_, index) => String(index));
}
