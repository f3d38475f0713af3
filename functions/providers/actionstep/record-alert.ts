import type { Alert } from '../../core/alerts/source.ts';
import { eventId } from '../../core/events.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import { idOf, isObject, linkId } from './paging.ts';
import { STAMPS, stampOf } from './stamps.ts';

/**
 * What counts as a change of a record, per resource; every other field may move without news. Link names stand beside
 * fields. A resource that is not here counts by everything but its stamps.
 */
const SIGNIFICANT: Readonly<Record<string, readonly string[]>> = {
  actions: [
    'name',
    'reference',
    'status',
    'priority',
    'isDeleted',
    'amlReviewStatus',
    'assignedTo',
    'division',
    'step',
  ],
  tasks: ['name', 'status', 'priority', 'dueTimestamp', 'completedTimestamp', 'assignee', 'action'],
  filenotes: ['noteTimestamp', 'source', 'action', 'participant'],
  participants: ['displayName', 'isCompany', 'isDeceased', 'amlStatus', 'amlRisk'],
  disbursements: ['date', 'quantity', 'unitPrice', 'isAnticipated', 'action'],
  timeentries: ['timestampDate', 'actualHours', 'billableHours', 'billableAmount', 'isBillable', 'action', 'owner'],
  timerecords: ['startTimestamp', 'actualHours', 'billableHours', 'action', 'owner'],
};

/** Fields that hold privileged or personal text: a message says that they changed, never what they say. */
const CONFIDENTIAL: readonly string[] = [
  'text',
  'description',
  'notes',
  'email',
  'phone1Number',
  'physicalAddressLine1',
];

/** Stamps and counters that move by themselves. */
const VOLATILE: ReadonlySet<string> = new Set(['lastAccessTimestamp', 'statusTimestamp', 'links', 'isFavorite']);

/** A record's change as an alert; `undefined` for a record without an id. */
export function toAlert(resource: string, row: JsonObject): Alert | undefined {
  const id = idOf(row);
  if (id === undefined) return undefined;
  const stamp = STAMPS[resource];
  const changedAt = stamp === undefined ? undefined : stampOf(row, stamp);
  const links = isObject(row.links) ? row.links : {};
  const action = resource === 'actions' ? id : linkId(links.action);
  return {
    id: `${resource}/${id}`,
    severity: 'info',
    state: isOver(row) ? 'resolved' : 'open',
    title: titleOf(resource, id, row),
    resource: action === undefined ? `${resource}/${id}` : `actions/${action}`,
    ...(changedAt === undefined ? {} : { changedAt }),
    significant: significant(resource, row, links, stamp?.field),
    details: { resource, id, links },
  };
}

/** Closed matters, done tasks and what was deleted are over; a note or a participant stands. */
function isOver(row: JsonObject): boolean {
  const { status } = row;
  return row.isDeleted === 'T' || status === 'Closed' || status === 'Complete' || status === 'Deleted';
}

/** One line for people. Names are shown for what firms themselves call things, not for persons or notes. */
function titleOf(resource: string, id: string, row: JsonObject): string {
  const named = (resource === 'actions' || resource === 'tasks') && typeof row.name === 'string' ? `: ${row.name}` : '';
  const noun = NOUNS[resource] ?? resource;
  return `${noun} ${id}${named}`.slice(0, 200);
}

const NOUNS: Readonly<Record<string, string>> = {
  actions: 'Matter',
  tasks: 'Task',
  filenotes: 'File note',
  participants: 'Participant',
  disbursements: 'Disbursement',
  timeentries: 'Time entry',
  timerecords: 'Time record',
  actiondocuments: 'Document',
  actionparticipants: 'Matter participant',
};

function significant(resource: string, row: JsonObject, links: JsonObject, stamp: string | undefined): JsonObject {
  const names = SIGNIFICANT[resource] ?? [
    ...Object.keys(row).filter((name) => name !== stamp && !VOLATILE.has(name) && !CONFIDENTIAL.includes(name)),
    ...Object.keys(links),
  ];
  const values: Record<string, JsonValue> = {};
  for (const name of names) values[name] = row[name] ?? links[name] ?? null;
  for (const name of CONFIDENTIAL) {
    const value = row[name];
    if (value !== undefined && value !== null)
      values[`${name}Digest`] = eventId(resource, name, canonicalJson(value)).slice(0, 16);
  }
  return values;
}
