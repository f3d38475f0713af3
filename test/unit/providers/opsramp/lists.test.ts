import { describe, expect, it } from 'vitest';
import type { AlertSource } from '../../../../functions/core/alerts/source.ts';
import { ExportIncompleteError, ProviderResponseInvalidError } from '../../../../functions/core/errors.ts';
import type { JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import { OpsrampRefusedError } from '../../../../functions/providers/opsramp/judge.ts';
import { parseList, readList } from '../../../../functions/providers/opsramp/paging.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { readSnapshotPage } from '../../../../functions/providers/opsramp/snapshot-source.ts';
import {
  askedSpan,
  halves,
  isFarOutside,
  isWithin,
  MAX_DEPTH,
  spanOf,
} from '../../../../functions/providers/opsramp/spans.ts';
import { beginWalk, stepWalk, type WalkedList, type WalkState } from '../../../../functions/providers/opsramp/walk.ts';
import { readWindowPage } from '../../../../functions/providers/opsramp/windowed-source.ts';
import { alertContext, NOW, opsrampBench, response } from '../../../support/opsramp.ts';

const SECOND = 1000;

/** Answers in turns; a refusal is thrown. */
function answering(...answers: readonly unknown[]) {
  const asked: ApiRequest[] = [];
  const call: CallApi = async (request) => {
    asked.push(request);
    const answer = answers[asked.length - 1];
    if (answer instanceof Error) throw answer;
    return response(200, answer ?? '');
  };
  return { call, asked };
}

const items = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ id: `i${from + at}` }));
const page = (results: readonly unknown[], totalResults?: number, nextPage = false) => ({
  results,
  nextPage,
  ...(totalResults === undefined ? {} : { totalResults }),
});
const LIST: WalkedList = {
  path: 'things',
  budget: 'other-paginated',
  pageSize: 400,
  sortName: 'id',
  fields: ([from, to]) => [['span', [`${from}-${to}`]]],
  idOf: (item) => item.id as string,
};

/** Every step of a walk, its state through JSON. */
async function walk(list: WalkedList, begin: WalkState, answers: readonly unknown[]) {
  const { call, asked } = answering(...answers);
  const met: unknown[] = [];
  let state: WalkState | undefined = begin;
  for (let steps = 0; steps < 50; steps += 1) {
    const step = await stepWalk(call, list, state);
    met.push(...step.items.map(({ id }) => id));
    if (step.next === undefined) return { met, asked, end: step.end };
    state = JSON.parse(JSON.stringify(step.next)) as WalkState;
  }
  throw new Error('The walk does not end');
}

