import { describe, expect, it } from 'vitest';
import { ConfigInvalidError, ExportIncompleteError, ResponseTooLargeError } from '../../../../functions/core/errors.ts';
import type { CallApi } from '../../../../functions/core/provider.ts';
import { judge } from '../../../../functions/providers/oauth2/judge.ts';
import { followed, nextOfHeader } from '../../../../functions/providers/oauth2/links.ts';
import { list } from '../../../../functions/providers/oauth2/list-source.ts';
import { endedBy, nextOf, type Page } from '../../../../functions/providers/oauth2/next-page.ts';
import { BEGINNING, digest, marked, type Place } from '../../../../functions/providers/oauth2/place.ts';
import { oauth2Client } from '../../../../functions/providers/oauth2/provider.ts';
import { queryOf } from '../../../../functions/providers/oauth2/query.ts';
import type { Recipe } from '../../../../functions/providers/oauth2/recipe.ts';
import { readStamp, writeStamp } from '../../../../functions/providers/oauth2/stamps.ts';
import { stepWalk } from '../../../../functions/providers/oauth2/walk.ts';
import { idText } from '../../../../functions/core/json.ts';
import { countOf, valueAt, wayOf } from '../../../../functions/providers/oauth2/ways.ts';
import { NOW, response, SETTINGS } from './harness.ts';

const recipeOf = (given: object) => list.parseOptions({ path: 'things', ...given }) as unknown as Recipe;
const context = { connection: 'ledger', settings: oauth2Client.parseSettings(SETTINGS) };

