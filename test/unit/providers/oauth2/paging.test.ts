import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../functions/core/json.ts';
import { open, ORIGIN, readList } from './harness.ts';

const SIZES = { sizeParameter: 'size', size: 7 };
/** A recipe for each way in which the double pages. */
const STYLES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['bare', { rows: '', paging: { style: 'none' } }],
  ['none', { rows: 'data' }],
  ['page', { rows: 'data', paging: { style: 'page', ...SIZES } }],
  ['page0', { rows: '/data', paging: { style: 'page', first: 0, ...SIZES } }],
  ['offset', { rows: 'data', paging: { style: 'offset', ...SIZES } }],
  ['cursor', { rows: 'data', paging: { style: 'cursor', from: 'cursors.next', ...SIZES } }],
  ['next-link', { rows: 'data', paging: { style: 'next-link', from: '/links/next', ...SIZES } }],
  ['link-header', { rows: 'data', paging: { style: 'link-header', ...SIZES } }],
];
const NUMBERED = STYLES.filter(([style]) => style.startsWith('page') || style === 'offset');
const LINKED = STYLES.filter(([style]) => style.endsWith('link') || style.startsWith('link'));

const rowsOf = (count: number): JsonObject[] =>
  Array.from({ length: count }, (_, at) => ({ id: at + 1, name: `n${at}` }));
const recipeOf = (style: string, recipe: Readonly<Record<string, unknown>>) => ({
  path: `${style}/things`,
  ...recipe,
  ...(recipe.paging === undefined ? {} : { paging: recipe.paging }),
});

