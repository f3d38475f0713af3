import type { JsonValue } from '../../../../core/json.ts';
import type { CallApi } from '../../../../core/provider.ts';
import type { ReportSource, SourceContext, SourcePage } from '../../../../core/reports/source.ts';
import { ORGANIZATIONS_START, readOrganizations, type Organization } from '../../organizations.ts';
import { readCsv } from './csv.ts';
import type { FoundReport, ReportCursor, Run, Step } from './cursor.ts';
import { findReport } from './definition.ts';
import { readErrors } from './finish.ts';
import { parseReportOptions, type ReportOptions } from './options.ts';
import { awaitAnswers, readRowsOf, requestRequery } from './requery.ts';
import { readRows } from './rows.ts';

/**
 * Any saved or built-in report, by id or by name.
 *
 * A report at Action1 is no job: its data is always there, as old as it is. With `requery` the endpoints are asked for
 * fresh data first, and the manifest says how many of them answered.
 */
export const report: ReportSource = {
  title: 'Saved or built-in report',
  parseOptions: (input) => parseReportOptions(input),
  describe: (options) => ({
    kind: 'snapshot',
    snapshotReason: 'A report of Action1 shows what was last collected, never a past state',
    settleMs: 0,
    keyColumns: ['organizationId', ...(parseReportOptions(options).drilldown ? ['parentRowId'] : []), 'rowId'],
  }),
  readPage: (call, context, cursor) => readPage(call, context, cursor),
};

async function readPage(call: CallApi, context: SourceContext, cursor: JsonValue | undefined): Promise<SourcePage> {
  const options = parseReportOptions(context.options);
  const at = (cursor as ReportCursor | undefined) ?? { step: 'organizations' as const, ...ORGANIZATIONS_START };
  switch (at.step) {
    case 'organizations':
      return chooseOrganizations(call, options, at);
    case 'definition':
      return define(call, options, at);
    case 'requery':
      return options.requery === undefined
        ? { rows: [], next: readRowsOf(at.run) }
        : requestRequery(call, context, options.requery, at);
    case 'wait':
      return options.requery === undefined
        ? { rows: [], next: readRowsOf(at.run) }
        : awaitAnswers(call, context, options.requery, at);
    case 'rows':
      return readRows(call, options, at);
    case 'errors':
      return readErrors(call, options, at);
    case 'csv':
      return readCsv(call, options, at);
  }
}

async function chooseOrganizations(
  call: CallApi,
  options: ReportOptions,
  at: Step<'organizations'>,
): Promise<SourcePage> {
  const step = await readOrganizations(call, options.organizations, at);
  if ('next' in step) return { rows: [], next: { step: 'organizations', ...step.next } };
  return { rows: [], next: { step: 'definition', organizations: step.organizations, look: 'tree', near: [] } };
}

async function define(call: CallApi, options: ReportOptions, at: Step<'definition'>): Promise<SourcePage> {
  const step = await findReport(call, options.report, at);
  if ('next' in step) return { rows: [], next: step.next };
  const run = begin(at.organizations, step.report);
  return { rows: [], next: options.requery === undefined ? readRowsOf(run) : { step: 'requery', run, index: 0 } };
}

function begin(organizations: readonly Organization[], found: FoundReport): Run {
  return {
    organizations,
    report: found,
    waitedMs: 0,
    coverage: organizations.map(() => null),
    totals: organizations.map(() => null),
    silent: { names: [], more: false },
    failed: { count: 0, names: [] },
  };
}
