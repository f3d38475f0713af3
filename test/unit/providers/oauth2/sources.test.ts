import { describe, expect, it } from 'vitest';
import { list } from '../../../../functions/providers/oauth2/list-source.ts';
import { open, readList } from './harness.ts';

const INVOICES = [
  { id: 1, updatedAt: '2026-02-28T23:59:59Z', customer: { name: 'A' }, amount: 1 },
  { id: 2, updatedAt: '2026-03-01T00:00:00Z', customer: { name: 'B' }, amount: 2 },
  { id: 3, updatedAt: '2026-03-01T23:59:59Z', customer: null, amount: 3 },
  { id: 4, updatedAt: '2026-03-02T00:00:00Z', customer: { name: 'D' }, amount: 4 },
];
const BASE = {
  path: 'page/invoices',
  rows: 'data',
  id: 'id',
  total: 'meta.total',
  paging: { style: 'page', size: 2, sizeParameter: 'size' },
};
const WINDOWED = {
  ...BASE,
  query: { updatedFrom: '{from}', updatedTo: '{to}' },
  window: { stamp: 'updatedAt' },
};

describe('an incremental list', () => {
  it('holds the rows of its window by their own stamp, and reconciles with the total of what was asked', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    const { rows, last } = await readList(harness, WINDOWED);
    expect(rows.map(({ id }) => id)).toEqual([2, 3]);
    expect(harness.sent[0]?.url.search).toContain(
      'updatedFrom=2026-02-28T23%3A59%3A59Z&updatedTo=2026-03-02T00%3A00%3A01Z',
    );
    expect(last).toMatchObject({
      sourceTotal: 2,
      completeness: 'reconciled',
      facts: {
        stamp: 'updatedAt',
        stampMoves: true,
        asOf: '2026-03-02T00:00:00.000Z',
        rowsOutsideWindow: 2,
        sourceCount: 4,
      },
    });
  });

  it('I19: windows that tile hold each row once', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    const days = ['2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03'].map((day) => `${day}T00:00:00Z`);
    const ids: unknown[] = [];
    for (const [at, from] of days.slice(0, -1).entries()) {
      const { rows } = await readList(harness, WINDOWED, [from, days[at + 1] ?? '']);
      ids.push(...rows.map(({ id }) => id));
    }
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it('refuses a row without its stamp: it could belong to any window', async () => {
    const harness = await open({ collections: { invoices: [{ id: 1 }] } });
    await expect(readList(harness, WINDOWED)).rejects.toThrow(/row without a stamp at "updatedAt"/u);
  });

  it.each([
    ['seconds', 1_772_323_200, 'since=1772323199'],
    ['milliseconds', 1_772_323_200_000, 'since=1772323199000'],
  ])('asks and reads in %s where the file says so', async (format, stamp, asked) => {
    const harness = await open({ collections: { invoices: [{ id: 1, at: stamp }] } });
    const { rows } = await readList(harness, {
      path: 'none/invoices',
      rows: 'data',
      query: { since: '{from}' },
      window: { stamp: 'at', format, moves: false },
    });
    expect(rows).toHaveLength(1);
    expect(harness.sent[0]?.url.search).toContain(asked);
  });

  it('says what it is', () => {
    expect(list.describe(list.parseOptions({ ...WINDOWED, columns: ['amount'], groupBy: 'customer.name' }))).toEqual({
      kind: 'incremental',
      settleMs: 300_000,
      columns: ['id', 'customer.name', 'amount'],
      keyColumns: ['id'],
      groupColumn: 'customer.name',
    });
    expect(list.describe(list.parseOptions(BASE))).toMatchObject({ kind: 'snapshot', settleMs: 0 });
  });
});

