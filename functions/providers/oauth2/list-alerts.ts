import * as v from 'valibot';
import type {
  Alert,
  AlertPage,
  AlertSource,
  AlertSourceContext,
  AlertState,
  Severity,
} from '../../core/alerts/source.ts';
import { idText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import { check, members, oneOf, stored } from './checks.ts';
import { valueAt } from './ways.ts';
import { queryOf } from './query.ts';
import { innerWay, recipe } from './recipe.ts';
import { readStamp, STAMP_FORMATS } from './stamps.ts';
import { BEGINNING, type Place } from './place.ts';
import { stepWalk } from './walk.ts';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const satisfies readonly Severity[];
const STATES = ['open', 'acknowledged', 'suppressed', 'resolved'] as const satisfies readonly AlertState[];

/** The vendor's words in ours. What nobody told us of is `otherwise`, so that it is not taken for harmless. */
function words<const Words extends readonly string[]>(ours: Words, otherwise: NoInfer<Words[number]>) {
  return v.optional(
    members({
      from: innerWay,
      map: v.record(v.string(), oneOf(ours)),
      otherwise: v.optional(oneOf(ours), otherwise),
    }),
  );
}

const optionsSchema = members({
  ...recipe,
  id: innerWay,
  title: innerWay,
  resource: v.optional(innerWay),
  severity: words(SEVERITIES, 'medium'),
  state: words(STATES, 'open'),
  /** Besides severity and state: what has to change for an alert to be told of again. */
  fingerprint: v.optional(v.array(innerWay), []),
  details: v.optional(v.array(innerWay), []),
  raisedAt: v.optional(innerWay),
  changedAt: v.optional(innerWay),
  format: v.optional(oneOf(STAMP_FORMATS), 'iso'),
});

type Options = v.InferOutput<typeof optionsSchema>;

/** Any list of things that stand, by the recipe in the job's filter. What is no longer in it counts as resolved. */
export const listAlerts: AlertSource = {
  title: 'Any list of what stands, by a recipe',
  mode: 'snapshot',
  lagMs: 0,
  parseOptions: (input) => stored(check(optionsSchema, input, 'The recipe')),
  readPage: (call, context, _span, cursor) => readPage(call, context, cursor as Place | undefined),
};

async function readPage(call: CallApi, context: AlertSourceContext, cursor: Place | undefined): Promise<AlertPage> {
  const options = context.options as unknown as Options;
  const { rows, place, ended } = await stepWalk(call, context, options, queryOf(options), cursor ?? BEGINNING);
  const read = rows.map((row) => ({ row, alert: toAlert(row, options, context.connection) }));
  const unreadable = read.filter(({ alert }) => alert === undefined).map(() => '');
  return {
    alerts: read.flatMap(({ alert }) => alert ?? []),
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(ended === undefined ? { next: place } : {}),
    ...(place.total === null ? {} : { total: place.total }),
  };
}

/** `undefined` for a row without an id: it could be any of those that we hold. */
function toAlert(row: JsonObject, options: Options, connection: string): Alert | undefined {
  const id = idText(valueAt(row, options.id));
  if (id === undefined) return undefined;
  const at = (way: string | undefined) => (way === undefined ? undefined : valueAt(row, way));
  const severity = mapped(options.severity, row, 'medium');
  const state = mapped(options.state, row, 'open');
  const raisedAt = readStamp(at(options.raisedAt), options.format);
  const changedAt = readStamp(at(options.changedAt), options.format);
  return {
    id,
    severity,
    state,
    title: idText(at(options.title)) ?? `Alert ${id}`,
    resource: idText(at(options.resource)) ?? connection,
    ...(raisedAt === undefined ? {} : { raisedAt }),
    ...(changedAt === undefined ? {} : { changedAt }),
    significant: { severity, state, fields: picked(row, options.fingerprint) },
    details: picked(row, options.details),
  };
}

interface Mapping<Word> {
  readonly from: string;
  readonly map: Readonly<Record<string, Word>>;
  readonly otherwise: Word;
}

/** Letter case does not matter. */
function mapped<Word>(mapping: Mapping<Word> | undefined, row: JsonObject, none: Word): Word {
  if (mapping === undefined) return none;
  const value = valueAt(row, mapping.from);
  const wanted = (value === undefined || typeof value === 'object' ? '' : String(value)).toLowerCase();
  const found = Object.entries(mapping.map).find(([name]) => name.toLowerCase() === wanted);
  return found?.[1] ?? mapping.otherwise;
}

function picked(row: JsonObject, ways: readonly string[]): JsonObject {
  return Object.fromEntries(ways.map((way): readonly [string, JsonValue] => [way, valueAt(row, way) ?? null]));
}
