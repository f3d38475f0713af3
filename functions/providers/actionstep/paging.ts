import * as v from 'valibot';
import { ProviderResponseInvalidError } from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import { idText, type JsonObject, type JsonValue } from '../../core/json.ts';
import { linkTemplatesSchema, pagingSchema, type Paging } from './schemas.ts';

/** Documented maximum. More is neither refused nor obeyed. */
export const MAX_PAGE_SIZE = 200;

/** Actionstep's media type; the documentation asks for it both ways. */
export const MEDIA_TYPE = 'application/vnd.api+json';

/** One page of a resource: the envelope of JSON:API from before its first version. */
export interface ResourcePage {
  readonly rows: readonly JsonObject[];
  /** `meta.paging.<resource>`; absent from an empty answer. */
  readonly paging?: Paging;
  /** Records that `include` brought along, by resource. */
  readonly linked: Readonly<Record<string, readonly JsonObject[]>>;
  /** Resource that a link leads to, by `<resource>.<link>`. */
  readonly linkTypes: Readonly<Record<string, string>>;
}

const EMPTY: ResourcePage = { rows: [], linked: {}, linkTypes: {} };

/**
 * Reads the page of a resource out of a response. 204 is an empty page (200 without a body is none: something was cut
 * off), and a page of one row holds the row itself where others hold an array.
 *
 * @throws ProviderResponseInvalidError when the body is not such an envelope
 */
export function parsePage(response: HttpResponse, resource: string): ResourcePage {
  if (response.status === 204) return EMPTY;
  const body = bodyJson(response);
  if (!isObject(body)) {
    throw new ProviderResponseInvalidError(`Actionstep's answer for ${resource} is not a JSON object`);
  }
  if (body[resource] === undefined && !isObject(body.meta) && !isObject(body.links)) {
    throw new ProviderResponseInvalidError(`Actionstep's answer for ${resource} holds neither records nor their count`);
  }
  const paging = v.safeParse(pagingSchema, at(body, 'meta', 'paging', resource));
  const templates = v.safeParse(linkTemplatesSchema, body.links ?? {});
  return {
    rows: toRows(body[resource], resource),
    ...(paging.success ? { paging: paging.output } : {}),
    linked: toLinked(body.linked),
    linkTypes: templates.success
      ? Object.fromEntries(Object.entries(templates.output).map(([name, { type }]) => [name, type]))
      : {},
  };
}

/** Absent and null are no rows, an object is one. @throws ProviderResponseInvalidError for anything else */
function toRows(value: JsonValue | undefined, resource: string): readonly JsonObject[] {
  if (value === undefined || value === null) return [];
  const rows = Array.isArray(value) ? value : [value];
  if (rows.every(isObject)) return rows;
  throw new ProviderResponseInvalidError(`Actionstep's answer holds something else than records under ${resource}`);
}

function toLinked(value: JsonValue | undefined): Readonly<Record<string, readonly JsonObject[]>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([type, rows]) => [type, toRows(rows, type)]));
}

function at(value: JsonValue, ...path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path) found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return found;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An id of a link as text: strings on the wire, integers in the documentation. */
export function linkId(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** A record's id as text: integers on most resources, composites such as `1024--31--11` on some. */
export function idOf(row: JsonObject): string | undefined {
  return idText(row.id);
}

/**
 * Puts the records that `include` brought along beside the row that links to them, under `included`.
 *
 * Links are ids as text; a link to many is an array of them.
 */
export function withIncluded(
  row: JsonObject,
  page: ResourcePage,
  resource: string,
  include: readonly string[],
): JsonObject {
  const links = row.links;
  if (include.length === 0 || !isObject(links)) return row;
  const included: Record<string, JsonValue> = {};
  for (const name of include) {
    const link = links[name];
    const records = page.linked[page.linkTypes[`${resource}.${name}`] ?? ''];
    if (link === undefined || link === null || records === undefined) continue;
    const byId = new Map(records.map((record) => [idOf(record), record]));
    const find = (id: JsonValue): JsonValue => byId.get(linkId(id) ?? '') ?? null;
    included[name] = Array.isArray(link) ? link.map(find) : find(link);
  }
  return { ...row, included };
}
