import type { LazyList } from './deterministic.ts';
import type { Action1Settings } from './options.ts';

export interface Action1Request {
  readonly method: string;
  /** Absolute, or path and query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Action1Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Action1Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** The error envelope of every refusal. */
export function refusal(status: number, message: string, developer = message): Action1Answer {
  return json(status, { id: '0', type: 'Error', status, developer_message: developer, user_message: message });
}

export const SUCCESS = { id: '0', type: 'Success', status: 200, developer_message: 'Success', user_message: 'Success' };
export const UNAUTHENTICATED = refusal(
  401,
  'Please authenticate before using API',
  'Redirect the user to https://app.action1.com/login',
);
/** What the gateway in front says to a path that it does not know: 403, never 404. */
export const GATEWAY_REFUSAL = json(403, { message: 'Missing Authentication Token' });

export interface ListRequest {
  readonly settings: Action1Settings;
  /** The list's address, without the query. */
  readonly self: string;
  readonly query: URLSearchParams;
}

interface Slice {
  readonly items: readonly unknown[];
  readonly from: number;
  readonly limit: number;
  readonly total: number;
}

const DEFAULT_LIMIT = 50;

/** Envelope A: totals are strings, and some lists have none. */
export function resultPage(
  list: ListRequest,
  all: LazyList<unknown>,
  has: { readonly total: boolean },
): Record<string, unknown> {
  const { switches } = list.settings;
  const { items, from, limit, total } = slice(list, all);
  const amount = (value: number) => (switches.totalsAsNumbers ? value : String(value));
  const more = from + items.length < total;
  const totalless = switches.totalsMissing && !has.total;
  return {
    id: '1',
    type: 'ResultPage',
    name: '',
    self: address(list, from, limit),
    items,
    ...(totalless ? {} : { total_items: amount(total) }),
    limit: amount(limit),
    ...(switches.nextPageMissing ? {} : { next_page: more ? address(list, from + limit, limit) : '' }),
    prev_page: from > 0 ? address(list, Math.max(0, from - limit), limit) : '',
  };
}

/** Envelope B: A with the counters of the last requery. */
export function reportPage(
  list: ListRequest,
  all: LazyList<unknown>,
  has: { readonly total: boolean },
  counters:
    | { readonly live: number; readonly sent: number; readonly errors: number; readonly lastRequery: string }
    | undefined,
): Record<string, unknown> {
  return {
    ...resultPage(list, all, has),
    ...(counters === undefined
      ? {}
      : {
          total_errors: counters.errors,
          total_live_responses: String(counters.live),
          total_sent_requests: String(counters.sent),
          last_requery: counters.lastRequery,
        }),
  };
}

/** Envelope C: numbers, and nothing that says where the next page is. */
export function abridgedPage(list: ListRequest, all: LazyList<unknown>): Record<string, unknown> {
  const { items, from, limit, total } = slice(list, all);
  return { total_items: total, limit, from, items };
}

/** The rows that a request asks for. */
export function slice({ settings, query }: ListRequest, all: LazyList<unknown>, fallback = DEFAULT_LIMIT): Slice {
  const { largestPage } = settings.switches;
  const asked = whole(query.get('limit')) ?? fallback;
  const limit = Math.max(1, largestPage > 0 ? Math.min(asked, largestPage) : asked);
  const from = whole(query.get('from')) ?? 0;
  const kept = filtered(all, query.get('filter'));
  const items = Array.from({ length: Math.max(0, Math.min(limit, kept.length - from)) }, (_, index) =>
    kept.at(from + index),
  );
  return { items, from, limit, total: kept.length };
}

/** `filter` matches any field, whatever the case. */
function filtered(all: LazyList<unknown>, text: string | null): LazyList<unknown> {
  if (text === null || text === '') return all;
  const wanted = text.toLowerCase();
  const kept = Array.from({ length: all.length }, (_, index) => all.at(index)).filter((item) =>
    JSON.stringify(item).toLowerCase().includes(wanted),
  );
  return { length: kept.length, at: (index) => kept[index] };
}

function address({ self }: ListRequest, from: number, limit: number): string {
  return `${self}?from=${from}&limit=${limit}`;
}

function whole(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
