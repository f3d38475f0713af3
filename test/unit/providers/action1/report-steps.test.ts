import { describe, expect, it } from 'vitest';
import {
  ConfigInvalidError,
  NotFoundError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import type { JsonObject, JsonValue } from '../../../../functions/core/json.ts';
import type { ApiRequest, CallApi } from '../../../../functions/core/provider.ts';
import { countRecords } from '../../../../functions/providers/action1/sources/report/csv.ts';
import type { ReportCursor, Run } from '../../../../functions/providers/action1/sources/report/cursor.ts';
import { report } from '../../../../functions/providers/action1/sources/report/source.ts';
import { response, START } from './world.ts';

const ORGANIZATIONS = [
  { id: 'o/1', name: 'Head Office' },
  { id: 'o2', name: 'Branch' },
];
const RUN: Run = {
  organizations: ORGANIZATIONS,
  report: { id: 'r/1', name: 'Low Disk', simple: true },
  waitedMs: 0,
  coverage: [null, null],
  totals: [null, null],
  silent: { names: [], more: false },
  failed: { count: 0, names: [] },
};
const TALLY = { rows: 0, total: 0, unknown: false };
const MINUTE = 60_000;

/** One step of a report: what came of it, and what was asked for. */
async function step(
  cursor: ReportCursor,
  answer: unknown,
  options: JsonObject = {},
  { now = START, headers = {} }: { readonly now?: Date; readonly headers?: Record<string, string> } = {},
) {
  const asked: ApiRequest[] = [];
  const call: CallApi = async (request) => {
    asked.push(request);
    if (answer instanceof Error) throw answer;
    return response(200, answer, headers);
  };
  const context = {
    connection: 'c1',
    settings: {},
    options: report.parseOptions({ report: 'Low Disk', ...options }),
    window: { from: START, to: START },
    observedAt: START,
    now,
  };
  const page = await report.readPage(call, context, JSON.parse(JSON.stringify(cursor)) as JsonValue);
  return { page, asked };
}

describe('a report is looked for', () => {
  const at = (look: 'tree' | 'search' | 'direct', near: readonly string[] = []): ReportCursor => ({
    step: 'definition',
    organizations: ORGANIZATIONS,
    look,
    near,
  });
  const found = { id: 'r/1', name: 'Low Disk', type: 'Report', simple: 'Yes' };

  it('in the tree, by search, and as an id', async () => {
    const tree = await step(at('tree'), { items: [found] });
    expect(tree.asked).toEqual([
      { method: 'GET', timeoutMs: MINUTE, path: 'reports/all', query: [['subtree', 'Yes']] },
    ]);
    expect(tree.page).toEqual({
      rows: [],
      next: { step: 'rows', run: RUN, index: 0, position: { from: 0 }, tally: TALLY },
    });
    const search = await step(at('search'), { items: [{ ...found, simple: 'NO' }] });
    expect(search.asked[0]).toMatchObject({
      path: 'search/o%2F1',
      query: [
        ['query', 'Low Disk'],
        ['limit', '10'],
      ],
    });
    expect(search.page.next).toMatchObject({ run: { report: { simple: false } } });
    const direct = await step(at('direct'), { ...found, id: 'r.1' }, { report: 'r.1' });
    expect(direct.asked[0]).toMatchObject({ method: 'GET', path: 'reports/all/r.1' });
    const nowhere = await step({ ...at('search'), organizations: [] } as ReportCursor, found);
    expect(nowhere.asked[0]?.path).toBe('search/all');
  });

  it('on and on, with the nearest names kept', async () => {
    const tree = await step(at('tree', ['Older']), { items: [{ ...found, name: 'Low Disks' }] });
    expect(tree.page.next).toMatchObject({ look: 'search', near: ['Older', 'Low Disks'] });
    // What cannot be an id is not asked for as one.
    await expect(step(at('search', ['Low Disks']), { items: [] })).rejects.toThrow('Nearest: Low Disks');
    const search = await step(at('search', ['Low Disks']), {}, { report: 'low_disk-1.x' });
    expect(search.page.next).toMatchObject({ look: 'direct', near: ['Low Disks'] });
    const refused = new ProviderRefusedError('404');
    await expect(step(at('direct'), refused, { report: 'x' })).rejects.toThrow(NotFoundError);
    await expect(step(at('direct', ['A', 'B']), refused, { report: 'x' })).rejects.toThrow('Nearest: A, B');
    const passing = new ProviderUnavailableError('503', { sent: true });
    await expect(step(at('direct'), passing, { report: 'x' })).rejects.toBe(passing);
    const many = ['Low Disk 1', 'Low Disk 2', 'Low Disk 3', 'Low Disk 4', 'Low Disk 5', 'Low Disk 6'];
    const more = await step(
      at('tree', ['Z']),
      many.map((name, id) => ({ ...found, id: String(id), name })),
    );
    expect((more.page.next as { near: string[] }).near).toHaveLength(5);
  });

  it('by its id first, then by its name without regard to case, and never by half of one', async () => {
    const named = { ...found, id: 'other', name: ' LOW disk ' };
    const byId = await step(at('tree'), [named, { ...found, id: 'Low Disk', name: 'Another' }]);
    expect(byId.page.next).toMatchObject({ run: { report: { id: 'Low Disk' } } });
    const byName = await step(at('tree'), [named, { ...named, type: 'Category', id: 'c' }]);
    expect(byName.page.next).toMatchObject({ run: { report: { id: 'other' } } });
    await expect(step(at('tree'), [named, found])).rejects.toThrow(ConfigInvalidError);
    // The same one in two categories is one.
    expect((await step(at('tree'), [found, { c: [found] }])).page.next).toMatchObject({ step: 'rows' });
    for (const broken of [{ ...found, id: 5 }, { ...found, name: null }, null, 'text']) {
      expect((await step(at('tree'), { items: [broken] })).page.next).toMatchObject({ look: 'search' });
    }
  });

  it('at any depth that a tree of categories has', async () => {
    const nested = (depth: number): unknown => (depth === 0 ? found : { child: nested(depth - 1) });
    expect((await step(at('tree'), nested(8))).page.next).toMatchObject({ step: 'rows' });
    expect((await step(at('tree'), nested(9))).page.next).toMatchObject({ look: 'search' });
  });

  it('and is asked for again where the job wants it fresh', async () => {
    const { page } = await step(at('tree'), [found], { requery: {} });
    expect(page).toEqual({ rows: [], next: { step: 'requery', run: RUN, index: 0 } });
  });
});

describe('a requery', () => {
  const requestedAt = START.getTime();
  const wait = (change: object = {}): ReportCursor => ({
    step: 'wait',
    run: { ...RUN, requestedAt },
    round: [0, 1],
    late: [],
    ...change,
  });
  const counted = (live: number, sent: number, more: object = {}) => ({
    items: [],
    total_live_responses: live,
    total_sent_requests: sent,
    ...more,
  });

  it('is sent to one organization after the other, then waited for', async () => {
    const first = await step({ step: 'requery', run: RUN, index: 0 }, '', { requery: {} });
    expect(first.asked).toEqual([{ method: 'POST', path: 'reportdata/o%2F1/r%2F1/requery', timeoutMs: MINUTE }]);
    expect(first.page).toEqual({ rows: [], next: { step: 'requery', run: { ...RUN, requestedAt }, index: 1 } });
    const later = new Date(requestedAt + 5000);
    const next = { step: 'requery', run: { ...RUN, requestedAt }, index: 1 } as const;
    const second = await step(next, '', { requery: { askEverySeconds: 7 } }, { now: later });
    expect(second.page).toEqual({ rows: [], next: wait(), waitMs: 7000 });
    const whole = await step(next, '', { requery: {} });
    expect(whole.page.waitMs).toBe(MINUTE);
  });

  it('is over for an organization when enough of its endpoints have answered', async () => {
    const one = await step(wait(), counted(95, 100), { requery: {} });
    expect(one.asked[0]).toMatchObject({ path: 'reportdata/o%2F1/r%2F1/data' });
    expect(one.asked[0]?.query).toEqual([
      ['from', '0'],
      ['limit', '1'],
    ]);
    expect(one.page).toEqual({
      rows: [],
      next: wait({ run: { ...RUN, requestedAt, coverage: [{ live: 95, sent: 100 }, null] }, round: [1] }),
    });
    const late = await step(wait(), counted(94, 100), { requery: {} });
    expect(late.page.next).toMatchObject({ round: [1], late: [0] });
    const last = await step(wait({ round: [1] }), counted(1, 1), { requery: {} });
    expect(last.page.next).toMatchObject({ step: 'rows', index: 0 });
    const none = await step(wait({ round: [] }), '', { requery: {} }, { now: new Date(requestedAt + 9000) });
    expect(none.page).toMatchObject({ rows: [], next: { step: 'rows', run: { waitedMs: 9000 } } });
    expect(none.asked).toEqual([]);
  });

  it('goes round again until its deadline', async () => {
    const at = (ms: number) => ({ now: new Date(requestedAt + ms) });
    const open = wait({ round: [1], late: [0] });
    const again = await step(open, counted(0, 9), { requery: {} }, at(2 * MINUTE));
    expect(again.page).toMatchObject({ next: { step: 'wait', round: [0, 1], late: [] }, waitMs: MINUTE });
    const short = await step(open, counted(0, 9), { requery: {} }, at(15 * MINUTE - 10_000));
    expect(short.page.waitMs).toBe(10_000);
    const over = await step(open, counted(0, 9), { requery: {} }, at(15 * MINUTE));
    expect(over.page.next).toMatchObject({ step: 'rows', run: { waitedMs: 15 * MINUTE } });
  });

  it('believes counters of its own time alone', async () => {
    const covered = async (more: object) =>
      ((await step(wait(), counted(9, 9, more), { requery: {} })).page.next as { run: Run }).run.coverage[0];
    expect(await covered({ last_requery: '2026-05-31_23-58-00' })).toEqual({ live: 9, sent: 9 });
    expect(await covered({ last_requery: '2026-05-31_23-57-59' })).toBeNull();
    expect(await covered({ last_requery: 'None' })).toEqual({ live: 9, sent: 9 });
    expect(await covered({ total_sent_requests: null })).toBeNull();
    expect(await covered({ total_live_responses: null })).toBeNull();
  });

  it('that the job no longer asks for is left', async () => {
    for (const cursor of [{ step: 'requery', run: RUN, index: 0 } as const, wait()]) {
      const { page, asked } = await step(cursor, '');
      expect(page).toMatchObject({ rows: [], next: { step: 'rows', index: 0, position: { from: 0 } } });
      expect(asked).toEqual([]);
    }
  });

  it.each([
    [{ deadlineMinutes: 721 }, 'requery.deadlineMinutes'],
    [{ coverage: -0.1 }, 'requery.coverage'],
    [{ askEverySeconds: 0 }, 'requery.askEverySeconds'],
    [{ askEverySeconds: 3601 }, 'requery.askEverySeconds'],
  ])('cannot be %j', (requery, part) => {
    expect(() => report.parseOptions({ report: 'x', requery })).toThrow(part);
  });

  it('has bounds that can be reached', () => {
    const requery = { deadlineMinutes: 720, coverage: 1, askEverySeconds: 3600 };
    expect(report.parseOptions({ report: ' x ', requery })).toEqual({
      report: 'x',
      organizations: 'all',
      requery,
      details: false,
      drilldown: false,
      liveOnly: false,
      vendorCsv: false,
    });
    const least = { deadlineMinutes: 1, coverage: 0, askEverySeconds: 1 };
    expect(report.parseOptions({ report: 'x', requery: least })).toMatchObject({ requery: least });
    expect(() => report.parseOptions({ report: 'x', filter: '' })).toThrow('filter');
  });
});

describe('rows', () => {
  const rows = (change: object = {}): ReportCursor => ({
    step: 'rows',
    run: RUN,
    index: 1,
    position: { from: 0 },
    tally: TALLY,
    ...change,
  });
  const cached = (name: unknown) => ({ id: 'x', response_type: 'cache', fields: { 'Endpoint Name': name } });

  it('are asked for as the job says, and end with what is known', async () => {
    const options = { details: true, liveOnly: true, filter: 'f' };
    const { page, asked } = await step(rows(), { items: [{ id: 'a' }], total_items: 1 }, options);
    expect(asked[0]?.path).toBe('reportdata/o2/r%2F1/data');
    expect(asked[0]?.query).toEqual([
      ['details', 'yes'],
      ['live_only', 'Yes'],
      ['filter', 'f'],
      ['from', '0'],
      ['limit', '200'],
    ]);
    expect(page).toEqual({
      rows: [{ organization: 'Branch', organizationId: 'o2', rowId: 'a' }],
      sourceTotal: 1,
      completeness: 'reconciled',
      facts: { organizations: ORGANIZATIONS, report: RUN.report },
    });
    const plain = await step(rows(), { items: [{ id: 'a' }], total_items: 1 });
    expect(plain.asked[0]?.query?.[0]).toEqual(['from', '0']);
    const over = await step(rows({ index: 2 }), '');
    expect(over.page).toMatchObject({ rows: [], sourceTotal: 0, completeness: 'reconciled' });
  });

  it('name the endpoints that are silent, and count those that failed, once', async () => {
    const run = { ...RUN, requestedAt: START.getTime() };
    const items = [cached('b'), cached('a'), cached('a'), cached(5), { response_type: 'cache' }];
    const body = { items, total_items: 9, total_errors: 2, total_live_responses: 3, total_sent_requests: 4 };
    const { page } = await step(rows({ run }), body);
    expect(page.next).toMatchObject({
      run: {
        silent: { names: ['b', 'a'], more: false },
        failed: { count: 2, names: [] },
        totals: [null, 9],
        coverage: [null, { live: 3, sent: 4 }],
      },
      position: { from: 5 },
      tally: { rows: 5 },
    });
    const later = await step(rows({ run, position: { from: 5 } }), { ...body, total_items: 19 });
    expect(later.page.next).toMatchObject({
      run: { failed: { count: 0 }, totals: [null, 19], coverage: [null, { live: 3, sent: 4 }] },
    });
    // What an earlier page said stands where a later one says nothing.
    const known = { ...run, totals: [null, 9], coverage: [null, { live: 3, sent: 4 }] };
    const silentPage = await step(rows({ run: known }), { items, limit: 1 });
    expect(silentPage.page.next).toMatchObject({ run: { totals: known.totals, coverage: known.coverage } });
    const unasked = await step(rows(), body);
    expect(unasked.page.next).toMatchObject({ run: { silent: { names: [] }, coverage: [null, null] } });
    const hundred = Array.from({ length: 100 }, (_, at) => `n${at}`);
    const silent = { names: hundred, more: false };
    const full = await step(rows({ run: { ...run, silent } }), { items: [cached('n5')], total_items: 9 });
    expect(full.page.next).toMatchObject({ run: { silent: { more: false } } });
    const more = await step(rows({ run: { ...run, silent } }), { items: [cached('new')], total_items: 9 });
    expect(more.page.next).toMatchObject({ run: { silent: { names: hundred, more: true } } });
  });

  it('of endpoints that failed are named organization by organization, a hundred at most', async () => {
    const failed = { count: 3, names: [] as string[] };
    const run = { ...RUN, failed };
    const { page } = await step(rows({ run }), { items: [{ id: 'a' }], total_items: 1 });
    expect(page.next).toMatchObject({ step: 'errors', index: 0, tally: { rows: 1, total: 1 } });
    const errors = (index: number, names: readonly string[]): ReportCursor => ({
      step: 'errors',
      run: { ...run, failed: { ...failed, names } },
      index,
      tally: TALLY,
    });
    const body = { items: [{ endpoint_name: 'e1' }, { endpoint_name: 'e1' }, { endpoint_name: null }, {}] };
    const first = await step(errors(0, []), body);
    expect(first.asked[0]?.path).toBe('reportdata/o%2F1/r%2F1/errors');
    expect(first.asked[0]?.query?.at(-1)).toEqual(['limit', '100']);
    expect(first.page).toEqual({ rows: [], next: errors(1, ['e1']) });
    const last = await step(errors(1, ['e0']), body);
    expect(last.page.facts).toMatchObject({ endpointErrors: { count: 3, endpoints: ['e0', 'e1'] } });
    const hundred = Array.from({ length: 100 }, (_, at) => `n${at}`);
    const full = await step(errors(1, hundred), body);
    expect(full.page.facts).toMatchObject({ endpointErrors: { endpoints: hundred } });
  });

  it('are followed by what became of the requery', async () => {
    const run = { ...RUN, requestedAt: START.getTime(), waitedMs: 5, silent: { names: ['s'], more: true } };
    const facts = async (coverage: Run['coverage']) =>
      (await step(rows({ index: 2, run: { ...run, coverage } }), '')).page.facts?.['requery'];
    const part = await facts([
      { live: 1, sent: 3 },
      { live: 0, sent: 0 },
    ]);
    expect(part).toEqual({
      requestedAt: START.toISOString(),
      waitedMs: 5,
      liveResponses: 1,
      sentRequests: 3,
      coverage: 0.3333,
      notAnswered: { endpoints: ['s'], complete: false },
      perOrganization: [
        { organizationId: 'o/1', live: 1, sent: 3 },
        { organizationId: 'o2', live: 0, sent: 0 },
      ],
    });
    expect(
      await facts([
        { live: 0, sent: 0 },
        { live: 0, sent: 0 },
      ]),
    ).toMatchObject({ coverage: 1 });
    expect(await facts([{ live: 1, sent: 3 }, null])).toMatchObject({
      coverage: null,
      liveResponses: null,
      sentRequests: null,
      perOrganization: [{ live: 1 }, { live: null, sent: null }],
    });
  });

  it('behind a row are read page by page, row by row', async () => {
    const summary = { ...RUN, report: { ...RUN.report, simple: false } };
    const options = { drilldown: true, liveOnly: true };
    const begin = await step(rows({ run: summary }), { items: [{ id: 1 }, {}, { id: 'b' }], total_items: 9 }, options);
    expect(begin.asked[0]?.query?.at(-1)).toEqual(['limit', '100']);
    expect(begin.page).toMatchObject({
      rows: [],
      next: { position: { from: 3 }, drill: { rows: ['1', 'b'], position: { from: 0 }, more: true }, tally: TALLY },
    });
    const behind = await step(begin.page.next as ReportCursor, { items: [{ id: 'x' }], total_items: 2 }, options);
    expect(behind.asked[0]?.path).toBe('reportdata/o2/r%2F1/data/1/drilldown');
    expect(behind.asked[0]?.query?.[0]).toEqual(['live_only', 'Yes']);
    expect(behind.page.rows).toEqual([{ organization: 'Branch', organizationId: 'o2', parentRowId: '1', rowId: 'x' }]);
    expect(behind.page.next).toMatchObject({ drill: { rows: ['1', 'b'], position: { from: 1 } }, tally: { rows: 1 } });
    const second = await step(behind.page.next as ReportCursor, { items: [{ id: 'y' }], total_items: 2 }, options);
    expect(second.page.next).toMatchObject({
      drill: { rows: ['b'], position: { from: 0 } },
      tally: { rows: 2, total: 2 },
    });
    const third = await step(second.page.next as ReportCursor, { items: [{ id: 'z' }], total_items: 1 }, options);
    expect(third.page.rows).toHaveLength(1);
    const over = await step(third.page.next as ReportCursor, '', options);
    expect(over.asked).toEqual([]);
    expect(over.page).toEqual({
      rows: [],
      next: rows({
        run: { ...summary, totals: [null, 9] },
        position: { from: 3 },
        tally: { ...TALLY, rows: 3, total: 3 },
      }),
    });
    const plain = await step(begin.page.next as ReportCursor, { items: [] }, { drilldown: true });
    expect(plain.asked[0]?.query?.[0]).toEqual(['from', '0']);
    await expect(step(begin.page.next as ReportCursor, { items: [7] }, options)).rejects.toThrow('item of a drilldown');
    const none = await step(rows({ run: summary }), { items: [], total_items: 0 }, options);
    const again = await step(none.page.next as ReportCursor, '', options);
    expect(again.page.next).toMatchObject({ position: { from: 0, again: true } });
    const empty = { rows: [], position: { from: 0 }, more: false };
    const end = await step(rows({ run: summary, drill: empty }), '', options);
    expect(end.page).toMatchObject({ rows: [], completeness: 'reconciled' });
  });
});

describe('a file of the vendor’s', () => {
  const csv = (change: object = {}): ReportCursor => ({
    step: 'csv',
    run: { ...RUN, totals: [2, 1] },
    index: 0,
    from: 0,
    tally: TALLY,
    files: 0,
    records: 0,
    ...change,
  });
  const headers = { 'content-type': 'TEXT/CSV; charset=utf-8' };
  const records = (count: number) => `a,b\n${'1,2\n'.repeat(count)}`;

  it('is begun after the rows', async () => {
    const over: ReportCursor = { step: 'rows', run: RUN, index: 2, position: { from: 0 }, tally: TALLY };
    const { page } = await step(over, '', { vendorCsv: true });
    expect(page).toEqual({ rows: [], next: { ...csv(), run: RUN } });
  });

  it('is asked for as the rows were, and named by report, organization and part', async () => {
    const { page, asked } = await step(csv(), records(2), { liveOnly: true, filter: 'f' }, { headers });
    expect(asked).toEqual([
      {
        method: 'GET',
        path: 'reportdata/o%2F1/r%2F1/export',
        query: [
          ['format', 'csv'],
          ['filter', 'f'],
          ['live_only', 'Yes'],
          ['from', '0'],
          ['limit', '5000'],
        ],
        headers: { accept: '*/*' },
        timeoutMs: MINUTE,
      },
    ]);
    expect(page.file).toMatchObject({ name: 'low-disk.head-office.o-1.0001.csv', contentType: 'text/csv' });
    expect(page.next).toMatchObject({ index: 1, from: 0, files: 1, records: 2 });
    const last = await step(page.next as ReportCursor, records(1), {}, { headers });
    expect(last.asked[0]?.query).toEqual([
      ['format', 'csv'],
      ['from', '0'],
      ['limit', '5000'],
    ]);
    expect(last.page.facts?.['vendorCsv']).toEqual({ files: 2, records: 3, expected: 3 });
    expect(last.page).not.toHaveProperty('next');
  });

  it('goes on where the list had more, and ends where a part has none', async () => {
    const run = { ...RUN, totals: [5001, 0] };
    const first = await step(csv({ run }), records(5000), {}, { headers });
    expect(first.page.next).toMatchObject({ index: 0, from: 5000, files: 1, records: 5000 });
    const second = await step(csv({ run, from: 5000 }), records(1), {}, { headers });
    expect(second.page.file?.name).toBe('low-disk.head-office.o-1.0002.csv');
    expect(second.page.next).toMatchObject({ index: 1, from: 0 });
    const empty = await step(csv({ run, from: 5000 }), records(0), {}, { headers });
    expect(empty.page).not.toHaveProperty('file');
    expect(empty.page.next).toMatchObject({ index: 1, files: 0 });
    const header = await step(csv({ run }), records(0), {}, { headers });
    expect(header.page.file).toBeDefined();
    // A server that knows no bound gives all at once.
    const whole = await step(csv({ run }), records(5001), {}, { headers });
    expect(whole.page.next).toMatchObject({ index: 1, records: 5001 });
    const less = await step(csv({ run }), records(1000), {}, { headers });
    expect(less.page.next).toMatchObject({ index: 0, from: 1000 });
    const unknown = { ...RUN, totals: [null, 1] };
    expect((await step(csv({ run: unknown }), records(5001), {}, { headers })).page.next).toMatchObject({ index: 1 });
    expect((await step(csv({ run: unknown }), records(4999), {}, { headers })).page.next).toMatchObject({ index: 1 });
    expect((await step(csv({ run: unknown }), records(5000), {}, { headers })).page.next).toMatchObject({ from: 5000 });
    const detailed = await step(csv(), records(5000), { details: true }, { headers });
    expect(detailed.page.next).toMatchObject({ index: 0, from: 5000 });
  });

  it('says nothing of how many it should have where nobody knows', async () => {
    const facts = async (change: object, options: JsonObject) =>
      (await step(csv({ index: 1, ...change }), records(1), options, { headers })).page.facts?.['vendorCsv'];
    expect(await facts({}, {})).toEqual({ files: 1, records: 1, expected: 3 });
    expect(await facts({}, { details: true })).toEqual({ files: 1, records: 1, expected: null });
    expect(await facts({ run: { ...RUN, totals: [2, null] } }, {})).toEqual({ files: 1, records: 1, expected: null });
  });

  it('is CSV or nothing', async () => {
    await expect(step(csv(), '<html>', {}, { headers: { 'content-type': 'text/html' } })).rejects.toThrow(
      ProviderResponseInvalidError,
    );
    await expect(step(csv(), records(1))).rejects.toThrow(ProviderResponseInvalidError);
    const nothing = await step(csv(), '');
    expect(nothing.page).not.toHaveProperty('file');
  });

  it('has a name without anything but letters, digits and hyphens', async () => {
    const name = async (title: string, organization: object) => {
      const run = { ...RUN, report: { ...RUN.report, name: title }, organizations: [organization], totals: [1] };
      return (await step(csv({ run }), records(1), {}, { headers })).page.file?.name;
    };
    expect(await name('../Ä b//C!', { id: '--', name: '9 lives' })).toBe('b-c.9-lives.unnamed.0001.csv');
    expect(await name('x'.repeat(61), { id: 'i', name: 'n' })).toBe(`${'x'.repeat(60)}.n.i.0001.csv`);
  });

  it('counts records, not lines', () => {
    const count = (text: string) => countRecords(new TextEncoder().encode(text));
    expect(['a', 'a\n', 'a\n\n\n1', 'a\r\n1\r\n', 'a\n"1\n2"\n3', '\n', '\r\n\r\na\n1\n'].map(count)).toEqual([
      0, 0, 1, 1, 2, 0, 1,
    ]);
  });
});
