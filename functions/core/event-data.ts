import type { JsonObject } from './json.ts';

/** What the `data` of events looks like: the parts of `event-schemas.ts`. */

export const text: JsonObject = { type: 'string' };
export const name: JsonObject = { type: 'string', minLength: 1 };
export const instant: JsonObject = { type: 'string', format: 'date-time' };
export const severity: JsonObject = { enum: ['critical', 'high', 'medium', 'low', 'info'] };
export const alertState: JsonObject = { enum: ['open', 'acknowledged', 'suppressed', 'resolved'] };
const count: JsonObject = { type: 'integer', minimum: 0 };
const version: JsonObject = { type: 'integer', minimum: 1 };
const cut = say({ const: true }, 'Set where the event was too large and texts or lists of it were cut.');

/** An object that has these members and may have others: consumers ignore what they do not know. */
export function object(
  required: Readonly<Record<string, JsonObject>>,
  optional: Readonly<Record<string, JsonObject>> = {},
) {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional } };
}

export function say(schema: JsonObject, description: string): JsonObject {
  return { ...schema, description };
}

const job = say(name, 'The job’s name in steward.yaml.');
const from = say(instant, 'Inclusive.');
const to = say(instant, 'Exclusive.');

const alert = object(
  {
    id: say(name, 'The provider’s id, unique within the job.'),
    severity,
    state: alertState,
    title: text,
    resource: say(text, 'What it is about: a host, a device, a CVE in an organisation.'),
    significant: say({ type: 'object' }, 'The provider’s fields that make a new version when one of them changes.'),
    details: say({ type: 'object' }, 'What else the provider tells, for whoever reads it.'),
  },
  {
    raisedAt: say(instant, 'When the provider says that it began.'),
    changedAt: say(instant, 'When the provider says that it last changed.'),
  },
);

export const alertVersion = object(
  { job, version: say(version, 'Counts the recorded states of this alert, from 1, without a gap.'), alert },
  { previous: say(object({ version, state: alertState, severity }), 'The version before; absent for the first.'), cut },
);

export const digest = object(
  {
    job,
    reason: { enum: ['storm', 'maintenance'] },
    from,
    to,
    versions: say(count, 'Versions that it speaks for. Each is recorded, and `steward alerts replay` publishes them.'),
    counts: say({ type: 'object' }, 'They by kind and severity, or what is still open of them.'),
    sample: { type: 'array', maxItems: 20, items: object({ id: name, title: text, severity }) },
  },
  { cut },
);

export const blind = object(
  {
    job,
    reason: { enum: ['gap', 'checkpoint-lost', 'shrunken-answer', 'unreadable-items'] },
    from: say(instant, 'The last time that everything was seen.'),
    to: say(instant, 'When it was seen again.'),
    found: say({ type: 'object' }, 'What was found afterwards, or what the provider showed.'),
  },
  { cut },
);

const manifestKey = say(name, 'Where the record lies in the archive.');
const sequence = say(version, 'Its number in the job’s chain.');
const rows = say(count, 'Rows that were read.');
const sourceTotal = say({ type: ['integer', 'null'], minimum: 0 }, 'The source’s own count; null where it has none.');
const reportKey = say(name, 'The figures of what did not reconcile, beside the data that was read.');
const changes = say(
  { type: 'array', items: object({ kind: { enum: ['new', 'missing', 'retyped'] }, column: text }) },
  'Columns that changed since the export before.',
);
const completeness = say({ enum: ['reconciled', 'short-page', 'second-pass', 'unproven'] }, 'How it was judged.');
const failure = {
  code: say(name, 'Why the attempt ended; stable.'),
  message: say(text, 'The same for people.'),
  retryable: say({ type: 'boolean' }, 'Whether the next attempt may go well with nobody stepping in.'),
};

function ofWindow(required: Readonly<Record<string, JsonObject>>, optional: Readonly<Record<string, JsonObject>> = {}) {
  const window = { from: say(instant, 'The window, inclusive.'), to: say(instant, 'Exclusive.') };
  return object({ job, source: name, ...window, attempt: count, ...required }, { ...optional, cut });
}

export const exportCompleted = ofWindow(
  { manifestKey, sequence, rows, sourceTotal, parts: count, bytes: count, completeness },
  { fills: say(version, 'Number of the gap record that this export fills.') },
);
export const exportFailed = ofWindow(failure);
export const exportIncomplete = ofWindow({ ...failure, rows, sourceTotal, reportKey });
export const exportSchemaChanged = ofWindow({ manifestKey, changes }, { sequence, rows });
export const exportGap = ofWindow(
  { manifestKey, sequence, reason: say(text, 'Why the window was given up.') },
  { attempts: say(count, 'After how many.'), rows, sourceTotal, reportKey },
);
export const connection = object(
  { connection: name, provider: name },
  { cause: text, command: say(text, 'What a person has to run.'), cut },
);
/** What a person did with the command. */
export const audited = object(
  {},
  { actor: say(name, 'Who it was, as their machine knows them.'), connection: name, provider: name, cut },
);

const hookEvents: JsonObject = { type: 'array', items: name };
const hookOff = {
  connection: name,
  hook: say(name, 'The webhook’s name in steward.yaml.'),
  job: say(name, 'The alert job that it feeds.'),
  events: say(hookEvents, 'The provider’s events for which it was off.'),
  since: say(instant, 'Until then it was on, as far as anybody knows.'),
  recoverable: say(hookEvents, 'Those of them whose changes the job’s poll finds all the same.'),
  unrecoverable: say(
    { type: 'array', items: object({ event: name, why: name }) },
    'Those of which nobody will learn what changed meanwhile.',
  ),
};
export const hookDisabled = object(hookOff, { cut });
export const hookRestored = object(
  {
    ...hookOff,
    disabledAt: say(instant, 'When it was found off.'),
    reenabled: say(hookEvents, 'Switched on again.'),
    registered: say(hookEvents, 'Registered anew, because they were gone or could not be switched on.'),
    polled: say(object({ from, to }), 'For which time the poll made up for it.'),
  },
  { cut },
);
