import { ProviderResponseInvalidError, ResponseTooLargeError } from '../../core/errors.ts';
import { bodyJson } from '../../core/http.ts';
import { canonicalJson, idText, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { CallApi, ProviderContext } from '../../core/provider.ts';
import type { Completeness } from '../../core/reports/source.ts';
import { endedBy, nextOf, type Page } from './next-page.ts';
import { digest, marked, type Place } from './place.ts';
import { countOf, valueAt } from './ways.ts';
import type { Recipe, Sizes } from './recipe.ts';
import { apiBase, readSettings } from './settings.ts';

/** Lists are slower than single records. */
const TIMEOUT_MS = 60_000;

/** Digests of ids remembered of one page: the cursor of an export is kept in a step's result. */
const RECENT_LIMIT = 2000;

export interface Step {
  /** Everything that the page had. */
  readonly rows: readonly JsonObject[];
  /** What of it the page before did not have. */
  readonly fresh: readonly JsonObject[];
  readonly place: Place;
  /** On the last page: how it is known to be that. */
  readonly ended?: Completeness;
}

/**
 * Reads one page of a list, and finds out where the next one is.
 *
 * A short page is not taken for the last one unless the recipe says so, and an offset moves by what came and not by what
 * was asked for: an API that quietly caps the page size then loses nothing, and costs one empty page at the end.
 *
 * A page that is too large to be taken is asked for again with half as many rows, where the recipe has a size.
 *
 * @throws ProviderResponseInvalidError where there are no rows at the recipe's place, or the next page is another host's
 * @throws ExportIncompleteError where the pages go round in a circle
 */
export async function stepWalk(
  call: CallApi,
  context: ProviderContext,
  given: Recipe,
  query: readonly (readonly [string, string])[],
  place: Place,
): Promise<Step> {
  const recipe = withSize(given, place.size);
  const page = await readPage(call, context, recipe, query, place);
  if ('size' in page) return { rows: [], fresh: [], place: { ...place, size: page.size } };
  const digests = digestsOf(page.rows, recipe);
  const known = new Set(place.recent);
  const fresh = page.rows.filter((_, at) => isNew(digests[at], known));
  const total = recipe.total === undefined ? undefined : countOf(valueAt(page.body, recipe.total));
  const content = digest(canonicalJson(page.rows));
  const taken: Place = {
    ...place,
    taken: place.taken + fresh.length,
    repeated: place.repeated + page.rows.length - fresh.length,
    total: total ?? place.total,
    totalMoved: place.totalMoved || (place.total !== null && total !== undefined && total !== place.total),
    recent: digests.flatMap((one) => one ?? []).slice(-RECENT_LIMIT),
    page: content,
    alike: content === place.page ? place.alike + 1 : 0,
  };
  const next = nextOf(recipe, page, place, taken);
  if (next === undefined) return { rows: page.rows, fresh, place: taken, ended: endedBy(recipe, taken) };
  return { rows: page.rows, fresh, place: { ...taken, next, mark: marked(place.mark, next) } };
}

function withSize(recipe: Recipe, size: number | undefined): Recipe {
  if (size === undefined) return recipe;
  const paging = { ...recipe.paging, size };
  return { ...recipe, paging };
}

async function readPage(
  call: CallApi,
  context: ProviderContext,
  recipe: Recipe,
  query: readonly (readonly [string, string])[],
  place: Place,
): Promise<Page | { readonly size: number }> {
  try {
    return await callPage(call, context, recipe, query, place);
  } catch (error) {
    const size = error instanceof ResponseTooLargeError ? smallerSize(recipe, place) : undefined;
    if (size === undefined) throw error;
    return { size };
  }
}

/** Numbered pages of another size begin elsewhere, and links have a size of their own: both only before the first. */
function smallerSize({ paging }: Recipe, { next }: Place): number | undefined {
  const { style, sizeParameter, size = 1 }: Sizes = paging;
  if (sizeParameter === undefined || size === 1) return undefined;
  const isFree = style === 'offset' || style === 'cursor' || next === null;
  return isFree ? Math.ceil(size / 2) : undefined;
}

async function callPage(
  call: CallApi,
  context: ProviderContext,
  recipe: Recipe,
  query: readonly (readonly [string, string])[],
  { next }: Place,
): Promise<Page> {
  const { paging } = recipe;
  const isLink = (paging.style === 'next-link' || paging.style === 'link-header') && next !== null;
  const path = isLink ? String(next) : recipe.path;
  const response = await call({
    method: 'GET',
    path,
    ...(isLink ? {} : { query: [...query, ...pagingParameters(recipe, next)] }),
    headers: readSettings(context.settings).headers,
    timeoutMs: TIMEOUT_MS,
  });
  const url = new URL(path, apiBase(context));
  if (response.status === 204 || response.body.byteLength === 0) {
    return { url, rows: [], body: null, headers: response.headers };
  }
  const body = bodyJson(response) as JsonValue | undefined;
  if (body === undefined) throw new ProviderResponseInvalidError(`The answer for ${recipe.path} is not JSON`);
  return { url, rows: rowsOf(body, recipe), body, headers: response.headers };
}

function pagingParameters({ paging }: Recipe, next: Place['next']): readonly (readonly [string, string])[] {
  const { size, sizeParameter }: Sizes = paging;
  const sized = size === undefined || sizeParameter === undefined ? [] : [[sizeParameter, String(size)] as const];
  if (paging.style === 'page') return [[paging.parameter, String(next ?? paging.first)], ...sized];
  if (paging.style === 'offset') return [[paging.parameter, String(next ?? 0)], ...sized];
  return paging.style === 'cursor' && next !== null ? [[paging.parameter, String(next)], ...sized] : sized;
}

/** `null` is no rows. What is not there is a wrong recipe, and must not pass for an empty list. */
function rowsOf(body: JsonValue, recipe: Recipe): readonly JsonObject[] {
  const rows = valueAt(body, recipe.rows);
  if (rows === null) return [];
  const where = `The answer for ${recipe.path} has no list of rows at "${recipe.rows}"`;
  if (!Array.isArray(rows)) throw new ProviderResponseInvalidError(where);
  if (rows.every(isObject)) return rows;
  throw new ProviderResponseInvalidError(`${where}: something there is no object`);
}

function isObject(value: JsonValue): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isNew(one: string | undefined, known: Set<string>): boolean {
  if (one === undefined) return true;
  if (known.has(one)) return false;
  known.add(one);
  return true;
}

function digestsOf(rows: readonly JsonObject[], { id }: Recipe): readonly (string | undefined)[] {
  if (id === undefined) return rows.map(() => undefined);
  return rows.map((row) => {
    const text = idText(valueAt(row, id));
    return text === undefined ? undefined : digest(text);
  });
}
