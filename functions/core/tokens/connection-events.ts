import type { Connection } from '../connections/connection.ts';
import { type ConnectionEventKind, eventId, type OutboxRow, type ServiceEvent } from '../events.ts';
import type { JsonObject } from '../json.ts';

export interface ConnectionEventText {
  /** One line for people. */
  readonly summary: string;
  readonly data?: JsonObject;
  /** What makes this event another one than the last of its kind: a fingerprint, an attempt, a generation. */
  readonly about: string | number;
  readonly severity?: ServiceEvent['severity'];
}

export type ConnectionEvents = (
  connection: Pick<Connection, 'name' | 'provider'>,
  kind: ConnectionEventKind,
  now: Date,
  text: ConnectionEventText,
) => OutboxRow;

/** Events of connections, on the topic `events`. Told twice about the same thing, the id is the same. */
export function createConnectionEvents(stage: string): ConnectionEvents {
  return (connection, kind, now, { summary, data = {}, about, severity }) => ({
    topic: 'events',
    order: now.getTime(),
    event: {
      id: eventId('connection', connection.name, kind, about),
      type: `steward.connection.${kind}`,
      source: `/steward/${stage}/${connection.name}`,
      subject: `connection/${connection.name}`,
      time: now,
      connection: connection.name,
      provider: connection.provider,
      ...(severity === undefined ? {} : { severity }),
      summary,
      data: { connection: connection.name, provider: connection.provider, ...data },
    },
  });
}