describe('paging', () => {
  it.each(STYLES)('%s: any rows, any page size: the same rows, each once and in their order', async (style, recipe) => {
    const rows = fc.uniqueArray(
      fc.record({ id: fc.oneof(fc.integer(), fc.uuid()), value: fc.jsonValue() }) as fc.Arbitrary<JsonObject>,
      { maxLength: 60, selector: ({ id }) => JSON.stringify(id) },
    );
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 80 }),
        fc.boolean(),
        fc.boolean(),
        async (things, size, maxPageSize, hasId, hasTotal) => {
          const harness = await open({ collections: { things }, maxPageSize });
          const paging = recipe.paging as object | undefined;
          const read = await readList(harness, {
            ...recipeOf(style, recipe),
            ...(paging === undefined || style === 'bare' ? {} : { paging: { ...paging, size } }),
            ...(hasId ? { id: 'id' } : {}),
            ...(hasTotal && style !== 'bare' ? { total: 'meta.total' } : {}),
          });
          expect(read.rows).toEqual(JSON.parse(JSON.stringify(things)));
          if (hasTotal && style !== 'bare') expect(read.last.sourceTotal).toBe(things.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(NUMBERED)('%s: an API that caps the page size quietly loses nothing', async (style, recipe) => {
    const harness = await open({ collections: { things: rowsOf(23) }, maxPageSize: 5 });
    const { rows, last } = await readList(harness, { ...recipeOf(style, recipe), id: 'id' });
    expect(rows).toHaveLength(23);
    expect(last.completeness).toBe('short-page');
  });

  it.each(NUMBERED)(
    '%s: a short page ends the list where the recipe says that it does, and only there',
    async (style, recipe) => {
      const things = rowsOf(23);
      const short = { ...recipeOf(style, recipe), paging: { ...(recipe.paging as object), shortPageIsLast: true } };
      const asked = await open({ collections: { things } });
      expect((await readList(asked, short)).rows).toHaveLength(23);
      expect(asked.sent).toHaveLength(4);
      const careful = await open({ collections: { things } });
      await readList(careful, recipeOf(style, recipe));
      expect(careful.sent).toHaveLength(5);
    },
  );

  it.each(NUMBERED)(
    'A23: %s: rows hidden after the page was cut make short pages, and lose nothing',
    async (style, recipe) => {
      const harness = await open({ collections: { things: rowsOf(40) }, hidesEvery: 3 });
      const { rows } = await readList(harness, { ...recipeOf(style, recipe), id: 'id' });
      expect(rows.map(({ id }) => id)).toEqual(rowsOf(40).flatMap(({ id }) => (Number(id) % 3 === 0 ? [] : [id])));
    },
  );

  it.each(['last-page', 'no-content'] as const)('a page past the end that is %s ends it', async (pastTheEnd) => {
    for (const [style, recipe] of NUMBERED.filter(([name]) => pastTheEnd === 'no-content' || name !== 'offset')) {
      const harness = await open({ collections: { things: rowsOf(14) }, pastTheEnd });
      expect((await readList(harness, { ...recipeOf(style, recipe), id: 'id' })).rows).toHaveLength(14);
    }
  });

  it('rows without an id that come again are an error and not the end', async () => {
    const harness = await open({ collections: { things: rowsOf(14) }, pastTheEnd: 'last-page' });
    for (const [style, recipe] of NUMBERED) {
      await expect(readList(harness, recipeOf(style, recipe))).rejects.toThrow(/same page again/u);
    }
  });

  it.each([
    [10, 24],
    [-9, 5],
    [-7, 7],
  ])('a total that lies by %i does not reconcile: the source says so', async (totalLie, said) => {
    const harness = await open({ collections: { things: rowsOf(14) }, totalLie });
    const [style, recipe] = NUMBERED[0] ?? ['', {}];
    const { rows, last } = await readList(harness, { ...recipeOf(style, recipe), total: 'meta.total' });
    expect(rows).toHaveLength(14);
    expect(last.sourceTotal).toBe(said);
  });

  it('an empty list is one page', async () => {
    for (const [style, recipe] of STYLES) {
      const harness = await open({ collections: { things: [] } });
      const { rows, pages } = await readList(harness, recipeOf(style, recipe));
      expect([rows, pages]).toEqual([[], 1]);
    }
  });

  it.each(LINKED)(
    'S76: %s: a next page on another host is refused, and nothing is sent there',
    async (style, recipe) => {
      const harness = await open({ collections: { things: rowsOf(14) }, links: 'foreign' });
      await expect(readList(harness, recipeOf(style, recipe))).rejects.toThrow(/elsewhere\.example.*127\.0\.0\.1/u);
      expect(harness.sent.map(({ url }) => url.origin)).toEqual([ORIGIN]);
    },
  );

  it.each(LINKED)('%s: a relative link is one', async (style, recipe) => {
    const harness = await open({ collections: { things: rowsOf(14) }, links: 'relative' });
    expect((await readList(harness, recipeOf(style, recipe))).rows).toHaveLength(14);
  });

  it.each(STYLES.filter(([style]) => style.includes('link') || style === 'cursor'))(
    '%s: pages that go round in a circle end with an error',
    async (style, recipe) => {
      for (const count of [3, 14, 40]) {
        const harness = await open({ collections: { things: rowsOf(count) }, links: 'circle' });
        await expect(readList(harness, recipeOf(style, recipe))).rejects.toThrow(/lead back/u);
        expect(harness.sent.length).toBeLessThan(40);
      }
    },
  );

  it('a row that comes again is dropped, and counted; so is a total that moves', async () => {
    const [style, recipe] = NUMBERED[2] ?? ['', {}];
    const hiding = await open({ collections: { things: rowsOf(40) }, hidesEvery: 3 });
    const { last } = await readList(hiding, { ...recipeOf(style, recipe), id: 'id' });
    expect(last.facts).toMatchObject({ repeatedDropped: expect.any(Number), totalMoved: false, paging: 'offset' });
    expect(last.facts?.['repeatedDropped']).toBeGreaterThan(0);

    const growing = await open({ collections: { things: rowsOf(14) } });
    const call: typeof growing.api.call = async (request) => {
      const answer = await growing.api.call(request);
      if (growing.sent.length === 1) growing.control.put('things', { id: 99, name: 'new' });
      return answer;
    };
    const grown = await readList(
      { ...growing, api: { ...growing.api, call } },
      { ...recipeOf(style, recipe), total: 'meta.total' },
    );
    expect([grown.rows.length, grown.last.sourceTotal, grown.last.facts?.['totalMoved']]).toEqual([15, 15, true]);
  });
});