describe('an answer', () => {
  const parse = (body: unknown, pageNo = 1) => parseList(response(200, body), { path: 'things', pageNo });

  it.each([
    [[{ id: 1 }], { items: [{ id: 1 }], more: false }],
    [
      { results: [{}], totalResults: '17', totalPages: 2 },
      { items: [{}], total: 17, more: true },
    ],
    [
      { results: [{}], totalResults: null, totalPages: '1' },
      { items: [{}], more: false },
    ],
    [
      { results: [{}], nextPage: true, totalPages: 1 },
      { items: [{}], more: true },
    ],
    [
      { results: [{}], nextPage: 'true' },
      { items: [{}], more: true },
    ],
    [
      { results: [{}], nextPage: 'false', totalPages: 9 },
      { items: [{}], more: false },
    ],
    [
      { results: [{}], nextPage: null, totalPages: 2 },
      { items: [{}], more: true },
    ],
    [
      { results: [], nextPage: true, totalPages: 2 },
      { items: [], more: false },
    ],
    [
      { results: [{}], pageNo: 4 },
      { items: [{}], more: false },
    ],
  ])('%j is a page', (body, expected) => {
    expect(parse(body)).toEqual(expected);
  });

  it.each([
    { results: [{}], totalResults: -1 },
    { results: [{}], totalResults: 1.5 },
    { results: [{}], totalResults: 'many' },
    { results: [{}], totalResults: 'x7' },
    { results: [{}], totalResults: '7x' },
    { results: [{}], totalResults: '1234567890123' },
    { results: [{}], nextPage: 'yes' },
    { results: [null] },
    { results: [1] },
    { results: [[]] },
    [[]],
    {},
  ])('%j is none', (body) => {
    expect(() => parse(body)).toThrow(ProviderResponseInvalidError);
  });

  it('for a later page says that it is that page, or nothing', () => {
    expect(parse({ results: [{}], pageNo: '3', totalPages: 4 }, 3).more).toBe(true);
    expect(parse({ results: [{}], totalPages: 3 }, 3).more).toBe(false);
    expect(() => parse({ results: [{}], pageNo: 1 }, 3)).toThrow(/another page/u);
    expect(() => parse({ results: [{}], pageNo: 2 }, 3)).toThrow(/another page/u);
  });

  it('is asked for with nothing that has no value', async () => {
    const { call, asked } = answering([]);
    await readList(call, { path: 'things', budget: 'b', pageNo: 2, pageSize: 5, fields: [] });
    expect(asked).toEqual([
      {
        method: 'GET',
        path: 'things',
        budget: 'b',
        timeoutMs: 60_000,
        maxBytes: 32 * 1024 * 1024,
        query: [
          ['pageNo', '2'],
          ['pageSize', '5'],
          ['isDescendingOrder', 'false'],
        ],
      },
    ]);
  });

  it.each(['alert-history', 'incidents', 'resources', 'patch-compliance', 'patch-status'])(
    'of %s with an item without an id is refused by the name of the list',
    async (name) => {
      const { context } = await opsrampBench().open();
      const { call, asked } = answering(page([{ name: 'x' }], 1));
      const source = opsramp.sources[name];
      const window = { from: new Date(0), to: NOW };
      const given = { ...context, options: source?.parseOptions({}) ?? {}, window, observedAt: NOW, now: NOW };
      const failure: unknown = await source?.readPage(call, given, undefined).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ProviderResponseInvalidError);
      expect((failure as Error).message).toContain(asked[0]?.path);
    },
  );
});

