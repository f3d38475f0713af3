import * as v from 'valibot';
import type { AlertPage, AlertSource, AlertSourceContext, AlertSpan } from '../../core/alerts/source.ts';
import { ConfigInvalidError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { CallApi } from '../../core/provider.ts';
import { MINUTE_MS } from '../../core/time.ts';
import { HOOK_EVENTS, parseHintId } from './hook-events.ts';
import { ActionstepRefusedError } from './judge.ts';
import { idOf, MAX_PAGE_SIZE, MEDIA_TYPE, parsePage } from './paging.ts';
import { toAlert } from './record-alert.ts';
import { STAMPS, stampFilters, stampOf, type Stamp } from './stamps.ts';

const HEADERS = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };

const schema = v.strictObject({
  resources: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.check((name) => Object.hasOwn(STAMPS, name), `each must be one of ${Object.keys(STAMPS).join(', ')}`),
        ),
      ),
      v.minLength(1, 'at least one'),
    ),
    ['actions', 'tasks', 'filenotes', 'participants'],
  ),
  events: v.optional(
    v.array(
      v.pipe(
        v.string(),
        v.check(
          (name) => Object.hasOwn(HOOK_EVENTS, name),
          `each must be one of ${Object.keys(HOOK_EVENTS).join(', ')}`,
        ),
      ),
    ),
    [],
  ),
});

type Options = v.InferOutput<typeof schema>;

/** Where a pass is: which of the job's resources, which page of it. */
const cursorSchema = v.object({ resource: v.number(), page: v.number() });

/**
 * Changes of records, as alerts.
 *
 * It is polled by the records' stamps, so that nothing is missed while a hook is off; a hook only makes it sooner. What
 * a stamp does not show (an edited file note, a deleted time entry) is seen where a hook names the record, and only there.
 */
export const hookSource: AlertSource = {
  title: 'Changes of records',
  mode: 'feed',
  lagMs: MINUTE_MS,
  parseOptions(input) {
    const parsed = v.safeParse(schema, input ?? {});
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    throw new ConfigInvalidError(`options.${v.getDotPath(issue) ?? 'resources'}: ${issue.message}`);
  },
  readPage,
  readOne,
};

async function readPage(
  call: CallApi,
  context: AlertSourceContext,
  span: AlertSpan,
  cursor: JsonValue | undefined,
): Promise<AlertPage> {
  const { resources } = v.parse(schema, context.options);
  const place = cursor === undefined ? { resource: 0, page: 1 } : v.parse(cursorSchema, cursor);
  const resource = resources[place.resource];
  const stamp = resource === undefined ? undefined : STAMPS[resource];
  if (resource === undefined || stamp === undefined) return { alerts: [] };
  const response = await call({
    method: 'GET',
    path: resource,
    query: query(stamp, span, place.page),
    headers: HEADERS,
  });
  const page = parsePage(response, resource);
  const inSpan = page.rows.filter((row) => isInSpan(row, stamp, span));
  const next = nextPlace(place, resources, page.rows.length > 0 && place.page < (page.paging?.pageCount ?? 1));
  const unreadable = inSpan.filter((row) => idOf(row) === undefined).map(() => `${resource}/`);
  return {
    alerts: inSpan.map((row) => toAlert(resource, row)).filter((alert) => alert !== undefined),
    ...(unreadable.length === 0 ? {} : { unreadable }),
    ...(next === undefined ? {} : { next }),
    ...(resources.length === 1 && page.paging !== undefined ? { total: page.paging.recordCount } : {}),
  };
}

function query(stamp: Stamp, span: AlertSpan, page: number): readonly (readonly [string, string])[] {
  return [
    ...stampFilters(stamp, span),
    ['sort', `${stamp.field},id`],
    ['pageSize', String(MAX_PAGE_SIZE)],
    ['page', String(page)],
  ];
}

/** The question is wider than the span (see `stampFilters`); its edges belong to it, as overlaps are free. */
function isInSpan(row: JsonObject, stamp: Stamp, span: AlertSpan): boolean {
  const at = stampOf(row, stamp);
  return at !== undefined && at >= span.from && at <= span.to;
}

function nextPlace(
  place: { readonly resource: number; readonly page: number },
  resources: Options['resources'],
  more: boolean,
): JsonObject | undefined {
  if (more) return { resource: place.resource, page: place.page + 1 };
  return place.resource + 1 < resources.length ? { resource: place.resource + 1, page: 1 } : undefined;
}

/** A record by `<resource>/<id>`, for a hook's hint; `undefined` when it is gone, or when the id names none. */
async function readOne(call: CallApi, _context: AlertSourceContext, id: string) {
  const hint = parseHintId(id);
  if (hint === undefined) return undefined;
  try {
    const path = `${hint.resource}/${encodeURIComponent(hint.id)}`;
    const response = await call({ method: 'GET', path, headers: HEADERS });
    const row = parsePage(response, hint.resource).rows.find((candidate) => idOf(candidate) === hint.id);
    return row === undefined ? undefined : toAlert(hint.resource, row);
  } catch (error) {
    if (error instanceof ActionstepRefusedError && error.status === 404) return undefined;
    throw error;
  }
}
