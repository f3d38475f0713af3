import { idText, type JsonValue } from '../../core/json.ts';
import { isObject } from './paging.ts';

/** What a delivery says changed. A hint: its body is not authenticated and has no id of its own. */
export interface HookHint {
  readonly resource: string;
  readonly id: string;
  /** Where the delivery names it. */
  readonly event?: string;
}

/** Every event that a hook can be registered for, and the resource that its deliveries speak of. */
export const HOOK_EVENTS: Readonly<Record<string, string>> = {
  ActionCreated: 'actions',
  ActionUpdated: 'actions',
  ActionDocumentCreated: 'actiondocuments',
  ActionDocumentUpdated: 'actiondocuments',
  ActionDocumentDeleted: 'actiondocuments',
  ActionParticipantAdded: 'actionparticipants',
  ActionParticipantDeleted: 'actionparticipants',
  DataCollectionRecordUpdated: 'datacollectionrecords',
  DataCollectionRecordDeleted: 'datacollectionrecords',
  DataCollectionRecordValueUpdated: 'datacollectionrecordvalues',
  DisbursementCreated: 'disbursements',
  DisbursementUpdated: 'disbursements',
  FileNoteCreated: 'filenotes',
  FileNoteUpdated: 'filenotes',
  ParticipantCreated: 'participants',
  ParticipantUpdated: 'participants',
  StepChanged: 'actions',
  TaskCreated: 'tasks',
  TaskUpdated: 'tasks',
  TimeEntryCreated: 'timeentries',
  TimeEntryUpdated: 'timeentries',
};

const RESOURCE = /^[a-z][a-z0-9]{1,63}$/u;
/** Integers, and composites such as `1024--31--11` or `148--field--6234`. */
const RECORD_ID = /^[A-Za-z0-9_-]{1,128}$/u;
/** More records than one delivery ever names. */
const MAX_HINTS = 100;

/**
 * Reads what a delivery says changed: today's shape (JSON:API 1.0: `data.type`, `data.id`) and the older one, which
 * is a response of the REST API. Pure; anything else is no hint at all.
 */
export function parseHook(body: unknown): readonly HookHint[] {
  if (!isObject(body)) return [];
  const event = eventName(body);
  const hints = 'data' in body ? [hintOf(body.data, event)].flat() : restShape(body, event);
  return hints.filter((hint) => hint !== undefined).slice(0, MAX_HINTS);
}

/** `resource/id`, as the alert source reads it. */
export function hintId(hint: HookHint): string {
  return `${hint.resource}/${hint.id}`;
}

/** The other way round; `undefined` for text that names no record. */
export function parseHintId(id: string): HookHint | undefined {
  const slash = id.indexOf('/');
  return checked(id.slice(0, Math.max(slash, 0)), id.slice(slash + 1), undefined);
}

function hintOf(data: unknown, event: string | undefined): (HookHint | undefined)[] {
  const records = Array.isArray(data) ? data : [data];
  return records.map((record) => (isObject(record) ? checked(record.type, record.id, event) : undefined));
}

function restShape(body: Readonly<Record<string, unknown>>, event: string | undefined): (HookHint | undefined)[] {
  const resources = Object.keys(body).filter((name) => !['links', 'linked', 'meta'].includes(name));
  return resources.flatMap((resource) => {
    const records = [body[resource]].flat();
    return records.map((record) => (isObject(record) ? checked(resource, record.id, event) : undefined));
  });
}

function checked(resource: unknown, id: JsonValue | undefined, event: string | undefined): HookHint | undefined {
  const text = idText(id);
  if (typeof resource !== 'string' || text === undefined) return undefined;
  if (!RESOURCE.test(resource) || !RECORD_ID.test(text)) return undefined;
  return { resource, id: text, ...(event === undefined ? {} : { event }) };
}

/** `meta.debug.resthook.event_name`, where it is an event that we know. */
function eventName(body: Readonly<Record<string, unknown>>): string | undefined {
  const debug = isObject(body.meta) ? body.meta.debug : undefined;
  const hook = isObject(debug) ? debug.resthook : undefined;
  const name = isObject(hook) ? hook.event_name : undefined;
  return typeof name === 'string' && Object.hasOwn(HOOK_EVENTS, name) ? name : undefined;
}
