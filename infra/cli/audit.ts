import { userInfo } from 'node:os';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { eventId, type EventType, type OutboxRow, shardOf } from '../../functions/core/events.ts';
import type { JsonObject } from '../../functions/core/json.ts';
import type { Services } from './services.ts';

/** Who runs the command, as this machine knows them; CloudTrail knows whose credentials they used. */
export function actor(): string {
  return userInfo().username;
}

/** An event of the operators' own doing: who did what to which connection, for the audit trail. */
export function auditEvent(
  { target, clock }: Pick<Services, 'target' | 'clock'>,
  type: EventType,
  about: {
    readonly connection?: string;
    readonly provider?: string;
    readonly summary: string;
    readonly data?: JsonObject;
  },
): OutboxRow {
  const time = clock.now();
  const subject = about.connection === undefined ? 'configuration' : `connection/${about.connection}`;
  return {
    topic: 'events',
    order: time.getTime(),
    event: {
      id: eventId(type, subject, time.getTime(), actor()),
      type,
      source: `/steward/${target.stage}${about.connection === undefined ? '' : `/${about.connection}`}`,
      subject,
      time,
      ...(about.connection === undefined ? {} : { connection: about.connection }),
      ...(about.provider === undefined ? {} : { provider: about.provider }),
      summary: about.summary,
      data: { actor: actor(), ...about.data },
    },
  };
}

/** Puts an event into the outbox by itself, where what it tells of is no single transaction, and has it published. */
export async function recordAudit(
  { target, stateTable, clock, nudge }: Pick<Services, 'target' | 'stateTable' | 'clock' | 'nudge'>,
  row: OutboxRow,
): Promise<void> {
  const shard = shardOf(row.event.connection ?? row.event.subject, target.shardCount);
  await createOutboxStore(stateTable).requeue(shard, [row], clock.now());
  await nudge(shard);
}
