import type { ActionstepSimulatorOptions } from './options.ts';
import { madeAt, PERSON_PARTICIPANT, type SimulatedRecord } from './records.ts';
import { stampText } from './wire.ts';

/** Rows of a resource that is not in the demonstration's own story. */
const COUNT = 12;

type Fields = (index: number) => Partial<SimulatedRecord>;

/** Composite and textual ids, and lists of plain values that have none. */
const SHAPES: Readonly<Record<string, Fields>> = {
  actiontypeparticipanttypes: (index) => ({ id: `${1 + (index % 5)}--${31 + index}`, required: 'F' }),
  contactrelationships: (index) => ({ id: `${PERSON_PARTICIPANT}--${16 + index}`, relationship: 'Spouse of' }),
  culturalidentity: (index) => ({ identity: `Identity ${index + 1}` }),
  datacollectionfielddropdownchoices: (index) => ({
    id: `100--Court--${index}`,
    name: `Court ${index + 1}`,
    isDefault: 'F',
  }),
  datacollectionfields: (index) => ({ id: `100--Field${index}`, name: `Field${index}`, dataType: 'Str255' }),
  datacollectionrecordvalues: (index) => ({ id: `148--Field${index}--6234`, stringValue: `Value ${index + 1}` }),
  disabilitystatus: (index) => ({ status: `Status ${index + 1}` }),
  gendertypes: (index) => ({ genderTypeName: `Type ${index + 1}`, pronounType: 'Neutral' }),
  participantdefaulttypes: (index) => ({ id: `${16 + index}--31` }),
  participantrelationshiptypes: (index) => ({
    category: 'IndividualToIndividual',
    relationshipType: `Kind ${index + 1}`,
  }),
  primarylanguage: (index) => ({ language: `Language ${index + 1}` }),
  utbmscodes: (index) => ({ id: `A${101 + index}`, categoryCode: 'Activity Codes', enabled: 'T' }),
};

const PLAIN_VALUES = new Set([
  'culturalidentity',
  'disabilitystatus',
  'gendertypes',
  'participantrelationshiptypes',
  'primarylanguage',
]);

/** The stamp that such a record carries, where its resource has one. */
const STAMPED: Readonly<Record<string, string>> = {
  contactdocuments: 'modifiedTimestamp',
  contactnotes: 'enteredTimestamp',
  datacollectionrecordvalues: 'last_modified_time_stamp',
  documenttemplates: 'modifiedTimestamp',
  emails: 'createdTimestamp',
};

/** Any other resource: names and numbers, in the shape that its kind of resource has. */
export function genericRecords(resource: string, options: ActionstepSimulatorOptions): SimulatedRecord[] {
  return Array.from({ length: COUNT }, (_, index) => {
    const stamp = STAMPED[resource];
    const at = stampText(madeAt(options, index, COUNT), options.timeZone);
    const stamped = stamp === undefined ? {} : { [stamp]: at };
    const shape = SHAPES[resource]?.(index) ?? { name: `${resource} ${index + 1}`, description: null };
    return { ...(PLAIN_VALUES.has(resource) ? {} : { id: index + 1 }), ...shape, ...stamped, links: {} };
  });
}
