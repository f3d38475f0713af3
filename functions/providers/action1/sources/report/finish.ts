import * as v from 'valibot';
import type { JsonObject } from '../../../../core/json.ts';
import type { CallApi } from '../../../../core/provider.ts';
import type { SourcePage, SourceRow } from '../../../../core/reports/source.ts';
import { parseItems, readList, START } from '../../paging.ts';
import { factsOf, verdict, type Tally } from '../../walk.ts';
import type { Run, Step } from './cursor.ts';
import type { ReportOptions } from './options.ts';
import { dataPath } from './requery.ts';

const MAX_FAILED_NAMES = 100;
const reportErrorSchema = v.object({ endpoint_name: v.optional(v.nullable(v.string())) });

/** After a page that ended an organisation's rows: the next organisation, the errors, the vendor's file, or the end. */
export function afterRows(options: ReportOptions, at: Step<'rows'>, rows: readonly SourceRow[]): SourcePage {
  if (at.index < at.run.organizations.length) return { rows, next: at };
  if (at.run.failed.count > 0) return { rows, next: { step: 'errors', run: at.run, index: 0, tally: at.tally } };
  return afterErrors(options, at.run, at.tally, rows);
}

/** Which endpoints answered with a script error: a page of them per organisation, names only. */
export async function readErrors(call: CallApi, options: ReportOptions, at: Step<'errors'>): Promise<SourcePage> {
  const path = dataPath(at.run, at.index, 'errors');
  const page = await readList(call, { path }, START, MAX_FAILED_NAMES);
  const fresh = parseItems(reportErrorSchema, page, path).flatMap(({ endpoint_name: name }) => (name ? [name] : []));
  const names = [...new Set([...at.run.failed.names, ...fresh])].slice(0, MAX_FAILED_NAMES);
  const run: Run = { ...at.run, failed: { ...at.run.failed, names } };
  const index = at.index + 1;
  if (index < run.organizations.length) return { rows: [], next: { ...at, run, index } };
  return afterErrors(options, run, at.tally, []);
}

function afterErrors(options: ReportOptions, run: Run, tally: Tally, rows: readonly SourceRow[]): SourcePage {
  if (!options.vendorCsv) return { rows, ...ending(run, tally) };
  return { rows, next: { step: 'csv', run, index: 0, from: 0, tally, files: 0, records: 0 } };
}

/** What the last page says. */
export function ending(run: Run, tally: Tally, more: JsonObject = {}): Pick<SourcePage, 'facts' | 'completeness'> {
  return { ...verdict(tally), facts: { ...reportFacts(run), ...more } };
}

function reportFacts(run: Run): JsonObject {
  return {
    ...factsOf(run.organizations),
    report: run.report,
    ...(run.failed.count === 0 ? {} : { endpointErrors: { count: run.failed.count, endpoints: run.failed.names } }),
    ...(run.requestedAt === undefined ? {} : { requery: requeryFacts(run, run.requestedAt) }),
  };
}

/** Counts are `null` where the report gave none: then nobody knows who has answered. */
function requeryFacts(run: Run, requestedAt: number): JsonObject {
  const known = run.coverage.every((coverage) => coverage !== null);
  const live = run.coverage.reduce((sum, coverage) => sum + (coverage?.live ?? 0), 0);
  const sent = run.coverage.reduce((sum, coverage) => sum + (coverage?.sent ?? 0), 0);
  return {
    requestedAt: new Date(requestedAt).toISOString(),
    waitedMs: run.waitedMs,
    liveResponses: known ? live : null,
    sentRequests: known ? sent : null,
    coverage: known ? (sent === 0 ? 1 : Math.round((live / sent) * 10_000) / 10_000) : null,
    notAnswered: { endpoints: run.silent.names, complete: !run.silent.more },
    perOrganization: run.organizations.map(({ id }, index) => ({
      organizationId: id,
      live: run.coverage[index]?.live ?? null,
      sent: run.coverage[index]?.sent ?? null,
    })),
  };
}
