import { describe, expect, it } from 'vitest';
import { ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import {
  firstPage,
  takePage,
  withSmallerPages,
  type PageState,
} from '../../../../functions/providers/actionstep/drift.ts';

const rows = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ id: from + at }));
const paging = (recordCount: number, page: number, pageSize = 10) => ({
  recordCount,
  pageCount: Math.ceil(recordCount / pageSize),
  page,
  pageSize,
});
const page = (from: number, count: number, about?: ReturnType<typeof paging>) => ({
  rows: rows(from, count),
  linked: {},
  linkTypes: {},
  ...(about === undefined ? {} : { paging: about }),
});
const at = (change: Partial<PageState>): PageState => ({ ...firstPage('tasks'), ...change });

describe('a page that is taken in', () => {
  it('begins with nothing known', () => {
    expect(firstPage('tasks')).toEqual({
      resource: 'tasks',
      page: 1,
      total: null,
      pageSize: null,
      read: 0,
      outside: 0,
      recent: [],
      duplicates: 0,
      totalChanges: 0,
      rereads: 0,
    });
  });

  it('adds its rows and leads to the next one', () => {
    const step = takePage(firstPage('tasks'), page(1, 10, paging(25, 1)), 200);
    expect(step.fresh).toEqual(rows(1, 10));
    expect(step.done).toBe(false);
    expect(step.state).toEqual({
      ...firstPage('tasks'),
      page: 2,
      total: 25,
      pageSize: 10,
      read: 10,
      recent: rows(1, 10).map(({ id }) => String(id)),
    });
  });

  it.each([
    [page(21, 5, paging(25, 3)), { page: 3, total: 25, pageSize: 10, read: 20 }, true],
    [page(11, 10, paging(25, 2)), { page: 2, total: 25, pageSize: 10, read: 10 }, false],
    [page(1, 0), {}, true],
    [page(1, 0, paging(45, 2)), { page: 2, total: 45, pageSize: 10, read: 10 }, true],
    // Without a word on pages a short one is the last.
    [page(1, 10), { pageSize: 10 }, false],
    [page(1, 9), { pageSize: 10 }, true],
    [page(1, 200), {}, false],
    [page(1, 199), {}, true],
  ] as const)('%# is the last one or not', (given, state, done) => {
    expect(takePage(at(state), given, 200).done).toBe(done);
  });

  it('is nothing of nothing where the first one is empty, and keeps the total where a later one gives none', () => {
    expect(takePage(firstPage('tasks'), page(1, 0), 200).state.total).toBe(0);
    expect(takePage(firstPage('tasks'), page(1, 3), 200).state.total).toBeNull();
    expect(takePage(at({ page: 2, total: null, pageSize: 10 }), page(1, 0), 200).state.total).toBeNull();
    expect(takePage(at({ page: 2, total: 12, pageSize: 10 }), page(11, 2), 200).state.total).toBe(12);
  });

  it('drops what the pages before had, and rows without an id never', () => {
    const before = at({ page: 2, total: 25, pageSize: 10, read: 10, recent: ['9', '10'], duplicates: 1 });
    const given = { ...page(10, 2, paging(25, 2)), rows: [{ id: 10 }, { id: 11 }, { id: 11 }, {}, {}] };
    const step = takePage(before, given, 200);
    expect(step.fresh).toEqual([{ id: 11 }, {}, {}]);
    expect(step.state).toMatchObject({ read: 13, duplicates: 3, recent: ['9', '10', '11'] });
  });

  it('remembers the ids of four pages', () => {
    const recent = rows(1, 40).map(({ id }) => String(id));
    const step = takePage(at({ page: 5, total: 60, pageSize: 10, recent }), page(41, 10, paging(60, 5)), 200);
    expect(step.state.recent).toEqual(rows(11, 40).map(({ id }) => String(id)));
  });

  it('must have the size of the pages before', () => {
    const state = at({ page: 2, total: 25, pageSize: 10 });
    expect(() => takePage(state, page(11, 5, paging(25, 2, 5)), 200)).toThrow(ProviderResponseInvalidError);
  });
});

describe('a list that moves', () => {
  it.each([
    // One page back for up to a page of rows that are gone, two for more, and never before the first.
    [{ page: 3, total: 45 }, 44, { page: 2, rereads: 1, totalChanges: 1 }],
    [{ page: 3, total: 45 }, 35, { page: 2, rereads: 1, totalChanges: 1 }],
    [{ page: 4, total: 65 }, 54, { page: 2, rereads: 2, totalChanges: 1 }],
    [{ page: 2, total: 95 }, 35, { page: 1, rereads: 1, totalChanges: 1 }],
    [{ page: 3, total: 45 }, 45, { page: 4, rereads: 0, totalChanges: 0 }],
    [{ page: 3, total: 45 }, 46, { page: 4, rereads: 0, totalChanges: 1 }],
    [{ page: 3, total: 45 }, 65, { page: 4, rereads: 0, totalChanges: 1 }],
    [{ page: 3, total: 45, rereads: 20, totalChanges: 5 }, 44, { page: 4, rereads: 20, totalChanges: 6 }],
    [{ page: 3, total: 45, rereads: 19 }, 44, { page: 2, rereads: 20, totalChanges: 1 }],
    [{ page: 3, total: null }, 44, { page: 4, rereads: 0, totalChanges: 0 }],
    [{ page: 1, total: 45 }, 44, { page: 2, rereads: 0, totalChanges: 1 }],
  ])('from %j to a total of %i goes on at %j', (before, total, after) => {
    const step = takePage(at({ pageSize: 10, ...before }), page(21, 10, paging(total, before.page)), 200);
    expect(step.state).toMatchObject(after);
    expect(step.done).toBe(false);
  });

  it('goes one page back where its last one is gone, and is not over', () => {
    const step = takePage(at({ page: 3, total: 21, pageSize: 10 }), page(1, 0), 200);
    expect(step).toMatchObject({ done: false, state: { page: 2, rereads: 1, total: 21 } });
    const first = takePage(at({ page: 1, total: 21, pageSize: 10 }), page(1, 0), 200);
    expect(first).toMatchObject({ done: true, state: { page: 2, rereads: 0 } });
    const none = takePage(at({ page: 3, total: null, pageSize: 10 }), page(1, 0), 200);
    expect(none).toMatchObject({ done: true, state: { page: 4, rereads: 0 } });
    const untold = takePage(at({ page: 3, total: 45, pageSize: 10 }), page(21, 10), 200);
    expect(untold).toMatchObject({ done: false, state: { page: 4, rereads: 0 } });
    const told = takePage(at({ page: 3, total: 20, pageSize: 10 }), page(1, 0, paging(20, 3)), 200);
    expect(told).toMatchObject({ done: true, state: { rereads: 0 } });
  });
});

describe('pages that are too large', () => {
  it.each([
    [
      { page: 3, pageSize: 20 },
      { page: 5, asked: 10, pageSize: null },
    ],
    [
      { page: 1, pageSize: null, asked: 50 },
      { page: 1, asked: 25, pageSize: null },
    ],
    [
      { page: 1, pageSize: null },
      { page: 1, asked: 100, pageSize: null },
    ],
  ])('are asked for at half their size: %j', (before, after) => {
    expect(withSmallerPages(at(before), 200)).toEqual({ ...at(before), ...after });
  });

  it('are not asked for at less than one record', () => {
    expect(withSmallerPages(at({ pageSize: 1 }), 200)).toBeUndefined();
  });
});
