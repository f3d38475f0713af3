import { setTimeout as wait } from 'node:timers/promises';
import { createWindowStore } from '../../../functions/adapters/dynamodb/window-store.ts';
import { NotFoundError, UsageError } from '../../../functions/core/errors.ts';
import type { ReportJob } from '../../../functions/core/jobs.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import { createRequestExport, type RequestExport } from '../../../functions/core/schedules/request-export.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import { count, instant } from '../words.ts';
import type { CommandContext } from './context.ts';

export interface ExportOptions {
  readonly from?: string;
  readonly wait: boolean;
}

const LOOK_EVERY_MS = 1000;

/** Asks for exports in the words of the job's own source. */
export function requestExportOf(services: Services): RequestExport {
  const { jobs, stateTable, clock, providers } = services;
  const describe = (job: ReportJob) => {
    const source = providers[job.provider]?.sources[job.source];
    if (source === undefined)
      throw new NotFoundError(`${job.name} names the source ${job.source}, which ${job.provider} does not have`);
    return source.describe(job.options);
  };
  return createRequestExport({ jobs, windows: createWindowStore(stateTable), describe, clock });
}

/** `steward export <job>`: now, or back to a date; waits and says when it is done. */
export async function exportCommand(
  { terminal, services }: CommandContext,
  name: string,
  options: ExportOptions,
): Promise<number> {
  await reportNamed(services, name);
  const span = await requestExportOf(services)(name, options.from === undefined ? undefined : dateOf(options.from));
  terminal.note(
    `Asked for ${name}, ${instant(span.from)} to ${instant(span.to)}. It starts with the next tick, within a minute.`,
  );
  if (!options.wait) {
    if (terminal.json) terminal.out(JSON.stringify({ job: name, from: span.from, to: span.to, state: 'requested' }));
    return EXIT.done;
  }
  const windows = createWindowStore(services.stateTable);
  for (;;) {
    const records = (await windows.list(name, 1000)).filter(({ from, to }) => from >= span.from && to <= span.to);
    const ended = records.filter(({ state }) => state !== 'running');
    const rows = ended.reduce((sum, { sealed }) => sum + (sealed?.rows ?? 0), 0);
    terminal.progress(`${name}: ${ended.length} of ${Math.max(records.length, 1)} windows, ${count(rows)} rows`);
    const failed = ended.find(({ state }) => state === 'failed' || state === 'incomplete');
    const covered =
      records.some(({ from }) => from.getTime() === span.from.getTime()) &&
      records.some(({ to }) => to.getTime() === span.to.getTime());
    if (failed !== undefined || (covered && ended.length === records.length)) {
      if (terminal.json) terminal.out(JSON.stringify({ job: name, from: span.from, to: span.to, windows: records }));
      else
        terminal.note(
          failed === undefined
            ? `${name}: ${count(rows)} rows in ${ended.length} windows. Check them with: steward verify`
            : `${name} failed: ${failed.error?.message ?? failed.state}`,
        );
      return failed === undefined ? EXIT.done : EXIT.failed;
    }
    await wait(LOOK_EVERY_MS);
  }
}

function dateOf(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new UsageError(`${text} is not a date: say 2026-01-31 or 2026-01-31T02:00:00Z`);
  return date;
}

async function reportNamed({ jobs }: Services, name: string): Promise<void> {
  const state = await jobs.find(name);
  if (state?.job.kind === 'report') return;
  const names = (await jobs.list()).filter(({ job }) => job.kind === 'report').map(({ job }) => job.name);
  throw new NotFoundError(`There is no report job ${name}.${suggestion(name, names)}`);
}
