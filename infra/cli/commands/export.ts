import { setTimeout as wait } from 'node:timers/promises';
import { createWindowStore } from '../../../functions/adapters/dynamodb/window-store.ts';
import { NotFoundError } from '../../../functions/core/errors.ts';
import type { ReportJob } from '../../../functions/core/jobs.ts';
import { suggestion } from '../../../functions/core/nearest.ts';
import {
  createRequestExport,
  type RequestExport,
  type Requested,
} from '../../../functions/core/schedules/request-export.ts';
import { EXIT } from '../exit.ts';
import type { Services } from '../services.ts';
import { momentOf } from '../moment.ts';
import { count, instant } from '../words.ts';
import type { CommandContext } from './context.ts';

export interface ExportOptions {
  readonly from?: string;
  readonly to?: string;
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

/** `steward export <job>`: now, back to a date, or gaps that are to be filled; waits and says when it is done. */
export async function exportCommand(
  { terminal, services }: CommandContext,
  name: string,
  options: ExportOptions,
): Promise<number> {
  await reportNamed(services, name);
  const asked = await requestExportOf(services)(name, {
    ...(options.from === undefined ? {} : { from: momentOf(options.from) }),
    ...(options.to === undefined ? {} : { to: momentOf(options.to) }),
  });
  const what = asked.fills.length === 0 ? name : `${name}, ${asked.fills.length} gap(s) to fill`;
  terminal.note(
    `Asked for ${what}, ${instant(asked.from)} to ${instant(asked.to)}. It starts with the next tick, within a minute.`,
  );
  const { from, to } = asked;
  if (!options.wait) {
    if (terminal.json) terminal.out(JSON.stringify({ job: name, from, to, state: 'requested' }));
    return EXIT.done;
  }
  for (;;) {
    const { records, ended, failed, done } = await lookAt(services, name, asked);
    const rows = ended.reduce((sum, { state, sealed }) => sum + (state === 'exported' ? (sealed?.rows ?? 0) : 0), 0);
    terminal.progress(`${name}: ${ended.length} of ${Math.max(records.length, 1)} windows, ${count(rows)} rows`);
    if (failed !== undefined || done) {
      if (terminal.json) terminal.out(JSON.stringify({ job: name, from, to, windows: records }));
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

/** How far the windows are that were asked for. A gap has ended when nobody is to fill it any more; it failed if it stayed one. */
async function lookAt(services: Services, name: string, { from, to, fills }: Requested) {
  const windows = createWindowStore(services.stateTable);
  const [all, chain] = await Promise.all([windows.list(name, 1000), windows.chain(name)]);
  const has = (times: readonly Date[], time: Date) => times.some((each) => each.getTime() === time.getTime());
  const gaps = fills.map((gap) => gap.from);
  if (gaps.length > 0) {
    const records = all.filter((record) => has(gaps, record.from));
    const ended = records.filter((record) => record.state !== 'running' && !has(chain?.asked ?? [], record.from));
    const failed = ended.find(({ state }) => state === 'gap');
    return { records, ended, failed, done: ended.length === gaps.length };
  }
  const records = all.filter((record) => record.from >= from && record.to <= to);
  const ended = records.filter(({ state }) => state !== 'running');
  const failed = ended.find(({ state }) => state === 'failed' || state === 'incomplete');
  const isCovered =
    records.some((record) => has([from], record.from)) && records.some((record) => has([to], record.to));
  return { records, ended, failed, done: isCovered && ended.length === records.length };
}

async function reportNamed({ jobs }: Services, name: string): Promise<void> {
  const state = await jobs.find(name);
  if (state?.job.kind === 'report') return;
  const names = (await jobs.list()).filter(({ job }) => job.kind === 'report').map(({ job }) => job.name);
  throw new NotFoundError(`There is no report job ${name}.${suggestion(name, names)}`);
}
