import {
  alertState,
  alertVersion,
  audited,
  blind,
  connection,
  digest,
  exportCompleted,
  exportFailed,
  exportGap,
  exportIncomplete,
  exportSchemaChanged,
  hookDisabled,
  hookRestored,
  instant,
  name,
  object,
  say,
  severity,
  text,
} from './event-data.ts';
import type { EventType } from './events.ts';
import type { JsonObject } from './json.ts';

/** JSON Schema dialect of everything below. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** When each type is published, and what its `data` is. */
const EVENTS: Readonly<Record<EventType, readonly [meaning: string, data: JsonObject]>> = {
  'steward.alert.opened': ['An alert is seen for the first time, or again after it was resolved.', alertVersion],
  'steward.alert.changed': ['A significant field of an open alert is another one.', alertVersion],
  'steward.alert.resolved': ['An alert is over, or the provider no longer shows it.', alertVersion],
  'steward.alert.digest': ['One event for many: a storm above the job’s threshold, or a maintenance window.', digest],
  'steward.alert.replayed': ['Somebody published a span of events again, with the ids that they had.', audited],
  'steward.export.completed': ['A window is exported: its manifest is written and signed.', exportCompleted],
  'steward.export.failed': [
    'An attempt at a window failed; whether it is tried again is in `retryable`.',
    exportFailed,
  ],
  'steward.export.incomplete': ['The rows do not reconcile with the source’s own total.', exportIncomplete],
  'steward.export.schema-changed': [
    'The columns of a source differ from those of the export before.',
    exportSchemaChanged,
  ],
  'steward.export.gap': ['A window was given up: a signed gap record says why.', exportGap],
  'steward.connection.authorized': ['A person, or the client’s own credentials, connected an account.', connection],
  'steward.connection.authorization-failed': ['An attempt to connect an account ended without tokens.', connection],
  'steward.connection.refreshed-late': ['The access token had run out before it was refreshed.', connection],
  'steward.connection.reply-refused': ['A refresh named an address or account that may not be used.', connection],
  'steward.connection.endpoint-changed': ['The provider moved the connection’s API to another address.', connection],
  'steward.connection.suspect': ['It is not certain that the refresh token still works; it is looked at.', connection],
  'steward.connection.reauthorization-required': [
    'The provider has refused for good: a person has to act.',
    connection,
  ],
  'steward.connection.restored': ['A connection that was suspect or refused works again.', connection],
  'steward.connection.access-denied': ['The provider refuses tokens that it has just issued.', connection],
  'steward.connection.expiring': ['The refresh token ends in 7, 3 or 1 days unless a refresh succeeds.', connection],
  'steward.connection.blind': ['A poll could not see, was shown too little, or was given what it cannot read.', blind],
  'steward.connection.disconnected': ['Somebody disconnected the account; its tokens are forgotten.', audited],
  'steward.connection.paused': ['Somebody paused the connection: no job runs on it.', audited],
  'steward.connection.resumed': ['Somebody resumed the connection.', audited],
  'steward.connection.invited': ['Somebody made a link by which one person can connect one account.', audited],
  'steward.configuration.applied': ['Somebody applied steward.yaml.', audited],
  'steward.hook.disabled': ['The provider has switched a webhook off; it is being switched on again.', hookDisabled],
  'steward.hook.restored': ['A webhook that was off is on again.', hookRestored],
  'steward.hook.issued': ['Somebody made an address to enter at the provider as a webhook’s.', audited],
  'steward.hook.revoked': ['Somebody revoked the addresses that were made for the webhooks of a job.', audited],
};

/** Every type of event that there is. */
export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

/** When events of a type are published, in one sentence. */
export function meaningOf(type: EventType): string {
  return EVENTS[type][0];
}

const SEVERITY = say(severity, 'Also a message attribute, like type, provider, connection, state and resource.');

/**
 * The JSON Schema of a type: the whole CloudEvent, as it stands in the message's `default` text.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/cloudevents.json
 */
function schemaOf(type: EventType, meaning: string, data: JsonObject): JsonObject {
  const isAlert = data === alertVersion;
  return {
    $schema: DIALECT,
    $id: `urn:steward:event:${type}:1`,
    title: type,
    description: meaning,
    ...object(
      {
        specversion: { const: '1.0' },
        id: say({ type: 'string', pattern: '^[0-9a-f]{64}$' }, 'The same however often the event is sent.'),
        source: say({ type: 'string', pattern: '^/steward/' }, '`/steward/<stage>/<connection>`'),
        type: { const: type },
        subject: say(name, 'What it is about. Events of one subject are published in order.'),
        time: instant,
        datacontenttype: { const: 'application/json' },
        dataschema: { const: `urn:steward:event:${type}:1` },
        summary: say(name, 'One line for people.'),
        data,
        ...(isAlert ? { connection: name, provider: name, severity: SEVERITY, state: alertState, resource: text } : {}),
      },
      isAlert ? {} : { connection: name, provider: name, severity: SEVERITY, state: text, resource: text },
    ),
  };
}

/** JSON Schemas of all events, by type. */
export const EVENT_SCHEMAS = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, schemaOf(type, ...EVENTS[type])]),
) as Readonly<Record<EventType, JsonObject>>;