describe('ways', () => {
  it.each([
    ['', []],
    ['a.b', ['a', 'b']],
    ['/a.b/c', ['a.b', 'c']],
    ['/a~1b/~0c/~01', ['a/b', '~c', '~1']],
    ['/', ['']],
  ])('%j leads by %j', (text, way) => {
    expect(wayOf(text)).toEqual(way);
  });

  it.each([
    ['', { a: 1 }, { a: 1 }],
    ['a.b', { a: { b: null } }, null],
    ['a.b', { a: null }, undefined],
    ['a.b', { a: 'text' }, undefined],
    ['a.1', { a: [5, 6] }, 6],
    ['a.length', { a: [5, 6] }, 2],
    ['constructor', {}, undefined],
    ['a', undefined, undefined],
  ])('%j in %j finds %j', (way, document, value) => {
    expect(valueAt(document, way)).toEqual(value);
  });

  it('read ids and counts', () => {
    expect(['a', '', 5, 1.5, null, true, undefined].map(idText)).toEqual([
      'a',
      undefined,
      '5',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([0, 7, -1, 1.5, ['12'], '12', '', 'x1', '1x', '1234567890123', null, undefined].map(countOf)).toEqual([
      0,
      7,
      undefined,
      undefined,
      undefined,
      12,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('stamps', () => {
  it.each([
    ['2026-03-01', 'iso', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T10:20', 'iso', '2026-03-01T10:20:00.000Z'],
    ['2026-03-01 10:20:30', 'iso', '2026-03-01T10:20:30.000Z'],
    ['2026-03-01T10:20:30.5Z', 'seconds', '2026-03-01T10:20:30.500Z'],
    ['2026-03-01T10:20:30+0130', 'iso', '2026-03-01T08:50:30.000Z'],
    ['2026-03-01T10:20:30-01:30', 'milliseconds', '2026-03-01T11:50:30.000Z'],
    [1_772_323_200, 'seconds', '2026-03-01T00:00:00.000Z'],
    ['1772323200', 'seconds', '2026-03-01T00:00:00.000Z'],
    ['1772323200.25', 'seconds', '2026-03-01T00:00:00.250Z'],
    [1_772_323_200_000, 'milliseconds', '2026-03-01T00:00:00.000Z'],
    [1_772_323_200, 'iso', undefined],
    ['1772323200', 'iso', undefined],
    ['x1772323200', 'seconds', undefined],
    ['1772323200x', 'seconds', undefined],
    ['12345678', 'seconds', undefined],
    [1e20, 'seconds', undefined],
    ['x2026-03-01', 'iso', undefined],
    ['2026-03-01x', 'iso', undefined],
    ['2026-03-01 2026-03-02', 'iso', undefined],
    ['2026-13-01', 'iso', undefined],
    ['2026-03-01T10:20:30.1234567890Z', 'iso', undefined],
    ['2026-03-01T10:20Z', 'iso', '2026-03-01T10:20:00.000Z'],
    ['2026-03-01T10:20:30.123456789Z', 'iso', '2026-03-01T10:20:30.123Z'],
    ['123456789', 'seconds', '1973-11-29T21:33:09.000Z'],
    ['123456789012345', 'milliseconds', undefined],
    [['1772323200'], 'seconds', undefined],
    [['2026-03-01'], 'iso', undefined],
    [null, 'iso', undefined],
    [{}, 'iso', undefined],
    [undefined, 'iso', undefined],
  ] as const)('%j as %s is %s', (value, format, iso) => {
    expect(readStamp(value, format)?.toISOString()).toBe(iso);
  });

  it('are written as the API wants them', () => {
    const instant = new Date('2026-03-01T00:00:00.900Z');
    expect(writeStamp(instant, 'iso')).toBe('2026-03-01T00:00:00Z');
    expect(writeStamp(instant, 'seconds')).toBe('1772323200');
    expect(writeStamp(instant, 'milliseconds')).toBe('1772323200900');
  });
});

describe('a query', () => {
  const window = { from: new Date('2026-03-01T00:00:10Z'), to: new Date('2026-03-02T00:00:00Z') };
  const query = { tag: ['a', 2], since: '{from}..{to}', again: '{from}{from}', on: true };

  it('has the window, wider, and repeats a name for each of several values', () => {
    expect(queryOf({ query }, { format: 'iso', widenSeconds: 10 }, window)).toEqual([
      ['tag', 'a'],
      ['tag', '2'],
      ['since', '2026-03-01T00:00:00Z..2026-03-02T00:00:10Z'],
      ['again', '2026-03-01T00:00:00Z2026-03-01T00:00:00Z'],
      ['on', 'true'],
    ]);
  });

  it('without a window is as it stands', () => {
    expect(queryOf({ query: { since: '{from}' } })).toEqual([['since', '{from}']]);
    expect(queryOf({ query: { since: '{from}' } }, { format: 'iso', widenSeconds: 1 })).toEqual([['since', '{from}']]);
    expect(queryOf({ query: { since: '{from}' } }, undefined, window)).toEqual([['since', '{from}']]);
  });
});

describe('links', () => {
  it.each([
    ['<https://a.example/2>;REL = "next"', 'https://a.example/2'],
    ['<https://a.example/2>  ; rel=  next ; x=y', 'https://a.example/2'],
    ['<a>; rel=prev, <b>; rel=next, <c>; rel=next', 'b'],
    ['<a>; rel="first  next\tlast"', 'a'],
    ['<a>', undefined],
    ['<a>; rel=""', undefined],
  ])('%s', (header, target) => {
    expect(nextOfHeader(header)).toBe(target);
  });

  it('with a password is not followed', () => {
    const page = new URL('https://api.vendor.example/v2/things');
    expect(() => followed('https://:pw@api.vendor.example/x', page)).toThrow(/next page/u);
  });
});

describe('where the next page is', () => {
  const page = (given: Partial<Page>): Page => ({
    url: new URL('https://api.vendor.example/api/things'),
    rows: [],
    body: {},
    headers: {},
    ...given,
  });
  const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ id: at }));
  const place = (given: Partial<Place>): Place => ({ ...BEGINNING, ...given });
  const next = (
    paging: object,
    given: Partial<Page>,
    before: Partial<Place> = {},
    taken: Partial<Place> = {},
    more = {},
  ) => nextOf(recipeOf({ paging, ...more }), page(given), place(before), place(taken));

  it.each([
    [{ style: 'none' }, rows(5), {}, undefined],
    [{ style: 'page' }, rows(5), {}, 2],
    [{ style: 'page', first: 0 }, rows(5), {}, 1],
    [{ style: 'page' }, rows(5), { next: 7 }, 8],
    [{ style: 'page' }, [], { next: 7 }, undefined],
    [{ style: 'offset' }, rows(5), {}, 5],
    [{ style: 'offset' }, rows(5), { next: 10 }, 15],
    [{ style: 'offset', size: 9, shortPageIsLast: true }, rows(8), {}, undefined],
    [{ style: 'offset', size: 8, shortPageIsLast: true }, rows(8), {}, 8],
    [{ style: 'offset', size: 9 }, rows(8), {}, 8],
    [{ style: 'offset', shortPageIsLast: true }, rows(8), {}, 8],
  ])('%j with %# rows', (paging, given, before, expected) => {
    expect(next(paging, { rows: given }, before)).toBe(expected);
  });

  it('is none where the total is reached on a page that is short, or of a size that nobody knows', () => {
    const reached = { total: 8, taken: 8 };
    expect(next({ style: 'page', size: 9 }, { rows: rows(8) }, {}, reached)).toBeUndefined();
    expect(next({ style: 'page' }, { rows: rows(8) }, {}, reached)).toBeUndefined();
    // A full page may be followed by more than the total says.
    expect(next({ style: 'page', size: 8 }, { rows: rows(8) }, {}, reached)).toBe(2);
    expect(next({ style: 'page', size: 9 }, { rows: rows(8) }, {}, { total: 9, taken: 8 })).toBe(2);
  });

  it('is none where numbered pages with ids come again, and an error where nobody can tell', () => {
    const alike = { alike: 1 };
    expect(next({ style: 'page' }, { rows: rows(2) }, {}, alike, { id: 'id' })).toBeUndefined();
    expect(() => next({ style: 'page' }, { rows: rows(2) }, {}, alike)).toThrow(ExportIncompleteError);
    expect(next({ style: 'offset' }, { rows: rows(2) }, {}, { alike: 99 })).toBe(2);
    expect(() => next({ style: 'offset' }, { rows: rows(2) }, {}, { alike: 100 })).toThrow(ExportIncompleteError);
  });

  it('is what the page says', () => {
    const from = 'meta.next';
    expect(next({ style: 'cursor', from }, { body: { meta: { next: 'c2' } } })).toBe('c2');
    expect(next({ style: 'cursor', from }, { body: { meta: { next: 5 } } })).toBe('5');
    expect(next({ style: 'cursor', from }, { body: { meta: { next: null } } })).toBeUndefined();
    const link = 'https://api.vendor.example/api/things?page=2';
    expect(next({ style: 'next-link', from }, { body: { meta: { next: '?page=2' } } })).toBe(link);
    expect(next({ style: 'next-link', from }, { body: {} })).toBeUndefined();
    expect(next({ style: 'link-header' }, { headers: { link: `<${link}>; rel=next` } })).toBe(link);
    expect(next({ style: 'link-header' }, {})).toBeUndefined();
  });

  it('is never where a mark stands: such pages go round', () => {
    const before = { mark: { digest: digest('c2'), left: 1, span: 1 } };
    const cursor = { style: 'cursor', from: 'next' };
    expect(() => next(cursor, { body: { next: 'c2' } }, before)).toThrow(ExportIncompleteError);
    expect(next(cursor, { body: { next: 'c3' } }, before)).toBe('c3');
  });

  it('moves the mark at growing distances', () => {
    const places: string[] = [];
    let { mark } = BEGINNING;
    for (let at = 1; at <= 15; at += 1) {
      mark = marked(mark, at);
      places.push(mark.digest);
    }
    const moved = places.flatMap((one, at) => (at === 0 || one !== places[at - 1] ? [at + 1] : []));
    expect(moved).toEqual([1, 3, 7, 15]);
    expect(mark).toEqual({ digest: digest('15'), left: 16, span: 16 });
    expect(digest('15')).toMatch(/^[0-9a-f]{16}$/u);
  });

  it('ends by what is known of it', () => {
    expect(endedBy(recipeOf({}), place({ total: 0 }))).toBe('reconciled');
    expect(endedBy(recipeOf({}), place({}))).toBe('unproven');
    expect(endedBy(recipeOf({ paging: { style: 'page' } }), place({}))).toBe('short-page');
  });
});

describe('a page of a walk', () => {
  const asked: Parameters<CallApi>[0][] = [];
  const answering =
    (...bodies: readonly unknown[]): CallApi =>
    async (request) => {
      asked.push(request);
      return response(200, bodies[Math.min(asked.length, bodies.length) - 1] ?? '');
    };
  const step = (given: object, call: CallApi, place: Partial<Place> = {}) => {
    asked.length = 0;
    return stepWalk(call, context, recipeOf(given), [['q', '1']], { ...BEGINNING, ...place });
  };

  it.each([
    [{ style: 'none' }, null, [['q', '1']]],
    [
      { style: 'page', size: 5, sizeParameter: 'n' },
      null,
      [
        ['q', '1'],
        ['page', '1'],
        ['n', '5'],
      ],
    ],
    [
      { style: 'page', first: 0, parameter: 'p' },
      null,
      [
        ['q', '1'],
        ['p', '0'],
      ],
    ],
    [
      { style: 'page', size: 5 },
      4,
      [
        ['q', '1'],
        ['page', '4'],
      ],
    ],
    [
      { style: 'offset', size: 5, sizeParameter: 'n' },
      null,
      [
        ['q', '1'],
        ['offset', '0'],
        ['n', '5'],
      ],
    ],
    [
      { style: 'offset', sizeParameter: 'n' },
      10,
      [
        ['q', '1'],
        ['offset', '10'],
      ],
    ],
    [
      { style: 'cursor', from: 'c', size: 5, sizeParameter: 'n' },
      null,
      [
        ['q', '1'],
        ['n', '5'],
      ],
    ],
    [
      { style: 'cursor', from: 'c', size: 5, sizeParameter: 'n' },
      'x',
      [
        ['q', '1'],
        ['cursor', 'x'],
        ['n', '5'],
      ],
    ],
    [
      { style: 'next-link', from: 'c', size: 5, sizeParameter: 'n' },
      null,
      [
        ['q', '1'],
        ['n', '5'],
      ],
    ],
    [
      { style: 'link-header', size: 5, sizeParameter: 'n' },
      null,
      [
        ['q', '1'],
        ['n', '5'],
      ],
    ],
  ])('%j at %j asks for %j', async (paging, next, query) => {
    await step({ paging }, answering([]), { next });
    expect(asked).toEqual([{ method: 'GET', path: 'things', query, headers: {}, timeoutMs: 60_000 }]);
  });

  it('that is a link is asked for as it stands', async () => {
    const next = 'https://api.vendor.example/api/things?page=2';
    await step({ paging: { style: 'link-header', size: 5, sizeParameter: 'n' } }, answering([]), { next });
    expect(asked).toEqual([{ method: 'GET', path: next, headers: {}, timeoutMs: 60_000 }]);
  });

  it('keeps what it met', async () => {
    const rows = [{ id: 1 }, { id: 2 }, { id: 2 }, { x: 1 }];
    const first = await step(
      { id: 'id', total: 'n', rows: 'd', paging: { style: 'page' } },
      answering({ d: rows, n: 9 }),
    );
    expect(first.fresh).toEqual([{ id: 1 }, { id: 2 }, { x: 1 }]);
    expect(first.rows).toEqual(rows);
    expect(first.ended).toBeUndefined();
    expect(first.place).toMatchObject({
      next: 2,
      taken: 3,
      repeated: 1,
      total: 9,
      totalMoved: false,
      alike: 0,
      recent: [digest('1'), digest('2'), digest('2')],
      mark: { digest: digest('2'), left: 2, span: 2 },
    });
    const again = await step(
      { total: 'n', rows: 'd', paging: { style: 'offset' } },
      answering({ d: rows }),
      first.place,
    );
    expect(again.place).toMatchObject({ next: 6, taken: 7, total: 9, totalMoved: false, alike: 1 });
    const same = await step({ total: 'n', rows: 'd' }, answering({ d: [], n: 9 }), first.place);
    expect(same.place.totalMoved).toBe(false);
    const moved = await step({ total: 'n', rows: 'd' }, answering({ d: [], n: 8 }), first.place);
    expect(moved.place).toMatchObject({ total: 8, totalMoved: true, alike: 0 });
    expect(moved.ended).toBe('reconciled');
  });

  it('remembers two thousand ids', async () => {
    const rows = Array.from({ length: 2001 }, (_, id) => ({ id }));
    const { place } = await step({ id: 'id' }, answering(rows));
    expect(place.recent).toHaveLength(2000);
    expect(place.recent.at(-1)).toBe(digest('2000'));
  });

  it.each([
    ['<html>', /things is not JSON/u],
    [{ d: 5 }, /no list of rows at "d"$/u],
    [{ d: [1] }, /something there is no object/u],
    [{ d: [null] }, /something there is no object/u],
    [{ d: [[]] }, /something there is no object/u],
  ])('that is %j is refused', async (body, message) => {
    await expect(step({ rows: 'd' }, answering(body))).rejects.toThrow(message);
  });

  it('has no rows where the list is null, or the answer empty', async () => {
    expect((await step({ rows: 'd' }, answering({ d: null }))).rows).toEqual([]);
    expect((await step({ rows: 'd' }, answering(''))).rows).toEqual([]);
    expect((await step({ rows: 'd' }, async () => response(204, 'ignored'))).rows).toEqual([]);
  });

  it.each([
    [{ style: 'page', size: 5, sizeParameter: 'n' }, null, 3],
    [{ style: 'page', size: 5, sizeParameter: 'n' }, 2, undefined],
    [{ style: 'offset', size: 5, sizeParameter: 'n' }, 10, 3],
    [{ style: 'cursor', from: 'c', size: 4, sizeParameter: 'n' }, 'x', 2],
    [{ style: 'next-link', from: 'c', size: 4, sizeParameter: 'n' }, null, 2],
    [{ style: 'link-header', size: 4, sizeParameter: 'n' }, 'https://api.vendor.example/x', undefined],
    [{ style: 'offset', size: 1, sizeParameter: 'n' }, null, undefined],
    [{ style: 'offset', size: 5 }, null, undefined],
    [{ style: 'offset', sizeParameter: 'n' }, null, undefined],
    [{ style: 'none' }, null, undefined],
  ])('that is too large, by %j at %j, is asked for with %j rows', async (paging, next, size) => {
    const call: CallApi = async () => {
      throw new ResponseTooLargeError('too large');
    };
    if (size === undefined) await expect(step({ paging }, call, { next })).rejects.toThrow(ResponseTooLargeError);
    else
      expect(await step({ paging }, call, { next })).toEqual({
        rows: [],
        fresh: [],
        place: { ...BEGINNING, next, size },
      });
  });

  it('is asked for with the size that was found, and other failures stay what they are', async () => {
    const paging = { style: 'offset', size: 8, sizeParameter: 'n' };
    await step({ paging: { style: 'none' } }, answering([]), { size: 4 });
    expect(asked[0]?.query).toEqual([['q', '1']]);
    await step({ paging }, answering([]), { size: 4 });
    expect(asked[0]?.query).toEqual([
      ['q', '1'],
      ['offset', '0'],
      ['n', '4'],
    ]);
    const call: CallApi = async () => {
      throw new ConfigInvalidError('other');
    };
    await expect(step({ paging }, call)).rejects.toThrow(ConfigInvalidError);
  });
});

describe('the rest of what the provider says', () => {
  it.each([
    [199, 'PROVIDER_RESPONSE_INVALID'],
    [299, undefined],
    [300, 'PROVIDER_RESPONSE_INVALID'],
    [399, 'PROVIDER_RESPONSE_INVALID'],
    [425, 'PROVIDER_UNAVAILABLE'],
    [422, 'PROVIDER_REFUSED'],
  ])('%i is %s', (status, code) => {
    expect(judge(response(status, ''), NOW)?.code).toBe(code);
    // A limit only where it says 403 and when to come again.
    if (status === 422) expect(judge(response(status, '', { 'retry-after': '5' }), NOW)?.code).toBe(code);
  });

  it('failures that pass were sent, and limits say how long', () => {
    expect(judge(response(500, ''), NOW)).toMatchObject({ sent: true });
    expect(judge(response(403, '', { 'retry-after': '30' }), NOW)).toMatchObject({ retryAfterMs: 30_000 });
  });
});
