import type { ConnectionView, Overview } from '../overview.ts';
import { createOverviewReader } from '../read-overview.ts';
import { EXIT } from '../exit.ts';
import { table, type Tone } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { count, instant, relative } from '../words.ts';
import type { CommandContext } from './context.ts';

/** `steward status`: every connection and job, with what needs somebody first. Exit code 1 when something does. */
export async function statusCommand({ terminal, services }: CommandContext): Promise<number> {
  const overview = await createOverviewReader(services)();
  if (terminal.json) terminal.out(JSON.stringify(overview));
  else showOverview(terminal, overview);
  return overview.connections.some(needsSomebody) ? EXIT.failed : EXIT.done;
}

function needsSomebody({ status }: ConnectionView): boolean {
  return status === 'reauthorization-required' || status === 'access-denied';
}

function toneOf(status: string): Tone {
  if (status === 'connected' || status === 'exported') return 'good';
  return status === 'reauthorization-required' || status === 'access-denied' || status === 'failed' ? 'bad' : 'warn';
}

function showOverview(terminal: Terminal, overview: Overview): void {
  const { paint } = terminal;
  terminal.out(paint('strong', `Steward, stage ${overview.stage}, ${instant(overview.at)}`));
  terminal.out(`\n${connectionsTable(terminal, overview)}`);
  for (const { name, lastError, status } of overview.connections) {
    if (lastError !== undefined && status !== 'connected')
      terminal.out(`  ${paint('bad', name)}: ${lastError.message} (${relative(lastError.at, overview.at)})`);
    if (status === 'reauthorization-required')
      terminal.out(`  ${paint('bad', name)}: ask for consent again with: steward connect ${name}`);
  }
  if (overview.jobs.length > 0) terminal.out(`\n${jobsTable(overview)}`);
  if (overview.exports.length > 0) terminal.out(`\n${exportsTable(terminal, overview)}`);
  const { pending, oldestAt } = overview.outbox;
  if (pending > 0)
    terminal.out(
      `\n${count(pending)} events wait to be published, the oldest since ${relative(oldestAt, overview.at)}.`,
    );
}

export function connectionsTable({ paint }: Pick<Terminal, 'paint'>, { connections, at }: Overview): string {
  const rows = connections.map((view) => [
    view.name,
    view.provider,
    paint(toneOf(view.status), view.status),
    String(view.generation),
    relative(view.accessExpiresAt, at),
    view.refreshExpiresAt === undefined ? '–' : `${relative(view.refreshExpiresAt, at)} (assumed)`,
    relative(view.lastRefreshAt, at),
    relative(view.nextRefreshAt, at),
    view.authorizedBy ?? '–',
  ]);
  return table(
    [
      'connection',
      'provider',
      'status',
      'generation',
      'access token',
      'refresh token',
      'refreshed',
      'next',
      'consent by',
    ],
    rows,
  );
}

function jobsTable({ jobs, at }: Overview): string {
  const rows = jobs.map((job) => [
    job.name,
    job.kind,
    job.connection,
    job.paused ? 'paused' : relative(job.nextAt, at),
    relative(job.lastAt, at),
    job.lastError ?? '',
  ]);
  return table(['job', 'kind', 'connection', 'next', 'last', 'last error'], rows);
}

export function exportsTable({ paint }: Pick<Terminal, 'paint'>, { exports }: Overview): string {
  const rows = exports.map((view) => [
    view.job,
    instant(view.from),
    instant(view.to),
    paint(toneOf(view.state), view.state),
    view.rows === undefined ? '–' : count(view.rows),
    view.sourceTotal === undefined || view.sourceTotal === null ? '–' : count(view.sourceTotal),
    view.completeness ?? '–',
    view.reason ?? '',
  ]);
  return table(['export', 'from', 'to', 'state', 'rows', 'source', 'complete by', ''], rows);
}
