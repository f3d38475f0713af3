import type { ServiceEvent } from '../events.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { cutText, fitEvent } from './fit-event.ts';

/** A topic's limit for message and attributes together, and for all entries of one batch. */
export const SNS_LIMIT_BYTES = 256 * 1024;
/** SNS takes a subject of at most 100 ASCII characters. */
const SUBJECT_CHARACTERS = 99;
const EMAIL_LIMIT_BYTES = 4096;
const ATTRIBUTE_LIMIT_BYTES = 256;
/** What SNS takes as group and deduplication id. */
const GROUP_ID = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/;

/** One message as SNS takes it, built and measured. */
export interface SnsMessage {
  /** The event's id: also the deduplication id on a FIFO topic. */
  readonly id: string;
  /** JSON with a text per kind of subscriber (`MessageStructure: json`). */
  readonly body: string;
  readonly subject: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId: string;
  /** Everything that counts towards the limit. */
  readonly bytes: number;
}

/**
 * The event as a CloudEvent in structured JSON.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function toCloudEvent(event: ServiceEvent): JsonObject {
  const { id, type, source, subject, time, connection, provider, severity, state, resource, summary, data } = event;
  const all: Record<string, JsonValue | undefined> = {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:steward:event:${type}:1`,
    connection,
    provider,
    severity,
    state,
    resource,
    summary,
    data,
  };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}

/** Builds the message, cut to the limit where it is larger. `hashGroup` shortens subjects that SNS takes no group of. */
export function toMessage(
  event: ServiceEvent,
  hashGroup: (subject: string) => string,
  limitBytes: number = SNS_LIMIT_BYTES,
): SnsMessage {
  const clean = cleanValue(toCloudEvent(event)) as JsonObject;
  const whole = { ...event, ...(clean as Partial<ServiceEvent>), time: event.time };
  let built = build(whole, hashGroup);
  // JSON within JSON grows by its quotes, so the room for the event is found by trying.
  for (let room = limitBytes; built.bytes > limitBytes && room > 1024; room = Math.floor(room * 0.8)) {
    built = build(fitEvent(whole, room), hashGroup);
  }
  return built;
}

function build(event: ServiceEvent, hashGroup: (subject: string) => string): SnsMessage {
  const body = JSON.stringify({ default: JSON.stringify(toCloudEvent(event)), email: emailText(event) });
  const subject = subjectLine(event.summary);
  const attributes = attributesOf(event);
  let bytes = Buffer.byteLength(body) + Buffer.byteLength(subject);
  for (const [name, value] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength('String') + Buffer.byteLength(value);
  }
  const groupId = GROUP_ID.test(event.subject) ? event.subject : hashGroup(event.subject);
  return { id: event.id, body, subject, attributes, groupId, bytes };
}

/** What filter policies go by. An empty value is no attribute: SNS refuses it. */
function attributesOf(event: ServiceEvent): Readonly<Record<string, string>> {
  const { type, provider, connection, severity, state, resource } = event;
  const all = { type, provider, connection, severity, state, resource };
  return Object.fromEntries(
    Object.entries(all)
      .filter((entry): entry is [string, string] => Boolean(entry[1]))
      .map(([name, value]) => [name, cutText(value, ATTRIBUTE_LIMIT_BYTES)]),
  );
}

/** ASCII without control characters, beginning with a letter, digit or punctuation, as SNS demands of a subject. */
function subjectLine(summary: string): string {
  const ascii = summary
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^ -~]/g, '?')
    .trim();
  return ascii.slice(0, SUBJECT_CHARACTERS) || 'Steward';
}

/** What a person reads in a mail. */
function emailText(event: ServiceEvent): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Severity', event.severity],
    ['State', event.state],
    ['Resource', event.resource],
    ['Connection', event.connection],
    ['Provider', event.provider],
    ['Time', event.time.toISOString()],
    ['Type', event.type],
    ['About', event.subject],
    ['Event', event.id],
  ];
  const lines = facts.flatMap(([name, value]) => (value ? [`${`${name}:`.padEnd(12)}${value}`] : []));
  const details = dataLines(event.data);
  return cutText([event.summary, '', ...lines, '', ...details].join('\n'), EMAIL_LIMIT_BYTES);
}

/** The event's data as indented lines. */
function dataLines(data: JsonObject, indent = ''): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (value === null || value === '') return [];
    if (typeof value !== 'object') return [`${indent}${name}: ${String(value)}`];
    if (!Array.isArray(value)) return [`${indent}${name}:`, ...dataLines(value as JsonObject, `${indent}  `)];
    const members = value as readonly JsonValue[];
    const texts = members.map((member) => (typeof member === 'object' ? JSON.stringify(member) : String(member)));
    return [`${indent}${name}: ${texts.join(', ')}`];
  });
}

/** Removes what SNS takes in no message: control characters but tab and line ends, lone surrogates, U+FFFE, U+FFFF. */
function cleanText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '');
}

function cleanValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(cleanValue);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [cleanText(key), cleanValue(member)]));
  }
  return value;
}
