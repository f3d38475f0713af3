import type { CallApi } from '../../../../core/provider.ts';
import type { SourceContext, SourcePage } from '../../../../core/reports/source.ts';
import { MINUTE_MS, SECOND_MS } from '../../../../core/time.ts';
import { parseInstant } from '../../dates.ts';
import { CALL_TIMEOUT_MS, readList, START, type ListPage } from '../../paging.ts';
import { NO_TALLY } from '../../walk.ts';
import type { Coverage, Run, Step } from './cursor.ts';
import type { ReportOptions } from './options.ts';

/** Their clock and ours may differ by this. */
const CLOCK_SKEW_MS = 2 * MINUTE_MS;

type Requery = NonNullable<ReportOptions['requery']>;

/** The path of a report's data, errors, export or requery in one organisation. */
export function dataPath(run: Run, index: number, tail: string): string {
  const organization = encodeURIComponent(run.organizations[index]?.id ?? '');
  return `reportdata/${organization}/${encodeURIComponent(run.report.id)}/${tail}`;
}

/** Asks the endpoints of one organisation for fresh data. The answer says that it was queued and nothing else. */
export async function requestRequery(
  call: CallApi,
  { now }: SourceContext,
  requery: Requery,
  at: Step<'requery'>,
): Promise<SourcePage> {
  await call({ method: 'POST', path: dataPath(at.run, at.index, 'requery'), timeoutMs: CALL_TIMEOUT_MS });
  const run = { ...at.run, requestedAt: at.run.requestedAt ?? now.getTime() };
  const index = at.index + 1;
  if (index < run.organizations.length) return { rows: [], next: { step: 'requery', run, index } };
  const round = run.organizations.map((_organization, place) => place);
  return { rows: [], next: { step: 'wait', run, round, late: [] }, waitMs: askAgainMs(requery) };
}

/** Asks one organisation how many have answered; the data itself is the only place that says so. */
export async function awaitAnswers(
  call: CallApi,
  { now }: SourceContext,
  requery: Requery,
  at: Step<'wait'>,
): Promise<SourcePage> {
  const [index, ...round] = at.round;
  const requestedAt = at.run.requestedAt ?? now.getTime();
  const waitedMs = now.getTime() - requestedAt;
  if (index === undefined) return { rows: [], next: readRowsOf({ ...at.run, waitedMs }) };
  const page = await readList(call, { path: dataPath(at.run, index, 'data') }, START, 1);
  const coverage = coverageOf(page, requestedAt);
  const enough = coverage !== null && coverage.live >= coverage.sent * requery.coverage;
  const late = enough ? at.late : [...at.late, index];
  const run: Run = { ...at.run, waitedMs, coverage: at.run.coverage.with(index, coverage) };
  if (round.length > 0) return { rows: [], next: { step: 'wait', run, round, late } };
  const leftMs = requery.deadlineMinutes * MINUTE_MS - waitedMs;
  if (late.length === 0 || leftMs <= 0) return { rows: [], next: readRowsOf(run) };
  return {
    rows: [],
    next: { step: 'wait', run, round: late, late: [] },
    waitMs: Math.min(askAgainMs(requery), leftMs),
  };
}

function askAgainMs({ askEverySeconds }: Requery): number {
  return askEverySeconds * SECOND_MS;
}

/** Counters of our requery; `null` where the report gives none, or still those of an older one. */
export function coverageOf(page: Partial<ListPage>, requestedAt: number): Coverage | null {
  if (page.liveResponses === undefined || page.sentRequests === undefined) return null;
  const requeriedAt = parseInstant(page.lastRequery);
  if (requeriedAt !== undefined && requeriedAt.getTime() < requestedAt - CLOCK_SKEW_MS) return null;
  return { live: page.liveResponses, sent: page.sentRequests };
}

export function readRowsOf(run: Run): Step<'rows'> {
  return { step: 'rows', run, index: 0, position: START, tally: NO_TALLY };
}
