import * as v from 'valibot';
import { ProviderResponseInvalidError, ResponseTooLargeError } from '../../core/errors.ts';
import { bodyJson, type HttpResponse } from '../../core/http.ts';
import type { ApiRequest, CallApi } from '../../core/provider.ts';
import { pageSchema } from './schemas.ts';

/** The vendor's own clients ask for 200; more is honoured, but slow lists then end in a time-out. */
export const PAGE_SIZE = 200;
/** Above any answer seen; the vendor's own samples wait as long. */
export const CALL_TIMEOUT_MS = 60_000;
/** A poller has a minute, and keeps 20 s of it for its last page and for recording what it read. */
export const ALERT_TIMEOUT_MS = 15_000;

/** One page of a list, whichever of the four envelopes it came in. */
export interface ListPage {
  readonly items: readonly unknown[];
  readonly total?: number;
  /** The page size that the server says it used. */
  readonly limit?: number;
  readonly errors?: number;
  readonly liveResponses?: number;
  readonly sentRequests?: number;
  readonly lastRequery?: string;
}

/** Where we are in one list. We own the offset: `next_page` is missing in mid-collection. */
export type Position = {
  readonly from: number;
  /** The list was empty at its first reading and is read once more: empty answers pass by. */
  readonly again?: true;
};

export const START: Position = { from: 0 };

/** What a page does to the position: go on, or the list is over. */
export type Step = { readonly next: Position } | { readonly over: true };

/**
 * Calls for one page of a list. One that is too large to be taken is asked for with half as many items, down to one.
 *
 * @throws ProviderResponseInvalidError for an empty or foreign body
 * @throws ResponseTooLargeError for an item that is larger than a page may be
 */
export async function readList(
  call: CallApi,
  request: Omit<ApiRequest, 'method'>,
  position: Position,
  pageSize: number,
): Promise<ListPage> {
  for (let limit = pageSize; ; limit = Math.ceil(limit / 2)) {
    try {
      const response = await call({
        timeoutMs: CALL_TIMEOUT_MS,
        ...request,
        method: 'GET',
        query: [...(request.query ?? []), ['from', String(position.from)], ['limit', String(limit)]],
      });
      // What a list without a total may be short of is what it was asked for at last.
      return { limit, ...parsePage(response, request.path) };
    } catch (error) {
      if (!(error instanceof ResponseTooLargeError) || limit <= 1) throw error;
    }
  }
}

/** @throws ProviderResponseInvalidError for an empty or foreign body. */
export function parsePage(response: HttpResponse, path: string): ListPage {
  const parsed = v.safeParse(pageSchema, bodyJson(response));
  if (!parsed.success) {
    const what = response.body.length === 0 ? 'nothing' : 'something that is no list';
    throw new ProviderResponseInvalidError(`Action1 answered ${path} with ${what}`);
  }
  const { output } = parsed;
  return {
    items: output.items,
    ...whole('total', output.total_items),
    ...whole('limit', output.limit),
    ...whole('errors', output.total_errors),
    ...whole('liveResponses', output.total_live_responses),
    ...whole('sentRequests', output.total_sent_requests),
    ...(output.last_requery ? { lastRequery: output.last_requery } : {}),
  };
}

/**
 * Moves the position past a page.
 *
 * A list is over when its total is reached, or where it gives none, when a page is shorter than the page size that
 * was really used. A page that is empty before the total is reached is no end but a contradiction.
 *
 * @throws ProviderResponseInvalidError when the page contradicts its own total.
 */
export function advance(position: Position, page: ListPage, requested: number): Step {
  const from = position.from + page.items.length;
  if (page.items.length === 0) {
    if ((page.total ?? 0) > from) {
      throw new ProviderResponseInvalidError(`Action1 sent an empty page at ${from} of ${page.total}`);
    }
    return from === 0 && position.again === undefined ? { next: { from: 0, again: true } } : { over: true };
  }
  if (page.total !== undefined) return page.total > from ? { next: { from } } : { over: true };
  const used = page.limit === undefined || page.limit < 1 ? requested : Math.min(requested, page.limit);
  return page.items.length < used ? { over: true } : { next: { from } };
}

/** Parses every item of a page. @throws ProviderResponseInvalidError naming the list, never the item. */
export function parseItems<Schema extends v.GenericSchema>(
  schema: Schema,
  page: ListPage,
  path: string,
): v.InferOutput<Schema>[] {
  return page.items.map((item) => {
    const parsed = v.safeParse(schema, item);
    if (!parsed.success) {
      const field = v.getDotPath(parsed.issues[0]);
      throw new ProviderResponseInvalidError(
        `Action1 sent an item of ${path} that is not as documented: ${field ?? 'its shape'}`,
      );
    }
    return parsed.output;
  });
}

function whole<Name extends string>(name: Name, value: number | null | undefined): { readonly [K in Name]?: number } {
  return Number.isInteger(value) && Number(value) >= 0 ? ({ [name]: value } as { readonly [K in Name]: number }) : {};
}
