import { connectionsTable } from '../cli/commands/status.ts';
import type { ExportView } from '../cli/overview.ts';
import { table } from '../cli/table.ts';
import type { Terminal } from '../cli/terminal.ts';
import { count, instant } from '../cli/words.ts';
import type { OnceResult } from './once.ts';

/** Whether the export of a window verifies: nothing was found to be off in its job. */
function isVerified({ verification }: OnceResult, { connection, job, state }: ExportView): boolean {
  const verified = verification.jobs.find((each) => each.job === `${connection}/${job}`);
  return state === 'exported' && verified !== undefined && verified.findings === 0;
}

/** What came of one cycle, as tables for people. */
export function onceTables(result: OnceResult, terminal: Pick<Terminal, 'paint' | 'width'>): string {
  const { paint, width } = terminal;
  const exports = result.exports.map((view) => [
    view.job,
    view.provider,
    view.source,
    `${instant(view.from)} – ${instant(view.to)}`,
    view.rows === undefined ? '–' : count(view.rows),
    view.sourceTotal === undefined || view.sourceTotal === null ? '–' : count(view.sourceTotal),
    view.completeness ?? view.state,
    isVerified(result, view)
      ? paint('good', 'verified')
      : paint('bad', view.state === 'exported' ? 'does not verify' : view.state),
  ]);
  const { versions, published, received, duplicates, filtered } = result.alerts;
  const alerts = [
    [
      count(versions),
      count(published),
      count(received),
      count(duplicates),
      `${filtered.received} of ${filtered.expected}`,
    ],
  ];
  return [
    connectionsTable(terminal, result.overview),
    table(['export', 'provider', 'source', 'window', 'rows', 'at source', 'complete by', 'archive'], exports, {
      width,
      minor: ['source', 'provider', 'at source', 'complete by'],
    }),
    table(['alert versions', 'published', 'received', 'repeated', 'critical, by filter'], alerts),
    ...result.missing.map((what) => paint('bad', `Missing: ${what}`)),
  ].join('\n\n');
}

/** The same as one JSON object. */
export function onceJson(result: OnceResult, durationMs: number): string {
  const { versions, published, received, duplicates } = result.alerts;
  return JSON.stringify({
    ok: result.missing.length === 0,
    connections: result.overview.connections.map(({ name, provider, status, generation, accessExpiresAt }) => ({
      name,
      provider,
      status,
      generation,
      accessExpiresAt: accessExpiresAt ?? null,
    })),
    exports: result.exports.map((view) => ({
      job: view.job,
      provider: view.provider,
      source: view.source,
      from: view.from,
      to: view.to,
      rows: view.rows ?? 0,
      sourceTotal: view.sourceTotal ?? null,
      completeness: view.completeness ?? 'unproven',
      manifest: view.manifest ?? null,
      verified: isVerified(result, view),
    })),
    alerts: { versions, published, received, duplicates },
    notesWritten: result.notes,
    missing: result.missing,
    durationMs,
  });
}
