import * as v from 'valibot';
import { ConfigInvalidError, ProviderResponseInvalidError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type {
  ReportSource,
  SourceContext,
  SourceDescription,
  SourcePage,
  SourceRow,
  Window,
} from '../../core/reports/source.ts';
import { SECOND_MS } from '../../core/time.ts';
import { check, members, oneOf, stored, whole } from './checks.ts';
import { valueAt } from './ways.ts';
import { innerWay, recipe, type Recipe } from './recipe.ts';
import { queryOf } from './query.ts';
import { readStamp, STAMP_FORMATS } from './stamps.ts';
import { BEGINNING, type Place } from './place.ts';
import { stepWalk } from './walk.ts';

const optionsSchema = members({
  ...recipe,
  /** What makes the list incremental: a window then holds the rows whose stamp lies in it. */
  window: v.optional(
    members({
      stamp: innerWay,
      format: v.optional(oneOf(STAMP_FORMATS), 'iso'),
      /** A stamp of change moves with each change, one of creation stays: the manifest says which. */
      moves: v.optional(v.boolean('must be true or false'), true),
      /** After the window's end, before it is read: what a transaction or an index may still hold back. */
      settleSeconds: v.optional(whole(0, 86_400), 300),
      /** How much wider `{from}` and `{to}` are: for APIs whose bounds leave out one end, or know whole days only. */
      widenSeconds: v.optional(whole(0, 172_800), 1),
    }),
  ),
  /** In this order and no others; without them the columns are those that the rows have. */
  columns: v.optional(v.pipe(v.array(innerWay), v.minLength(1, 'must name at least one column'))),
  /** What `summary.html` counts by. */
  groupBy: v.optional(innerWay),
});

type Options = v.InferOutput<typeof optionsSchema>;
type Cursor = { readonly place: Place; readonly outside: number };

/** Any list of the API, by the recipe in the job's options. */
export const list: ReportSource = {
  title: 'Any list, by a recipe',
  parseOptions: (input) => stored(parse(input)),
  describe: (options) => describe(options as unknown as Options),
  readPage: (call, context, cursor) => readPage(call, context, cursor as Cursor | undefined),
};

/** @throws ConfigInvalidError with the place of the fault */
function parse(input: unknown): Options {
  const options = check(optionsSchema, input, 'The recipe');
  const asksForWindow = Object.entries(options.query).find(([, value]) => /\{(?:from|to)\}/u.test(String(value)));
  if (asksForWindow !== undefined && options.window === undefined) {
    const [name] = asksForWindow;
    const problem = 'asks for a window, and the recipe has none: say window: { stamp: … }';
    throw new ConfigInvalidError(`The recipe: query ${name} ${problem}`, { fault: { path: ['query', name], problem } });
  }
  return options;
}

function describe({ window, columns, id, groupBy }: Options): SourceDescription {
  const kept =
    columns === undefined
      ? {}
      : { columns: [...new Set([id, groupBy, ...columns])].filter((way) => way !== undefined) };
  return {
    ...(window === undefined
      ? { kind: 'snapshot', snapshotReason: 'the recipe has no window: the list is read as it stands', settleMs: 0 }
      : { kind: 'incremental', settleMs: window.settleSeconds * SECOND_MS }),
    ...kept,
    ...(id === undefined ? {} : { keyColumns: [id] }),
    ...(groupBy === undefined ? {} : { groupColumn: groupBy }),
  };
}

async function readPage(call: CallApi, context: SourceContext, cursor: Cursor | undefined): Promise<SourcePage> {
  const options = context.options as unknown as Options;
  const { place: before, outside: already } = cursor ?? { place: BEGINNING, outside: 0 };
  const query = queryOf(options, options.window, context.window);
  const { fresh, place, ended } = await stepWalk(call, context, options, query, before);
  const inside = fresh.filter((row) => isInside(row, options, context.window));
  const outside = already + fresh.length - inside.length;
  const rows = inside.map((row) => toRow(row, options));
  if (ended === undefined) return { rows, next: { place, outside } };
  return {
    rows,
    // The API counts what it was asked for: a widened window. Its word for the window is that less what lies outside.
    ...(place.total === null ? {} : { sourceTotal: place.total - outside }),
    completeness: ended,
    facts: factsOf(options, context, place, outside),
  };
}

/** `from` inclusive, `to` exclusive, by the row's own stamp. @throws ProviderResponseInvalidError for a row without one */
function isInside(row: JsonObject, { path, window }: Options, { from, to }: Window): boolean {
  if (window === undefined) return true;
  const at = readStamp(valueAt(row, window.stamp), window.format);
  if (at !== undefined) return at >= from && at < to;
  throw new ProviderResponseInvalidError(`The list ${path} has a row without a stamp at "${window.stamp}"`);
}

/** Ways that lead deeper become columns of their own; rows without fixed columns keep everything that they have. */
function toRow(row: JsonObject, { columns, id, groupBy }: Options): SourceRow {
  const ways = columns === undefined ? [id, groupBy] : [id, groupBy, ...columns];
  const picked = ways.flatMap((way): readonly (readonly [string, JsonValue])[] =>
    way === undefined ? [] : [[way, valueAt(row, way) ?? null]],
  );
  return columns === undefined ? { ...row, ...Object.fromEntries(picked) } : Object.fromEntries(picked);
}

function factsOf(
  { path, paging, window }: Recipe & Pick<Options, 'window'>,
  { observedAt }: Pick<SourceContext, 'observedAt'>,
  { total, totalMoved, repeated }: Place,
  outside: number,
): JsonObject {
  return {
    path,
    paging: paging.style,
    sourceCount: total,
    totalMoved,
    repeatedDropped: repeated,
    ...(window === undefined
      ? {}
      : {
          stamp: window.stamp,
          stampMoves: window.moves,
          rowsOutsideWindow: outside,
          asOf: window.moves ? observedAt.toISOString() : null,
        }),
  };
}
