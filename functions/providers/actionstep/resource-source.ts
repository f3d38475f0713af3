import * as v from 'valibot';
import { ConfigInvalidError, ResponseTooLargeError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import type {
  Completeness,
  ReportSource,
  SourceContext,
  SourceDescription,
  SourcePage,
} from '../../core/reports/source.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { firstPage, takePage, withSmallerPages, type PageState, type Step } from './drift.ts';
import { MEDIA_TYPE, parsePage, withIncluded, type ResourcePage } from './paging.ts';
import { parseResourceOptions, readResourceOptions, stampFor, TIME, type ResourceOptions } from './resource-options.ts';
import { stampFilters, stampOf, type Stamp } from './stamps.ts';
import { findTimeModule } from './time-module.ts';

/** Lists are read from Actionstep's own database; what a transaction may still hold back is minutes. */
const SETTLE_MS = 5 * MINUTE_MS;

/** The first page of a large list is counted first, and takes more than 100 seconds for some firms. */
const TIMEOUT_MS = 180_000;

/** Resources whose records have no id to sort by (official specifications). */
const WITHOUT_ID: ReadonlySet<string> = new Set([
  'culturalidentity',
  'disabilitystatus',
  'gendertypes',
  'participantadditionalnotificationmethods',
  'participantdatafielddropdownchoices',
  'participantrelationshiptypes',
  'primarylanguage',
]);

const NO_STAMP = 'its records carry no stamp of creation or change, so that only what stands now can be read';
const READ_IN_FULL = 'the job asks for everything that stands now (full: true)';

/**
 * Any resource of the API, by name.
 *
 * By a modified stamp a window holds what was last changed in it, as of when it was read; by a creation stamp it holds
 * what was created in it, and later edits and deletions do not show. Deleted and restricted records come as the API shows
 * them to the person who authorized the connection: a hidden matter is missing without a word.
 */
export function createResourceSource(title: string, fixed?: string): ReportSource {
  return {
    title,
    parseOptions: (input) => parseResourceOptions(input, fixed),
    describe: (options) => describe(readResourceOptions(options)),
    readPage: (call, context, cursor) => readPage(call, context, cursor),
  };
}

function describe(options: ResourceOptions): SourceDescription {
  const incremental = stampFor(options) !== undefined;
  const groupColumn = GROUP_COLUMNS[options.resource];
  return {
    kind: incremental ? 'incremental' : 'snapshot',
    ...(incremental ? {} : { snapshotReason: options.full ? READ_IN_FULL : NO_STAMP }),
    settleMs: incremental ? SETTLE_MS : 0,
    ...(WITHOUT_ID.has(options.resource) ? {} : { keyColumns: ['id'] }),
    ...(groupColumn === undefined ? {} : { groupColumn }),
  };
}

/** What people count by. */
const GROUP_COLUMNS: Readonly<Record<string, string>> = {
  actions: 'status',
  bills: 'status',
  tasks: 'status',
  participants: 'isCompany',
  filenotes: 'source',
  timeentries: 'isBillable',
  users: 'isActive',
};

async function readPage(call: CallApi, context: SourceContext, cursor: JsonValue | undefined): Promise<SourcePage> {
  const options = readResourceOptions(context.options);
  const state = cursor === undefined ? firstPage(await actualResource(call, options)) : readCursor(cursor);
  const stamp = stampFor(options, state.resource);
  const page = await readRows(call, state, query(options, state, stamp, context), options);
  if ('instead' in page) return { rows: [], next: page.instead as unknown as JsonObject };
  const step = takePage(state, page, state.asked ?? options.pageSize);
  const inside = step.fresh.filter((row) => stamp === undefined || isInside(row, stamp, context));
  const after: PageState = { ...step.state, outside: state.outside + step.fresh.length - inside.length };
  return {
    rows: inside.map((row) => withIncluded(row, page, state.resource, options.include)),
    ...(step.done ? {} : { next: after as unknown as JsonObject }),
    ...verdict({ ...step, state: after }, stamp, context),
  };
}

/** A page, or where to go on asking when it is too large to be taken. */
async function readRows(
  call: CallApi,
  state: PageState,
  asked: readonly (readonly [string, string])[],
  { pageSize }: ResourceOptions,
): Promise<ResourcePage | { readonly instead: PageState }> {
  try {
    const response = await call({
      method: 'GET',
      path: state.resource,
      query: asked,
      headers: { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE },
      timeoutMs: TIMEOUT_MS,
    });
    return parsePage(response, state.resource);
  } catch (error) {
    const instead = error instanceof ResponseTooLargeError ? withSmallerPages(state, pageSize) : undefined;
    if (instead === undefined) throw error;
    return { instead };
  }
}

async function actualResource(call: CallApi, options: ResourceOptions): Promise<string> {
  return options.resource === TIME ? await findTimeModule(call) : options.resource;
}

function query(
  options: ResourceOptions,
  state: PageState,
  stamp: Stamp | undefined,
  context: SourceContext,
): (readonly [string, string])[] {
  const wanted =
    options.fields.length === 0 ? [] : ['id', ...(stamp === undefined ? [] : [stamp.field]), ...options.fields];
  const fields = [...new Set([...wanted, ...(wanted.length === 0 ? [] : options.include)])];
  return [
    ...Object.entries(options.filters),
    ...(stamp === undefined ? [] : stampFilters(stamp, context.window)),
    ...(fields.length === 0 ? [] : [['fields', fields.join(',')] as const]),
    ...(options.include.length === 0 ? [] : [['include', options.include.join(',')] as const]),
    ...(WITHOUT_ID.has(state.resource) ? [] : [['sort', 'id'] as const]),
    ['pageSize', String(state.asked ?? options.pageSize)],
    ['page', String(state.page)],
  ];
}

/** `from` inclusive, `to` exclusive, by the row's own stamp. A row without one was not asked for and is left out. */
function isInside(row: JsonObject, stamp: Stamp, { window }: SourceContext): boolean {
  const at = stampOf(row, stamp);
  return at !== undefined && at >= window.from && at < window.to;
}

/**
 * The source counts the widened read, so that its word for the window is its count less the rows that we took and
 * that lie outside: equal to ours exactly when every row it counted was taken.
 */
function verdict({ state, done }: Step, stamp: Stamp | undefined, context: SourceContext): Partial<SourcePage> {
  const total = state.total === null ? {} : { sourceTotal: state.total - state.outside };
  if (!done) return total;
  const restless = state.duplicates > 0 || state.totalChanges > 0 || state.rereads > 0;
  const completeness: Completeness = state.total === null ? 'short-page' : restless ? 'second-pass' : 'reconciled';
  return {
    ...total,
    completeness: state.total === null || state.total === state.read ? completeness : 'unproven',
    facts: {
      resource: state.resource,
      recordCount: state.total,
      duplicatesDropped: state.duplicates,
      totalChanges: state.totalChanges,
      pagesReadAgain: state.rereads,
      ...(stamp === undefined
        ? {}
        : {
            stamp: stamp.field,
            rowsOutsideWindow: state.outside,
            asOf: stamp.moves ? context.observedAt.toISOString() : null,
            laterChangesShow: stamp.moves,
          }),
    },
  };
}

const cursorSchema = v.object({
  resource: v.string(),
  page: v.number(),
  total: v.nullable(v.number()),
  pageSize: v.nullable(v.number()),
  read: v.number(),
  outside: v.number(),
  asked: v.exactOptional(v.number()),
  recent: v.array(v.string()),
  duplicates: v.number(),
  totalChanges: v.number(),
  rereads: v.number(),
});

function readCursor(cursor: JsonValue): PageState {
  const parsed = v.safeParse(cursorSchema, cursor);
  if (parsed.success) return parsed.output;
  throw new ConfigInvalidError('The stored place in an Actionstep export is not one that this version wrote');
}
