import { ProviderResponseInvalidError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { smallerPage } from '../../core/page-size.ts';
import { idOf, type ResourcePage } from './paging.ts';

/**
 * How far a read of many pages has got. Plain JSON: it is the cursor of an export, and survives a crash.
 *
 * Paging is by offset, so that a row that leaves the list before the place where we are pulls a later one on to a page that
 * we have read (it would be lost), and one that joins pushes a row on to the next page (it would be doubled).
 */
export interface PageState {
  readonly resource: string;
  readonly page: number;
  /** `recordCount` of the last page; null before the first, and where none is given. */
  readonly total: number | null;
  /** The size that the source really uses; null before the first page. */
  readonly pageSize: number | null;
  /** Rows taken, each once. */
  readonly read: number;
  /** Rows taken that lie outside the window by their own stamp, or have none. */
  readonly outside: number;
  /** The size to ask for, where pages of the job's own size were too large to be taken. */
  readonly asked?: number;
  /** Ids of the pages just read, by which a doubled row is known. */
  readonly recent: readonly string[];
  readonly duplicates: number;
  readonly totalChanges: number;
  /** Pages read again because the list had shrunk. */
  readonly rereads: number;
}

/** Pages whose ids are remembered: rows shift by a few places, not by hundreds. */
const RECENT_PAGES = 4;

/** After so many steps back the list is too restless; what is missing shows in the total. */
const MAX_REREADS = 20;

/** The beginning. */
export function firstPage(resource: string): PageState {
  return {
    resource,
    page: 1,
    total: null,
    pageSize: null,
    read: 0,
    outside: 0,
    recent: [],
    duplicates: 0,
    totalChanges: 0,
    rereads: 0,
  };
}

/** Where to go on when a page is too large to be taken; `undefined` where it has one record. */
export function withSmallerPages(state: PageState, asked: number): PageState | undefined {
  const { page } = state;
  const smaller = smallerPage({ page, pageSize: state.pageSize ?? state.asked ?? asked });
  return smaller && { ...state, page: smaller.page, asked: smaller.pageSize, pageSize: null };
}

/** What a page adds. */
export interface Step {
  /** Rows not seen before, in the page's order. */
  readonly fresh: readonly JsonObject[];
  readonly state: PageState;
  /** Whether that was the last page. */
  readonly done: boolean;
}

/**
 * Takes one page in. Pure.
 *
 * @throws ProviderResponseInvalidError when the page size changed on the way: page numbers mean something else then
 */
export function takePage(state: PageState, page: ResourcePage, asked: number): Step {
  const pageSize = page.paging?.pageSize ?? state.pageSize ?? asked;
  if (state.pageSize !== null && pageSize !== state.pageSize) {
    throw new ProviderResponseInvalidError(`Actionstep changed the page size of ${state.resource} while it was read`);
  }
  const known = new Set(state.recent);
  const fresh = page.rows.filter((row) => isNew(row, known));
  const total = page.paging?.recordCount ?? (page.rows.length === 0 && state.page === 1 ? 0 : state.total);
  const back = stepBack(state, page, total, pageSize);
  return {
    fresh,
    done: back === 0 && isLast(state, page, pageSize),
    state: {
      ...state,
      page: back === 0 ? state.page + 1 : state.page - back,
      total,
      pageSize,
      read: state.read + fresh.length,
      recent: [...known].slice(-RECENT_PAGES * pageSize),
      duplicates: state.duplicates + page.rows.length - fresh.length,
      totalChanges: state.totalChanges + (state.total === null || state.total === total ? 0 : 1),
      rereads: state.rereads + back,
    },
  };
}

function isNew(row: JsonObject, known: Set<string>): boolean {
  const id = idOf(row);
  if (id === undefined) return true;
  if (known.has(id)) return false;
  known.add(id);
  return true;
}

/** How many pages to go back for rows that moved on to pages already read. */
function stepBack(state: PageState, page: ResourcePage, total: number | null, pageSize: number): number {
  if (state.total === null || state.page === 1 || state.rereads >= MAX_REREADS) return 0;
  if (page.rows.length === 0 && page.paging === undefined) return 1;
  const shrunkBy = Math.max(state.total - (total ?? state.total), 0);
  return Math.min(Math.ceil(shrunkBy / pageSize), state.page - 1);
}

function isLast(state: PageState, page: ResourcePage, pageSize: number): boolean {
  if (page.rows.length === 0) return true;
  if (page.paging !== undefined) return state.page >= page.paging.pageCount;
  return page.rows.length < pageSize;
}
