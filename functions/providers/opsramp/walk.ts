import { createHash } from 'node:crypto';
import { ExportIncompleteError, ResponseTooLargeError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { smallerPage } from '../../core/page-size.ts';
import type { CallApi } from '../../core/provider.ts';
import type { Completeness } from '../../core/reports/source.ts';
import { OpsrampRefusedError } from './judge.ts';
import { type ListPage, readList, SAFE_PAGE_SIZE } from './paging.ts';
import type { QueryField } from './query.ts';
import { halves, MAX_DEPTH, type Span } from './spans.ts';

/** A list that is read to its end. */
export interface WalkedList {
  readonly path: string;
  readonly budget: string;
  readonly pageSize: number;
  readonly sortName?: string;
  /** The filter for one span; a snapshot ignores it. */
  fields(span: Span): readonly QueryField[];
  idOf(item: JsonObject): string;
}

/** What one pass over the list has met. */
export type Tally = {
  readonly items: number;
  /** Sum of the numbers of the items' ids: the same for the same items, in whatever order. */
  readonly digest: string;
};

/**
 * How far a walk has got: plain JSON, the cursor of an export.
 *
 * A first pass hands items out. Where a total changed on the way or is not what was met, items may have moved between
 * pages, some unseen: a second pass then meets everything again and hands nothing out, and only if it meets the very
 * same items is the first one believed.
 */
export type WalkState = {
  /** Spans to be read; the first one is being read. */
  readonly queue: readonly Span[];
  readonly walked: readonly Span[];
  readonly page: number;
  readonly pageSize: number;
  /** Whether the list takes our order. In its own, items may change places, and two passes have to agree. */
  readonly sorted: boolean;
  /** The list's total when the span's first page was read. */
  readonly total: number | null;
  readonly spanItems: number;
  /** Sum of the totals of the spans walked; null once one had none. */
  readonly expected: number | null;
  readonly tally: Tally;
  /** In a second pass: what the first one has met. */
  readonly first: Tally | null;
  /** Numbers of the ids of the page before: items that a shift brings again are known by them. */
  readonly recent: readonly string[];
  readonly shifted: boolean;
};

export type WalkStep = {
  /** Items to hand out: not met on the page before, and none in a second pass. */
  readonly items: readonly JsonObject[];
  readonly span: Span;
} & Following;

type Following = { readonly next: WalkState } | { readonly next?: never; readonly end: WalkEnd };

/** The source's total and how it was proved. */
type WalkEnd = { readonly total: number | null; readonly completeness: Completeness };

const NO_TALLY: Tally = { items: 0, digest: '0' };

/** For lists that know no time. */
export const NO_SPAN: Span = [0, 0];

export function beginWalk(list: Pick<WalkedList, 'pageSize'>, span: Span = NO_SPAN): WalkState {
  return {
    queue: [span],
    walked: [],
    page: 1,
    pageSize: list.pageSize,
    sorted: true,
    total: null,
    spanItems: 0,
    expected: 0,
    tally: NO_TALLY,
    first: null,
    recent: [],
    shifted: false,
  };
}

/** Reads one page. @throws ExportIncompleteError when two passes met different items: the list does not hold still. */
export async function stepWalk(call: CallApi, list: WalkedList, state: WalkState): Promise<WalkStep> {
  const span = state.queue[0] ?? NO_SPAN;
  const page = await readPage(call, list, state, span);
  if ('instead' in page) return { items: [], span, next: { ...state, ...page.instead } };
  const split = state.page === 1 && (page.total ?? 0) > MAX_DEPTH ? halves(span) : undefined;
  if (split !== undefined) return { items: [], span, next: { ...state, queue: [...split, ...state.queue.slice(1)] } };

  const met = page.items.map((item) => ({ item, number: numberOf(list.idOf(item)) }));
  const known = new Set(state.recent);
  const fresh = met.filter(({ number }) => {
    if (known.has(number)) return false;
    known.add(number);
    return true;
  });
  const taken: WalkState = {
    ...state,
    total: state.total ?? page.total ?? null,
    spanItems: state.spanItems + fresh.length,
    tally: add(
      state.tally,
      fresh.map(({ number }) => number),
    ),
    recent: met.map(({ number }) => number),
    shifted: state.shifted || (state.total !== null && page.total !== undefined && page.total !== state.total),
  };
  const items = state.first === null ? fresh.map(({ item }) => item) : [];
  if (page.more) return { items, span, next: { ...taken, page: state.page + 1 } };
  return { items, span, ...endOfSpan(taken, span, page) };
}

/** A page, or how to go on asking where the list does not take our page size or our order, or the page is too large. */
async function readPage(
  call: CallApi,
  list: WalkedList,
  state: WalkState,
  span: Span,
): Promise<ListPage | { readonly instead: Partial<WalkState> }> {
  const { page: pageNo, pageSize, sorted } = state;
  const { sortName, ...rest } = list;
  const order = sorted && sortName !== undefined ? { sortName } : {};
  try {
    return await readList(call, { ...rest, ...order, pageNo, pageSize, fields: list.fields(span) });
  } catch (error) {
    const smaller = error instanceof ResponseTooLargeError ? smallerPage({ page: pageNo, pageSize }) : undefined;
    if (smaller !== undefined) return { instead: smaller };
    if (!(error instanceof OpsrampRefusedError) || pageNo > 1) throw error;
    if (error.about === 'page-size' && pageSize > SAFE_PAGE_SIZE) return { instead: { pageSize: SAFE_PAGE_SIZE } };
    if (error.about === 'sort-name' && 'sortName' in order) return { instead: { sorted: false, shifted: true } };
    throw error;
  }
}

function endOfSpan(state: WalkState, span: Span, page: ListPage): Following {
  const { total } = page;
  const ended: WalkState = {
    ...state,
    queue: state.queue.slice(1),
    walked: [...state.walked, span],
    page: 1,
    total: null,
    spanItems: 0,
    recent: [],
    expected: total === undefined || state.expected === null ? null : state.expected + total,
    shifted: state.shifted || (total !== undefined && total !== state.spanItems),
  };
  if (ended.queue.length > 0) return { next: ended };
  return ended.first === null ? endOfFirst(ended) : { end: endOfSecond(ended, ended.first) };
}

function endOfFirst(state: WalkState): Following {
  if (!state.shifted) {
    const completeness = state.expected === null ? 'short-page' : 'reconciled';
    return { end: { total: state.expected, completeness } };
  }
  const again = beginWalk(state);
  return { next: { ...again, queue: state.walked, sorted: state.sorted, first: state.tally } };
}

function endOfSecond({ tally, expected }: WalkState, first: Tally): WalkEnd {
  if (first.digest !== tally.digest || (expected !== null && expected !== tally.items)) {
    throw new ExportIncompleteError(
      `OpsRamp's list moved while it was read: ${first.items} items, then ${tally.items} of ${expected ?? '?'}`,
    );
  }
  return { total: expected, completeness: 'second-pass' };
}

/** 64 bits of an id, in hexadecimal. */
function numberOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}

function add({ items, digest }: Tally, numbers: readonly string[]): Tally {
  const sum = numbers.reduce((total, number) => total + BigInt(`0x${number}`), BigInt(`0x${digest}`));
  return { items: items + numbers.length, digest: BigInt.asUintN(64, sum).toString(16) };
}
