import type { ActionstepSimulatorOptions } from './options.ts';
import { pick, stampText, zoned } from './wire.ts';

/** A record as the wire has it: decimals and link ids are text, flags are T and F. */
export interface SimulatedRecord {
  /** Absent from lists of plain values, such as `culturalidentity`. */
  id?: number | string;
  links: Record<string, string | readonly string[] | null>;
  [field: string]: unknown;
}

/** A record that was made by us has a number. */
export type CreatedRecord = SimulatedRecord & { readonly id: number };

type Make = (index: number) => SimulatedRecord;

const FIRST = ['Ada', 'Bruno', 'Chloe', 'Dev', 'Eilidh', 'Farid', 'Grace', 'Hana', 'Ivo', 'Jasmin', 'Kiri', 'Luca'];
const LAST = [
  'Abbott',
  'Baker',
  'Chen',
  'Dimitrov',
  'Evans',
  'Fonoti',
  'Gupta',
  'Hughes',
  'Ito',
  'Jansen',
  'Kaur',
  'Lowe',
];
const STREETS = ['Harbour Street', 'Mill Lane', 'Station Road', 'Quay Street', 'Hill View'];
const MATTERS = ['Purchase of', 'Sale of', 'Lease of', 'Estate of', 'Dispute over'];
const NOTES = [
  'Client called about settlement.',
  'Letter sent to the other side.',
  'Searches ordered.',
  'Advice given on title.',
];
const WORK = [
  'Drafting letter',
  'Call with client',
  'Review of contract',
  'Court attendance',
  'Preparing for settlement',
];

/** First id of matters: composite ids and links are easier to read with room below. */
const FIRST_MATTER = 1001;
/** Participant and user of the person who consents. */
export const PERSON_PARTICIPANT = 12;

/**
 * The records of an organisation, the same for the same options.
 *
 * Stamps are spread over the days before the anchor in order of id, so that windows hold a plausible share of them.
 */
export function makeRecords(options: ActionstepSimulatorOptions): Map<string, SimulatedRecord[]> {
  const { size } = options;
  const people = Math.max(16, size * 2);
  const tables: readonly (readonly [string, number, Make])[] = [
    ['actions', size, (index) => matter(options, index)],
    ['participants', people, (index) => participant(options, index)],
    ['users', 6, user],
    ['actiontypes', 5, (index) => actionType(index)],
    ['participanttypes', 6, (index) => participantType(index)],
    [
      'divisions',
      2,
      (index) => ({ ...named('Division', index), isActive: 'T', links: { participant: '1', parent: null } }),
    ],
    ['actionparticipants', size * 2, matterParticipant],
    ['filenotes', size * 4, (index) => fileNote(options, index)],
    ['tasks', size * 3, (index) => task(options, index)],
    [
      options.timeModule,
      size * 6,
      (index) => (options.timeModule === 'timeentries' ? timeEntry : timeRecord)(options, index),
    ],
    ['disbursements', size * 2, (index) => disbursement(options, index)],
    ['actiondocuments', size * 3, (index) => actionDocument(options, index)],
    ['bills', size, (index) => bill(options, index)],
    ['resthooks', 0, (index) => named('Hook', index)],
  ];
  return new Map(tables.map(([name, count, make]) => [name, Array.from({ length: count }, (_, index) => make(index))]));
}

function named(noun: string, index: number): SimulatedRecord {
  return { id: index + 1, name: `${noun} ${index + 1}`, description: null, links: {} };
}

/** When the record of an index was made: evenly over the history, never after the anchor. */
export function madeAt({ anchor, historyDays }: ActionstepSimulatorOptions, index: number, count: number): Date {
  const share = (index + 0.5) / Math.max(1, count);
  return new Date(Math.floor((anchor.getTime() - (1 - share) * historyDays * 86_400_000) / 1000) * 1000);
}

const matterOf = (size: number, ...name: readonly (string | number)[]) =>
  String(FIRST_MATTER + pick(Math.max(1, size), ...name));

function matter(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size);
  const stamp = stampText(at, options.timeZone);
  const id = FIRST_MATTER + index;
  const deleted = index % 17 === 16;
  return {
    id,
    name: `${MATTERS[index % MATTERS.length]} ${1 + pick(200, 'street', index)} ${STREETS[index % STREETS.length]}`,
    reference: index % 3 === 0 ? null : `REF/${id}`,
    priority: 0,
    status: index % 7 === 6 ? 'Closed' : 'Active',
    statusTimestamp: stamp,
    isBillableOverride: null,
    createdTimestamp: zoned(at, options.timeZone).date,
    modifiedTimestamp: stamp,
    isDeleted: deleted ? 'T' : 'F',
    deletedBy: deleted ? 'Example, Pat' : null,
    deletedTimestamp: deleted ? stamp : null,
    isFavorite: 'F',
    overrideBillingStatus: null,
    lastAccessTimestamp: null,
    importExternalReference: null,
    amlReviewStatus: 'None',
    bannerText: null,
    links: {
      assignedTo: String(PERSON_PARTICIPANT),
      division: '1',
      actionType: String(1 + (index % 5)),
      primaryParticipants: [String(16 + (index % 8))],
      step: `${1 + (index % 5)}--1`,
      billSettings: String(id),
      relatedActions: null,
    },
  };
}

