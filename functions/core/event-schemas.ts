import type { EventType } from './events.ts';
import type { JsonObject } from './json.ts';

/** JSON Schema dialect of everything below. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const text: JsonObject = { type: 'string' };
const name: JsonObject = { type: 'string', minLength: 1 };
const instant: JsonObject = { type: 'string', format: 'date-time' };
const count: JsonObject = { type: 'integer', minimum: 0 };
const severity: JsonObject = { enum: ['critical', 'high', 'medium', 'low', 'info'] };
const alertState: JsonObject = { enum: ['open', 'acknowledged', 'suppressed', 'resolved'] };
/** Set where an event was too large and texts or lists of it were cut. */
const cut: JsonObject = { const: true };

/** An object that has these members and may have others: consumers ignore what they do not know. */
function object(required: Readonly<Record<string, JsonObject>>, optional: Readonly<Record<string, JsonObject>> = {}) {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional } };
}

const alert = object(
  {
    id: name,
    severity,
    state: alertState,
    title: text,
    resource: text,
    significant: { type: 'object' },
    details: { type: 'object' },
  },
  { raisedAt: instant, changedAt: instant },
);

const alertVersion = object(
  { job: name, version: { type: 'integer', minimum: 1 }, alert },
  { previous: object({ version: { type: 'integer', minimum: 1 }, state: alertState, severity }), cut },
);

const digest = object(
  {
    job: name,
    reason: { enum: ['storm', 'maintenance'] },
    from: instant,
    to: instant,
    versions: count,
    counts: { type: 'object' },
    sample: { type: 'array', maxItems: 20, items: object({ id: name, title: text, severity }) },
  },
  { cut },
);

const blind = object(
  {
    job: name,
    reason: { enum: ['gap', 'checkpoint-lost', 'shrunken-answer', 'unreadable-items'] },
    from: instant,
    to: instant,
    found: { type: 'object' },
  },
  { cut },
);

const exported = object({ job: name, source: name, from: instant, to: instant, attempt: count }, { cut });
const connection = object({ connection: name, provider: name }, { cut });
/** What a person did with the command: who it was, as their machine knows them. */
const audited = object({}, { actor: name, connection: name, provider: name, cut });
const hook = object({ connection: name }, { cut });

/** What `data` is, for every type that Steward publishes. */
const DATA: Readonly<Record<EventType, JsonObject>> = {
  'steward.alert.opened': alertVersion,
  'steward.alert.changed': alertVersion,
  'steward.alert.resolved': alertVersion,
  'steward.alert.digest': digest,
  'steward.export.completed': exported,
  'steward.export.failed': exported,
  'steward.export.incomplete': exported,
  'steward.export.schema-changed': exported,
  'steward.export.gap': exported,
  'steward.connection.authorized': connection,
  'steward.connection.authorization-failed': connection,
  'steward.connection.refreshed-late': connection,
  'steward.connection.reply-refused': connection,
  'steward.connection.endpoint-changed': connection,
  'steward.connection.suspect': connection,
  'steward.connection.reauthorization-required': connection,
  'steward.connection.restored': connection,
  'steward.connection.access-denied': connection,
  'steward.connection.expiring': connection,
  'steward.connection.blind': blind,
  'steward.connection.disconnected': audited,
  'steward.connection.paused': audited,
  'steward.connection.resumed': audited,
  'steward.connection.invited': audited,
  'steward.alert.replayed': audited,
  'steward.configuration.applied': audited,
  'steward.hook.disabled': hook,
  'steward.hook.restored': hook,
};

/** Every type of event that there is. */
export const EVENT_TYPES = Object.keys(DATA) as readonly EventType[];

/**
 * The JSON Schema of a type: the whole CloudEvent, as it stands in the message's `default` text.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/cloudevents.json
 */
function schemaOf(type: EventType, data: JsonObject): JsonObject {
  const isAlert = data === alertVersion;
  return {
    $schema: DIALECT,
    $id: `urn:steward:event:${type}:1`,
    title: type,
    ...object(
      {
        specversion: { const: '1.0' },
        id: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        source: { type: 'string', pattern: '^/steward/' },
        type: { const: type },
        subject: name,
        time: instant,
        datacontenttype: { const: 'application/json' },
        dataschema: { const: `urn:steward:event:${type}:1` },
        summary: name,
        data,
        ...(isAlert ? { connection: name, provider: name, severity, state: alertState, resource: text } : {}),
      },
      isAlert ? {} : { connection: name, provider: name, severity, state: text, resource: text },
    ),
  };
}

/** JSON Schemas of all events, by type. */
export const EVENT_SCHEMAS: Readonly<Record<EventType, JsonObject>> = Object.fromEntries(
  Object.entries(DATA).map(([type, data]) => [type, schemaOf(type as EventType, data)]),
);
