import type { CallApi } from '../../../../core/provider.ts';
import type { SourcePage } from '../../../../core/reports/source.ts';
import type { Organization } from '../../organizations.ts';
import { advance, PAGE_SIZE, parseItems, readList, START, type ListPage } from '../../paging.ts';
import { reportRowSchema, type Action1ReportRow } from '../../schemas.ts';
import { closeList } from '../../walk.ts';
import { toReportRow } from '../report-row.ts';
import type { Run, Step } from './cursor.ts';
import { afterRows } from './finish.ts';
import type { ReportOptions } from './options.ts';
import { coverageOf, dataPath } from './requery.ts';

/** Names of silent endpoints that the manifest lists; the counters tell how many there are. */
const MAX_SILENT_NAMES = 100;
/** Summary rows wait in the cursor while their rows are read, so few at a time. */
const DRILL_PAGE_SIZE = 100;

/** One page of rows; with drilldown a page of summary rows first, then the rows behind each of them. */
export async function readRows(call: CallApi, options: ReportOptions, at: Step<'rows'>): Promise<SourcePage> {
  const organization = at.run.organizations[at.index];
  if (organization === undefined) return afterRows(options, at, []);
  if (at.drill !== undefined) return readDrilldown(call, options, at, at.drill, organization);
  const drilling = options.drilldown && !at.run.report.simple;
  const pageSize = drilling ? DRILL_PAGE_SIZE : PAGE_SIZE;
  const path = dataPath(at.run, at.index, 'data');
  const page = await readList(call, { path, query: queryOf(options) }, at.position, pageSize);
  const items = parseItems(reportRowSchema, page, path);
  const run = note(at.run, at.index, at.position.from === 0 ? page : { ...page, errors: 0 }, items);
  const step = advance(at.position, page, pageSize);
  const position = 'next' in step ? step.next : START;
  if (drilling) {
    const rows = items.flatMap(({ id }) => (id === undefined ? [] : [String(id)]));
    return { rows: [], next: { ...at, run, position, drill: { rows, position: START, more: 'next' in step } } };
  }
  const rows = items.map((item) => toReportRow(item, organization));
  const tally = { ...at.tally, rows: at.tally.rows + rows.length };
  if ('next' in step) return { rows, next: { ...at, run, position, tally } };
  return afterRows(options, { ...at, run, position, index: at.index + 1, tally: closeList(tally, page) }, rows);
}

async function readDrilldown(
  call: CallApi,
  options: ReportOptions,
  at: Step<'rows'>,
  drill: NonNullable<Step<'rows'>['drill']>,
  organization: Organization,
): Promise<SourcePage> {
  const [rowId, ...others] = drill.rows;
  if (rowId === undefined) return endOfSummary(options, at, drill.more);
  const path = dataPath(at.run, at.index, `data/${segmentOf(rowId)}/drilldown`);
  const query = options.liveOnly ? [['live_only', 'Yes'] as const] : [];
  const page = await readList(call, { path, query }, drill.position, PAGE_SIZE);
  const items = parseItems(reportRowSchema, page, 'a drilldown');
  const rows = items.map((item) => toReportRow(item, organization, rowId));
  const run = note(at.run, at.index, {}, items);
  const tally = { ...at.tally, rows: at.tally.rows + rows.length };
  const step = advance(drill.position, page, PAGE_SIZE);
  if ('next' in step) {
    return { rows, next: { ...at, run, tally, drill: { ...drill, position: step.next } } };
  }
  const rest = { ...drill, rows: others, position: START };
  return { rows, next: { ...at, run, tally: closeList(tally, page), drill: rest } };
}

/**
 * A row's id is its path segment as given, percent-encoded twice already: encoding it again would name another row.
 * One that is no segment is encoded all the same, so that it stays below its report. (Dots lead no further up than that.)
 */
function segmentOf(rowId: string): string {
  return /^[\w%.~!$&'()*+,;=:@-]+$/.test(rowId) ? rowId : encodeURIComponent(rowId);
}

/** After a page of summary rows: the next page of them, or the next organisation. */
function endOfSummary(options: ReportOptions, at: Step<'rows'>, more: boolean): SourcePage {
  const { drill: _drill, ...rest } = at;
  if (more) return { rows: [], next: rest };
  return afterRows(options, { ...rest, index: at.index + 1, position: START }, []);
}

function queryOf({ details, liveOnly, filter }: ReportOptions): readonly (readonly [string, string])[] {
  return [
    ...(details ? [['details', 'yes'] as const] : []),
    ...(liveOnly ? [['live_only', 'Yes'] as const] : []),
    ...(filter === undefined ? [] : [['filter', filter] as const]),
  ];
}

/** Keeps what a page says about coverage, totals, errors, and whose rows are old. */
function note(run: Run, index: number, page: Partial<ListPage>, items: readonly Action1ReportRow[]): Run {
  const coverage = run.requestedAt === undefined ? null : coverageOf(page, run.requestedAt);
  const names = new Set(run.silent.names);
  const before = items.filter((item) => run.requestedAt !== undefined && item.response_type === 'cache');
  for (const item of before) {
    const name = item.fields?.['Endpoint Name'];
    if (typeof name === 'string') names.add(name);
  }
  return {
    ...run,
    ...(coverage === null ? {} : { coverage: run.coverage.with(index, coverage) }),
    ...(page.total === undefined ? {} : { totals: run.totals.with(index, page.total) }),
    silent: { names: [...names].slice(0, MAX_SILENT_NAMES), more: run.silent.more || names.size > MAX_SILENT_NAMES },
    failed: { ...run.failed, count: run.failed.count + (page.errors ?? 0) },
  };
}
