import * as v from 'valibot';
import { ProviderResponseInvalidError } from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ApiRequest, CallApi } from '../../core/provider.ts';
import { type QueryField, queryString } from './query.ts';

/** Budget categories: what is read page by page is counted apart from single reads. */
export const ALERTS_PAGINATED = 'alerts-paginated';
export const OTHER_PAGINATED = 'other-paginated';

/** Taken by every list there is; the larger ones of single lists are with the lists. */
export const SAFE_PAGE_SIZE = 100;

/** Lists of 500 alerts with their resources are slow on busy pods. */
const LIST_TIMEOUT_MS = 60_000;
const LIST_MAX_BYTES = 32 * 1024 * 1024;

/** Numbers of the envelope come as strings from some services. */
const count = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,12}$/u), v.transform(Number))]),
  v.integer(),
  v.minValue(0),
);

const envelopeSchema = v.object({
  results: v.array(v.unknown()),
  totalResults: v.optional(v.nullable(count)),
  pageNo: v.optional(v.nullable(count)),
  totalPages: v.optional(v.nullable(count)),
  nextPage: v.optional(v.nullable(v.union([v.boolean(), v.picklist(['true', 'false'])]))),
});

export interface ListPage {
  readonly items: readonly JsonObject[];
  /** Absent where the list is a bare array, or its envelope has no total. */
  readonly total?: number;
  /** Whether another page follows. */
  readonly more: boolean;
}

/** One list of the API and how it is asked for. */
export interface ListRequest {
  readonly path: string;
  readonly budget: string;
  readonly pageNo: number;
  readonly pageSize: number;
  /** The list's own default when absent. Always ascending: what is new then lands on the last page. */
  readonly sortName?: string;
  readonly fields: readonly QueryField[];
}

/** Reads one page. @throws ProviderResponseInvalidError when the body is no list: a gateway's page, or nothing. */
export async function readList(call: CallApi, request: ListRequest): Promise<ListPage> {
  return parseList(await call(listRequest(request)), request);
}

function listRequest({ path, budget, pageNo, pageSize, sortName, fields }: ListRequest): ApiRequest {
  const filter = queryString(fields);
  return {
    method: 'GET',
    path,
    budget,
    timeoutMs: LIST_TIMEOUT_MS,
    maxBytes: LIST_MAX_BYTES,
    query: [
      ['pageNo', String(pageNo)],
      ['pageSize', String(pageSize)],
      ['isDescendingOrder', 'false'],
      ...(sortName === undefined ? [] : [['sortName', sortName] as const]),
      ...(filter === '' ? [] : [['queryString', filter] as const]),
    ],
  };
}

export function parseList(response: HttpResponse, { path, pageNo }: Pick<ListRequest, 'path' | 'pageNo'>): ListPage {
  const body = bodyJson(response);
  if (Array.isArray(body)) return { items: toObjects(body, path), more: false };
  const result = v.safeParse(envelopeSchema, body);
  if (!result.success) throw new ProviderResponseInvalidError(`OpsRamp's answer to ${path} is not a list`);
  const { results, totalResults, totalPages, nextPage } = result.output;
  if (pageNo > 1 && result.output.pageNo !== undefined && result.output.pageNo !== pageNo) {
    throw new ProviderResponseInvalidError(`OpsRamp answered another page of ${path} than it was asked for`);
  }
  const following =
    nextPage === undefined || nextPage === null ? pageNo < (totalPages ?? 0) : String(nextPage) === 'true';
  return {
    items: toObjects(results, path),
    ...(typeof totalResults === 'number' ? { total: totalResults } : {}),
    more: following && results.length > 0,
  };
}

function toObjects(items: readonly unknown[], path: string): readonly JsonObject[] {
  if (items.every((item) => item !== null && typeof item === 'object' && !Array.isArray(item))) {
    return items as readonly JsonObject[];
  }
  throw new ProviderResponseInvalidError(`OpsRamp's list ${path} holds something that is no object`);
}
