import { type Attention, attentionOf } from '../attention.ts';
import type { Overview } from '../overview.ts';
import { createOverviewReader } from '../read-overview.ts';
import { EXIT } from '../exit.ts';
import { table, type Tone } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { count, instant, latency, relative } from '../words.ts';
import type { CommandContext } from './context.ts';

/** `steward status`: what needs somebody first, then everything else. Exit code 1 when something stands still. */
export async function statusCommand({ terminal, services }: CommandContext): Promise<number> {
  const overview = await createOverviewReader(services)();
  const attention = attentionOf(overview);
  if (terminal.json) terminal.out(JSON.stringify({ ...overview, attention }));
  else showOverview(terminal, overview, attention);
  return attention.some(({ tone }) => tone === 'bad') ? EXIT.failed : EXIT.done;
}

function toneOf(status: string): Tone {
  if (status === 'connected' || status === 'exported') return 'good';
  return status === 'reauthorization-required' || status === 'access-denied' || status === 'failed' ? 'bad' : 'warn';
}

function showOverview(terminal: Terminal, overview: Overview, attention: readonly Attention[]): void {
  const { paint } = terminal;
  terminal.out(paint('strong', `Steward, stage ${overview.stage}, ${instant(overview.at)}`));
  for (const { tone, about, what, next } of attention)
    terminal.out(`  ${paint(tone, about)}: ${what}${next === undefined ? '' : `\n    next: ${paint('strong', next)}`}`);
  terminal.out(`\n${connectionsTable(terminal, overview)}`);
  for (const more of [consentsTable(overview, terminal.width), errorsTable(overview, terminal.width)])
    if (more !== undefined) terminal.out(`\n${more}`);
  if (overview.jobs.length > 0) terminal.out(`\n${jobsTable(terminal, overview)}`);
  if (overview.exports.length > 0) terminal.out(`\n${exportsTable(terminal, overview)}`);
  const { pending } = overview.outbox;
  if (pending > 0) terminal.out(`\n${count(pending)} events wait to be published.`);
}

export function connectionsTable(
  { paint, width }: Pick<Terminal, 'paint'> & Partial<Pick<Terminal, 'width'>>,
  { connections, at }: Overview,
): string {
  const rows = connections.map((view) => [
    view.name,
    view.provider,
    paint(toneOf(view.status), view.status),
    String(view.generation),
    view.accessExpiresAt === undefined ? '–' : relative(view.accessExpiresAt, at),
    view.refreshExpiresAt === undefined ? '–' : `${relative(view.refreshExpiresAt, at)} (assumed)`,
    relative(view.lastRefreshAt, at),
    view.nextRefreshAt === undefined ? '–' : relative(view.nextRefreshAt, at),
  ]);
  return table(
    ['connection', 'provider', 'status', 'generation', 'access token', 'refresh token', 'refreshed', 'next'],
    rows,
    { width, minor: ['generation', 'refreshed', 'next', 'access token'] },
  );
}

/** Who consented, when, for which account of the provider, and to what. */
export function consentsTable({ connections, at }: Overview, width?: number): string | undefined {
  const rows = connections
    .filter(({ authorizedAt }) => authorizedAt !== undefined)
    .map(({ name, authorizedBy, authorizedAt, providerAccount, scopes = [] }) => [
      name,
      authorizedBy ?? '–',
      relative(authorizedAt, at),
      providerAccount ?? '–',
      scopes.join(' ') || '–',
    ]);
  return rows.length === 0 ? undefined : table(['consent', 'by', 'given', 'account', 'scopes'], rows, { width });
}

/** What went wrong last, of each connection with which something did. */
export function errorsTable({ connections, at }: Overview, width?: number): string | undefined {
  const rows = connections.flatMap(({ name, lastError }) =>
    lastError === undefined ? [] : [[name, relative(lastError.at, at), lastError.message]],
  );
  return rows.length === 0 ? undefined : table(['last error of', 'when', 'what'], rows, { width });
}

function jobsTable({ width }: Terminal, { jobs, at }: Overview): string {
  const rows = jobs.map((job) => [
    job.name,
    job.kind,
    job.connection,
    job.paused ? 'paused' : relative(job.nextAt, at),
    relative(job.lastAt, at),
    job.latencyP50Ms === undefined ? '–' : latency(job.latencyP50Ms),
    job.latencyP99Ms === undefined ? '–' : latency(job.latencyP99Ms),
    job.lastError ?? '',
  ]);
  return table(['job', 'kind', 'connection', 'next', 'last', 'p50', 'p99', 'last error'], rows, {
    width,
    minor: ['p50', 'kind', 'p99', 'last', 'connection'],
  });
}

function exportsTable({ paint, width }: Terminal, { exports }: Overview): string {
  const rows = exports.map((view) => [
    view.job,
    instant(view.from),
    instant(view.to),
    paint(toneOf(view.state), view.state),
    view.rows === undefined ? '–' : count(view.rows),
    view.sourceTotal === undefined || view.sourceTotal === null ? '–' : count(view.sourceTotal),
    view.completeness ?? '–',
    view.record === undefined ? '–' : paint(view.record === 'verified' ? 'good' : 'bad', view.record),
    view.reason ?? '',
  ]);
  return table(['export', 'from', 'to', 'state', 'rows', 'source', 'complete by', 'manifest', ''], rows, {
    width,
    minor: ['complete by', 'from', 'source', ''],
  });
}