describe('spans', () => {
  it('begin and end on whole seconds, and have one at least', () => {
    expect(spanOf(new Date(1999), new Date(5999))).toEqual([1000, 5000]);
    expect(spanOf(new Date(1999), new Date(1999))).toEqual([1000, 2000]);
    expect(spanOf(new Date(1999), new Date(2000))).toEqual([1000, 2000]);
  });

  it('are cut in two halves down to a second', () => {
    expect(halves([0, 5 * SECOND])).toEqual([
      [0, 2 * SECOND],
      [2 * SECOND, 5 * SECOND],
    ]);
    expect(halves([0, 2 * SECOND])).toEqual([
      [0, SECOND],
      [SECOND, 2 * SECOND],
    ]);
    expect(halves([0, SECOND])).toBeUndefined();
  });

  it('hold their beginning and not their end, and are asked for a second wider', () => {
    expect([999, 1000, 1999, 2000].map((stamp) => isWithin(stamp, [1000, 2000]))).toEqual([false, true, true, false]);
    expect(askedSpan([1000, 2000])).toEqual({ from: new Date(0), to: new Date(3000) });
    expect([-119_000, -119_001, 122_000, 122_001].map((stamp) => isFarOutside(stamp, [1000, 2000]))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('a walk', () => {
  it('hands out what it meets, and reconciles with the totals of its spans', async () => {
    const answers = [page(items(0, 2), 3, true), page(items(2, 1), 3)];
    const { met, end, asked } = await walk(LIST, beginWalk(LIST), answers);
    expect(met).toEqual(['i0', 'i1', 'i2']);
    expect(end).toEqual({ total: 3, completeness: 'reconciled' });
    expect(asked.map(({ query }) => query?.[0]?.[1])).toEqual(['1', '2']);
    expect(asked[0]?.query).toContainEqual(['queryString', 'span:0-0']);
  });

  it('is as short as its last page where the list has no total', async () => {
    const { end } = await walk(LIST, beginWalk(LIST), [page(items(0, 2))]);
    expect(end).toEqual({ total: null, completeness: 'short-page' });
    const partly = await walk(
      LIST,
      {
        ...beginWalk(LIST),
        queue: [
          [0, 1000],
          [1000, 2000],
        ],
      },
      [page(items(0, 2)), page(items(2, 1), 1)],
    );
    expect(partly.end).toEqual({ total: null, completeness: 'short-page' });
    const forgotten = await walk(LIST, beginWalk(LIST), [page(items(0, 2), 3, true), page(items(2, 1))]);
    expect(forgotten.end).toEqual({ total: null, completeness: 'short-page' });
  });

  it('cuts a span that is too deep on its first page, and a single second never', async () => {
    const begin = beginWalk(LIST, [0, 4 * SECOND]);
    const answers = [
      page(items(0, 1), MAX_DEPTH + 1, true),
      page(items(0, 1), 1),
      page(items(1, 1), MAX_DEPTH, true),
      page(items(2, MAX_DEPTH - 1), MAX_DEPTH),
    ];
    const { met, end, asked } = await walk(LIST, begin, answers);
    expect(asked.map(({ query }) => query?.at(-1)?.[1])).toEqual([
      'span:0-4000',
      'span:0-2000',
      'span:2000-4000',
      'span:2000-4000',
    ]);
    expect(met).toHaveLength(MAX_DEPTH + 1);
    expect(end).toEqual({ total: MAX_DEPTH + 1, completeness: 'reconciled' });
    const second = beginWalk(LIST, [0, SECOND]);
    const { next } = await stepWalk(answering(page(items(0, 1), MAX_DEPTH + 1, true)).call, LIST, second);
    expect(next).toMatchObject({ page: 2, queue: [[0, SECOND]] });
    const later = await stepWalk(answering(page(items(0, 1), MAX_DEPTH + 1, true)).call, LIST, { ...begin, page: 2 });
    expect(later.next).toMatchObject({ page: 3, queue: [[0, 4 * SECOND]] });
  });

  it('reads again where the total moved on the way, and believes what it meets twice', async () => {
    const answers = [
      page(items(0, 2), 3, true),
      page(items(2, 2), 4),
      page(items(2, 2), 4, true),
      page(items(0, 2), 4),
    ];
    const { met, end } = await walk(LIST, beginWalk(LIST), answers);
    expect(met).toEqual(['i0', 'i1', 'i2', 'i3']);
    expect(end).toEqual({ total: 4, completeness: 'second-pass' });
    const untold = await walk(LIST, { ...beginWalk(LIST), shifted: true }, [page(items(0, 2)), page(items(0, 2))]);
    expect(untold.end).toEqual({ total: null, completeness: 'second-pass' });
  });

  it('E13 does not believe a total that it has not met, although the total stands still', async () => {
    const answers = [page(items(0, 2), 3), page(items(0, 3), 3)];
    await expect(walk(LIST, beginWalk(LIST), answers)).rejects.toThrow(/2 items, then 3 of 3/u);
  });

  it.each([
    ['others', [page(items(0, 2), 2), page([...items(0, 1), ...items(9, 1)], 2)]],
    ['fewer', [page(items(0, 2), 3), page(items(0, 1), 1)]],
    ['the same, but not what the list says', [page(items(0, 2), 3), page(items(0, 2), 3)]],
  ])('E13 fails where two passes meet %s', async (_what, answers) => {
    const begin: WalkState = { ...beginWalk(LIST), shifted: true };
    await expect(walk(LIST, begin, answers)).rejects.toThrow(ExportIncompleteError);
  });

  it('knows an item that a shift brings again, on the page after and on its own', async () => {
    const answers = [page(items(0, 2), 4, true), page([...items(1, 2), ...items(2, 1)], 4, true), page(items(3, 1), 4)];
    const { met, end } = await walk(LIST, beginWalk(LIST), answers);
    expect(met).toEqual(['i0', 'i1', 'i2', 'i3']);
    expect(end).toEqual({ total: 4, completeness: 'reconciled' });
    const shifting = { ...beginWalk(LIST), shifted: true };
    const twice = await walk(LIST, shifting, [page(items(0, 2), 3, true), page(items(1, 2), 3), page(items(0, 3), 3)]);
    expect(twice.end).toEqual({ total: 3, completeness: 'second-pass' });
  });

  it('remembers a page of a thousand items in less than 20 kB of its cursor', async () => {
    const { next } = await stepWalk(answering(page(items(0, 1000), 2000, true)).call, LIST, beginWalk(LIST));
    expect(JSON.stringify(next).length).toBeLessThan(20_000);
  });

  it('goes down to the page size and the order that the list takes, on the first page only', async () => {
    const size = new OpsrampRefusedError(500, 'Page size should not be greater than 100');
    const order = new OpsrampRefusedError(500, 'Invalid sortName');
    const answers = [size, order, page(items(0, 1), 1), page(items(0, 1), 1)];
    const { end, asked } = await walk(LIST, beginWalk(LIST), answers);
    expect(end).toEqual({ total: 1, completeness: 'second-pass' });
    const queries = asked.map(({ query }) => Object.fromEntries(query ?? []));
    expect(queries.map(({ pageSize }) => pageSize)).toEqual(['400', '100', '100', '100']);
    expect(queries.map(({ sortName }) => sortName)).toEqual(['id', 'id', undefined, undefined]);

    const { sortName: _none, ...unsorted } = LIST;
    const refusing = (list: WalkedList, error: Error, change: Partial<WalkState> = {}) =>
      stepWalk(answering(error).call, list, { ...beginWalk(list), ...change });
    await expect(refusing(LIST, size, { pageSize: 100 })).rejects.toBe(size);
    await expect(refusing(LIST, size, { page: 2 })).rejects.toBe(size);
    await expect(refusing(LIST, order, { sorted: false })).rejects.toBe(order);
    await expect(refusing(unsorted, order)).rejects.toBe(order);
    await expect(refusing(LIST, new OpsrampRefusedError(404, ''))).rejects.toThrow(OpsrampRefusedError);
    await expect(refusing(LIST, new ProviderResponseInvalidError('x'))).rejects.toThrow(ProviderResponseInvalidError);
    expect((await refusing(LIST, size, { pageSize: 101 })).next).toMatchObject({ pageSize: 100, sorted: true });
  });
});

describe('a page of a snapshot, and of a window', () => {
  it('says where it ends and how that is known', async () => {
    const list = { ...LIST, toRow: (item: { readonly id?: JsonValue }) => ({ row: item.id ?? null }) };
    const first = await readSnapshotPage(answering(page(items(0, 1), 2, true)).call, list, undefined);
    expect(first.rows).toEqual([{ row: 'i0' }]);
    expect(first.next).toMatchObject({ page: 2 });
    expect(first).not.toHaveProperty('completeness');
    const last = await readSnapshotPage(answering(page(items(1, 1), 2)).call, list, first.next);
    expect(last).toEqual({ rows: [{ row: 'i1' }], sourceTotal: 2, completeness: 'reconciled' });
    const bare = await readSnapshotPage(answering(items(0, 1)).call, list, undefined);
    expect(bare).toEqual({ rows: [{ row: 'i0' }], completeness: 'short-page' });
  });

  it('leaves out what lies beside the window, and takes it off the total', async () => {
    const at = (id: string, second: number) => ({ id, at: new Date(second * SECOND).toISOString() });
    const list = { ...LIST, stamp: 'at', stampMoves: true, toRow: (item: object) => ({ ...item }) };
    const window = { from: new Date(1_800_000_000_000), to: new Date(1_800_000_060_000) };
    const from = 1_800_000_000;
    const found = [at('a', from - 1), at('b', from), at('c', from + 59), at('d', from + 60)];
    const read = (...answers: unknown[]) =>
      readWindowPage(answering(...answers).call, list, { window, observedAt: NOW }, undefined);
    expect(await read(page(found, 4))).toEqual({
      rows: [found[1], found[2]],
      sourceTotal: 2,
      completeness: 'reconciled',
      facts: { stamp: 'at', stampMoves: true, asOf: NOW.toISOString(), filteredOut: 2 },
    });
    expect((await read(page(found, 9, true))).next).toMatchObject({ outside: 2, walk: { page: 2 } });
    expect(await read(found)).not.toHaveProperty('sourceTotal');
    await expect(read(page([at('a', from - 121)]))).rejects.toThrow(/far outside/u);
    await expect(read(page([{ id: 'a' }]))).rejects.toThrow(/without a readable at/u);
  });
});

describe('a search for alerts that is too deep', () => {
  const alerts = opsramp.alertSources.alerts as Required<AlertSource>;
  const from = new Date('2026-03-10T10:00:00Z');
  const alert = (uniqueId: string, stamp: string, member = 'updatedTime') => ({
    uniqueId,
    currentState: 'Critical',
    [member]: stamp,
  });

  it('is cut in pieces, whose neighbours are not told twice', async () => {
    const api = await opsrampBench().open();
    const read = (cursor: JsonValue | undefined, ...answers: unknown[]) =>
      alerts.readPage(answering(...answers).call, alertContext(api, alerts, NOW), { from, to: NOW }, cursor);
    const cut = await read(undefined, page([alert('1', '2026-03-10T10:30:00Z')], MAX_DEPTH + 1, true));
    const half = [Date.parse('2026-03-10T10:00:00Z'), Date.parse('2026-03-10T11:00:00Z')];
    expect(cut).toEqual({ alerts: [], next: { queue: [half, [half[1], NOW.getTime()]], page: 1 } });
    const first = await read(
      cut.next,
      page(
        [
          alert('1', '2026-03-10T10:30:00Z'),
          alert('2', '2026-03-10T11:00:00Z'),
          alert('3', '2026-03-10T09:59:59Z'),
          { uniqueId: '4', currentState: 'Critical' },
        ],
        4,
      ),
    );
    expect(first.alerts.map(({ id }) => id)).toEqual(['1', '3', '4']);
    expect(first).not.toHaveProperty('total');
    expect(first.next).toEqual({ queue: [[half[1], NOW.getTime()]], page: 1 });
    const second = await read(first.next, page([alert('2', '2026-03-10T11:00:00Z')], 1));
    expect(second.alerts.map(({ id }) => id)).toEqual(['2']);
    expect(second).not.toHaveProperty('next');
  });

  it('is not cut where it is just deep enough, or on a later page', async () => {
    const api = await opsrampBench().open();
    const read = (cursor: JsonValue | undefined, answer: unknown) =>
      alerts.readPage(answering(answer).call, alertContext(api, alerts, NOW), { from, to: NOW }, cursor);
    const deep = await read(undefined, page([alert('1', '2026-03-10T10:30:00Z')], MAX_DEPTH, true));
    expect(deep.alerts).toHaveLength(1);
    expect(deep.total).toBe(MAX_DEPTH);
    expect(deep.next).toMatchObject({ page: 2 });
    const later = await read(deep.next, page([alert('1', '2026-03-10T10:30:00Z')], MAX_DEPTH + 1, true));
    expect(later.next).toMatchObject({ page: 3 });
    const untold = await read(undefined, page([alert('1', '2026-03-10T10:30:00Z')]));
    expect(untold).not.toHaveProperty('total');
  });

  it('of what is open is cut by creation', async () => {
    const api = await opsrampBench().open();
    const context = alertContext(api, alerts, NOW);
    const cut = await alerts.readOpenPage(answering(page([], MAX_DEPTH + 1, true)).call, context, undefined);
    const queue = (cut.next as { queue: [number, number][] }).queue;
    const edge = new Date(queue[1]?.[0] ?? 0).toISOString();
    const found = page([alert('1', edge, 'createdDate'), alert('2', '2011-01-01T00:00:00Z', 'createdDate')], 2);
    const first = await alerts.readOpenPage(answering(found).call, context, cut.next);
    expect(first.alerts.map(({ id }) => id)).toEqual(['2']);
  });
});