describe('rows', () => {
  it('have the columns that the file fixed, deeper ones by their way', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    const { rows } = await readList(harness, { ...BASE, columns: ['amount', 'customer.name'] });
    expect(rows[1]).toEqual({ id: 2, amount: 2, 'customer.name': 'B' });
    expect(rows[2]).toEqual({ id: 3, amount: 3, 'customer.name': null });
  });

  it('or everything that they have', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    const { rows } = await readList(harness, { ...BASE, groupBy: 'customer.name' });
    expect(rows[0]).toEqual({ ...INVOICES[0], 'customer.name': 'A' });
  });

  it('at a place that is not there are a wrong recipe, and no empty list', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    await expect(readList(harness, { ...BASE, rows: 'items' })).rejects.toThrow(/no list of rows at "items"/u);
    await expect(readList(harness, { path: 'bare/invoices', rows: '0' })).rejects.toThrow(/no list of rows at "0"/u);
  });

  it('come with the headers of the connection', async () => {
    const harness = await open({ collections: { invoices: [] } }, { headers: { 'x-tenant': 'acme' } });
    await readList(harness, BASE);
    expect(harness.sent[0]?.headers).toMatchObject({ 'x-tenant': 'acme' });
  });

  it('S73: come from no host that the file does not name', async () => {
    const harness = await open({ collections: { invoices: [] } });
    await expect(readList(harness, { ...BASE, path: 'https://evil.example/invoices' })).rejects.toThrow(
      /refused by the/u,
    );
  });
});