function participant(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const first = FIRST[index % FIRST.length] ?? 'Ada';
  const last = LAST[pick(LAST.length, 'last', index)] ?? 'Abbott';
  const company = index % 9 === 8;
  const stamp = stampText(madeAt(options, index, Math.max(16, options.size * 2)), options.timeZone);
  return {
    id: index + 1,
    displayName: company ? `${last} Pty Ltd` : `${last}, ${first}`,
    displayInitials: company ? last.slice(0, 2).toUpperCase() : `${first[0]}${last[0]}`,
    isCompany: company ? 'T' : 'F',
    companyName: company ? `${last} Pty Ltd` : null,
    firstName: company ? null : first,
    lastName: company ? null : last,
    physicalAddressLine1: `${1 + pick(200, 'house', index)} ${STREETS[index % STREETS.length]}`,
    physicalCity: 'Sydney',
    phone1Country: 61,
    phone1Area: null,
    phone1Number: `5550 ${String(1000 + index)}`,
    email: `${first}.${last}${index}@clients.example`.toLowerCase(),
    isDeceased: 'F',
    modifiedTimestamp: stamp,
    createdTimestamp: stamp,
    amlStatus: 'Not started',
    amlProgress: 0,
    amlRisk: 'Unknown',
    reference: null,
    importExternalReference: null,
    links: { physicalCountry: 'AU', mailingCountry: 'AU', division: '1' },
  };
}

function user(index: number): SimulatedRecord {
  return {
    id: index + 1,
    isCurrent: index === 0 ? 'T' : 'F',
    emailAddress: index === 0 ? 'pat.example@harbour.example' : `user${index + 1}@harbour.example`,
    isActive: index === 5 ? 'F' : 'T',
    hasAuthority: index < 2 ? 'T' : 'F',
    links: { participant: String(PERSON_PARTICIPANT + index), role: '1', division: '1', defaultRate: '2' },
  };
}

function actionType(index: number): SimulatedRecord {
  const name = ['Conveyancing', 'Litigation', 'Estates', 'Leasing', 'Employment'][index] ?? 'Other';
  return {
    id: index + 1,
    name,
    description: name,
    isDisabled: 'F',
    isBillable: 'T',
    canCreate: 'T',
    links: { primaryParticipantType: '31' },
  };
}

function participantType(index: number): SimulatedRecord {
  const name = ['Client', 'Other_Side', 'Bank', 'Agent', 'Court', 'Witness'][index] ?? 'Other';
  return {
    id: 31 + index,
    name,
    displayName: name.replace('_', ' '),
    description: null,
    isBaseParticipantType: 'F',
    companyFlag: 'F',
    taxNumberAlias: null,
    links: {},
  };
}

function matterParticipant(index: number): SimulatedRecord {
  const action = FIRST_MATTER + Math.floor(index / 2);
  const type = 31 + (index % 2);
  const person = 1 + pick(16, 'member', index);
  return {
    id: `${action}--${type}--${person}`,
    participantNumber: 1 + (index % 2),
    links: { action: String(action), participantType: String(type), participant: String(person) },
  };
}

function fileNote(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const stamp = stampText(madeAt(options, index, options.size * 4), options.timeZone);
  const system = index % 6 === 5;
  return {
    id: 9001 + index,
    enteredTimestamp: stamp,
    text: system ? 'Changed step from Instructions to Searches' : NOTES[index % NOTES.length],
    enteredBy: system ? 'System' : options.person.name,
    source: system ? 'System' : 'User',
    noteTimestamp: stamp,
    links: {
      action: matterOf(options.size, 'note', index),
      document: null,
      participant: String(PERSON_PARTICIPANT),
      tags: null,
    },
  };
}

function task(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size * 3);
  const done = index % 3 === 0;
  return {
    id: 3001 + index,
    name: WORK[index % WORK.length],
    status: done ? 'Complete' : 'Incomplete',
    priority: ['Low', 'Normal', 'High'][index % 3],
    dueTimestamp: stampText(new Date(at.getTime() + 7 * 86_400_000), options.timeZone),
    startedTimestamp: null,
    completedTimestamp: done ? stampText(at, options.timeZone) : null,
    lastModifiedTimestamp: stampText(at, options.timeZone),
    description: null,
    assignedBy: options.person.name,
    hasTriggerDate: 'F',
    links: { action: matterOf(options.size, 'task', index), assignee: String(PERSON_PARTICIPANT), template: null },
  };
}

function timeEntry(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size * 6);
  const hours = (1 + pick(16, 'hours', index)) / 4;
  const { date, offset } = zoned(at, options.timeZone);
  return {
    id: 501 + index,
    timestampDate: `${date}T00:00:00${offset}`,
    description: WORK[index % WORK.length],
    actualHours: hours.toFixed(2),
    billableHours: hours.toFixed(2),
    createdTimestamp: stampText(at, options.timeZone),
    startTime: '09:00:00',
    timerStatus: 'Stopped',
    timerStartedClientTimestamp: null,
    timerDurationSeconds: 0,
    billingBehavior: 'Bill',
    rateUnitPrice: '570.00',
    rateSource: 'Default',
    rateTimestamp: null,
    billableAmountType: 'Calculated',
    billableAmount: (hours * 570).toFixed(2),
    isBillable: index % 5 === 4 ? 'F' : 'T',
    importExternalReference: null,
    billReference: null,
    links: {
      task: null,
      quickCode: null,
      createdBy: String(PERSON_PARTICIPANT),
      owner: String(PERSON_PARTICIPANT + (index % 4)),
      action: matterOf(options.size, 'time', index),
      rate: '2',
      utbmsActivityCode: null,
      utbmsTaskCode: null,
      utbmsTimekeeperCode: null,
      phoneRecord: null,
    },
  };
}

function timeRecord(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size * 6);
  const hours = ((1 + pick(16, 'hours', index)) / 4).toFixed(2);
  return {
    id: 77 + index,
    startTimestamp: stampText(at, options.timeZone),
    notes: WORK[index % WORK.length],
    actualHours: hours,
    billableHours: hours,
    createdTimestamp: stampText(at, options.timeZone),
    links: {
      task: null,
      activity: '3',
      division: '1',
      createdBy: String(PERSON_PARTICIPANT),
      owner: String(PERSON_PARTICIPANT),
      action: matterOf(options.size, 'time', index),
      rate: '2',
    },
  };
}

function disbursement(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size * 2);
  return {
    id: 4001 + index,
    date: zoned(at, options.timeZone).date,
    description: ['Photocopying', 'Court filing fee', 'Title search'][index % 3],
    quantity: '1.00',
    unitPrice: (10 + pick(200, 'price', index)).toFixed(2),
    unitPriceIncludesTax: 'T',
    utbmsExpenseCode: null,
    importExternalReference: null,
    enteredTimestamp: stampText(at, options.timeZone),
    isAnticipated: 'F',
    links: {
      action: matterOf(options.size, 'disbursement', index),
      enteredByParticipant: String(PERSON_PARTICIPANT),
      uom: '1',
      taxCode: '1',
      incomeAccount: '1',
    },
  };
}

function actionDocument(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const stamp = stampText(madeAt(options, index, options.size * 3), options.timeZone);
  const action = matterOf(options.size, 'document', index);
  const id = 2501 + index;
  return {
    id,
    name: `Document ${id}`,
    modifiedTimestamp: stamp,
    createdTimestamp: stamp,
    status: 'uploaded',
    fileSize: 12 + index,
    extension: '.txt',
    fileName: `${action}_document_${id}.txt`,
    isDeleted: 'F',
    file: `DL::Actions::${action}::${id}`,
    links: { action, checkedOutBy: null, folder: null, createdBy: String(PERSON_PARTICIPANT) },
  };
}

function bill(options: ActionstepSimulatorOptions, index: number): SimulatedRecord {
  const at = madeAt(options, index, options.size);
  const stamp = stampText(at, options.timeZone);
  const amount = 100 + pick(5000, 'bill', index);
  return {
    id: 801 + index,
    status: ['Draft', 'Open', 'Closed'][index % 3],
    ourReference: String(10_001 + index),
    theirReference: null,
    currency: 'AUD',
    invoiceDate: zoned(at, options.timeZone).date,
    dueDate: zoned(new Date(at.getTime() + 14 * 86_400_000), options.timeZone).date,
    totalInclusive: (amount * 1.1).toFixed(2),
    totalExclusive: amount.toFixed(2),
    totalSalesTax: (amount * 0.1).toFixed(2),
    totalPaid: '0.00',
    totalDue: (amount * 1.1).toFixed(2),
    createdTimestamp: stamp,
    modifiedTimestamp: stamp,
    deletedTimestamp: null,
    links: { division: '1', action: [matterOf(options.size, 'bill', index)], theirParticipant: '16' },
  };
}