describe('a recipe', () => {
  it.each([
    [{ pth: 'x' }, /pth is not a setting here\. Did you mean path/u],
    [{ path: '/invoices' }, /path must be a path below apiBaseUrl without a slash before it/u],
    [{ path: '../admin' }, /path must not climb/u],
    [{ path: 'http://api.vendor.example/x' }, /path must be a path below apiBaseUrl/u],
    [{ paging: { style: 'pages' } }, /paging style must have a style: .* Did you mean page\?/u],
    [{ paging: { style: 'cursor' } }, /paging from is missing/u],
    [{ paging: { style: 'page', size: 0 } }, /paging size must be a whole number from 1/u],
    [{ paging: { style: 'page', sise: 5 } }, /paging sise is not a setting here\. Did you mean size/u],
    [{ window: { stmp: 'x' } }, /window stmp is not a setting here\. Did you mean stamp\?/u],
    [{ query: { since: '{from}' } }, /query since asks for a window, and the recipe has none/u],
    [{ columns: [] }, /columns must name at least one column/u],
    [{ total: '' }, /total must name a member/u],
  ])('%j is refused with its place', (change, message) => {
    expect(() => list.parseOptions({ path: 'invoices', ...change })).toThrow(message);
  });

  it('is plain JSON, and itself when it is read again', () => {
    const options = list.parseOptions(WINDOWED);
    expect(list.parseOptions(options)).toEqual(options);
  });

  it.each([
    [{ query: { since: '{to}' } }, ['query', 'since'], /^asks for a window/u],
    [{ paging: { style: 'page', size: 'x' } }, ['paging', 'size'], /^must be a whole number/u],
    [{ path: undefined }, ['path'], /^is missing$/u],
    [{ query: { a: {} } }, ['query', 'a'], /./u],
    [{ window: 5 }, ['window'], /^must be a mapping of names to values$/u],
    [{ window: { stamp: 'x', format: 'isoo' } }, ['window', 'format'], /Did you mean iso\?$/u],
    [{ path: 'x', pth: 'y', rows: 5 }, ['pth'], /^is not a setting here/u],
  ])('%j has its fault told apart, place and problem', (change, path, problem) => {
    const parsing = () => list.parseOptions({ path: 'invoices', ...change });
    const fault = { path, problem: expect.stringMatching(problem) as string };
    expect(parsing).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^The recipe: /u) as string, fault }),
    );
  });

  it.each([
    [7, /^The recipe: must be a mapping/u],
    [{ path: 'a/..' }, /must not climb/u],
    [{ path: 'a/./b' }, /must not climb/u],
    [{ path: 'a/../b' }, /must not climb/u],
    [{ path: 'a//b' }, /path must be a path below apiBaseUrl/u],
    [{ path: 'https:///b' }, /path must be a path below apiBaseUrl/u],
    [{ path: 5 }, /path must be a path below apiBaseUrl/u],
    [{ path: 'xhttps://a.example/b' }, /path must be a path below apiBaseUrl/u],
    [{ path: 'a?b=1' }, /path must be a path below/u],
    [{ path: 'a'.repeat(501) }, /path must be a path below/u],
    [{ path: 'a', rows: '.a' }, /rows must be a dotted path/u],
    [{ path: 'a', rows: 'a/b' }, /rows must be a dotted path/u],
    [{ path: 'a', rows: 'a'.repeat(201) }, /rows must be at most 200/u],
    [{ path: 'a', rows: 5 }, /rows must be a dotted path or a JSON pointer/u],
    [{ path: 'a', query: { 'a b': 1 } }, /query a b must be the name of a query parameter/u],
    [{ path: 'a', query: { a: [{}] } }, /query a/u],
    [{ path: 'a', paging: { style: 'page', first: 2 } }, /paging first must be a whole number from 0 to 1/u],
    [{ path: 'a', paging: { style: 'page', size: 10_001 } }, /paging size must be/u],
    [{ path: 'a', paging: { style: 'page', size: 1.5 } }, /paging size must be/u],
    [{ path: 'a', paging: { style: 'page', shortPageIsLast: 'x' } }, /shortPageIsLast must be true or false/u],
    [{ path: 'a', paging: { style: 'x' } }, /none, page, offset, cursor, next-link, link-header/u],
    [{ path: 'a', window: { stamp: 'a', settleSeconds: 86_401 } }, /window settleSeconds/u],
    [{ path: 'a', window: { stamp: 'a', moves: 'x' } }, /window moves must be true or false/u],
    [{ path: 'a', window: { stamp: 'a', widenSeconds: -1 } }, /window widenSeconds/u],
  ])('%j is refused', (recipe, message) => {
    expect(() => list.parseOptions(recipe)).toThrow(message);
  });

  it.each(['https://reports.vendor.example/a/b', 'a.b/c..d/~x%20', "a!$&'()*+,;=:@-", 'a'.repeat(500), ''])(
    'may ask for %s',
    (path) => {
      expect(list.parseOptions({ path })).toEqual({ path, query: {}, rows: '', paging: { style: 'none' } });
    },
  );

  it('has the defaults of its style and of its window', () => {
    const defaults = (paging: object) => list.parseOptions({ path: 'a', paging }).paging;
    expect(defaults({ style: 'page' })).toEqual({ style: 'page', parameter: 'page', first: 1, shortPageIsLast: false });
    expect(defaults({ style: 'offset' })).toEqual({ style: 'offset', parameter: 'offset', shortPageIsLast: false });
    expect(defaults({ style: 'cursor', from: 'c' })).toEqual({ style: 'cursor', parameter: 'cursor', from: 'c' });
    expect(list.parseOptions({ path: 'a', window: { stamp: 's' } }).window).toEqual({
      stamp: 's',
      format: 'iso',
      moves: true,
      settleSeconds: 300,
      widenSeconds: 1,
    });
  });

  it('says no more of itself than it knows', () => {
    const describing = (recipe: object) => list.describe(list.parseOptions({ path: 'a', ...recipe }));
    expect(Object.keys(describing({}))).toEqual(['kind', 'snapshotReason', 'settleMs']);
    expect(describing({ columns: ['b', 'a', 'b'] }).columns).toEqual(['b', 'a']);
    expect(describing({ columns: ['a'], id: 'a' }).columns).toEqual(['a']);
  });

  it('says in the facts what was read and how', async () => {
    const harness = await open({ collections: { invoices: INVOICES } });
    const { last } = await readList(harness, { path: 'none/invoices', rows: 'data' });
    expect(last).toMatchObject({ completeness: 'unproven' });
    expect(Object.keys(last)).not.toContain('sourceTotal');
    expect(last.facts).toEqual({
      path: 'none/invoices',
      paging: 'none',
      sourceCount: null,
      totalMoved: false,
      repeatedDropped: 0,
    });
    const created = await readList(harness, { ...WINDOWED, window: { stamp: 'updatedAt', moves: false } });
    expect(created.last.facts).toMatchObject({ stampMoves: false, asOf: null });
  });
});
