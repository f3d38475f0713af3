import type { JsonObject } from '../json.ts';
import { type IncompleteFigures, keptError, type WindowError } from '../schedules/window-store.ts';
import type { Collected } from './collected.ts';
import { exportEvent } from './export-events.ts';
import type { ManifestPart } from './manifest.ts';
import type { ExportDependencies, ExportInput, ExportOutcome } from './run-types.ts';

/** Where an incomplete export's data is kept for inspection. */
export function incompletePrefix(prefix: string, attempt: number): string {
  return `incomplete/${prefix}attempt-${attempt}/`;
}

/**
 * Moves the parts of an export that could not be reconciled out of the way, one by one, with a report of the figures.
 * They are not under retention. A part that is gone already was moved by the run before.
 *
 * @throws ConflictError the attempt no longer runs
 */
export async function keepApart(
  { archive, windows, clock }: Pick<ExportDependencies, 'archive' | 'windows' | 'clock'>,
  prefix: string,
  input: ExportInput,
  collected: Collected,
  message: string,
): Promise<IncompleteFigures> {
  // Parts of a run that was given up may be its successor's by now.
  await windows.beat({ job: input.job, from: new Date(input.from), attempt: input.attempt }, clock.now());
  const target = incompletePrefix(prefix, input.attempt);
  for (const part of collected.parts) await moveObject(archive, part, `${target}${part.key.slice(prefix.length)}`);
  const report = {
    ...input,
    message,
    rows: collected.position.rows,
    sourceTotal: collected.sourceTotal ?? null,
    requests: collected.requests,
    readAt: collected.readAt,
    facts: collected.facts,
    parts: collected.parts.map(({ key, rows, sha256 }) => ({ name: key.slice(prefix.length), rows, sha256 })),
  };
  const bytes = Buffer.from(`${JSON.stringify(report, null, 2)}\n`);
  const contentType = 'application/json';
  const { key, sha256 } = await archive.write({ key: `${target}report.json`, bytes, contentType });
  return { rows: report.rows, sourceTotal: report.sourceTotal, report: { key, sha256 } };
}

async function moveObject(archive: ExportDependencies['archive'], part: ManifestPart, key: string): Promise<void> {
  const bytes = await archive.read(part.key, part.versionId);
  if (bytes === undefined) return;
  await archive.write({ key, bytes, contentType: 'application/octet-stream' });
  await archive.remove(part);
}

/** Records that an attempt ended without a manifest, and tells. The poller decides when the next one begins. */
export async function failAttempt(
  { jobs, windows, clock, stage, nudge }: ExportDependencies,
  input: ExportInput,
  state: 'failed' | 'incomplete',
  error: WindowError,
  data: JsonObject,
): Promise<ExportOutcome> {
  const now = clock.now();
  const job = (await jobs.find(input.job))?.job;
  const rows =
    job?.kind === 'report'
      ? [
          exportEvent({
            stage,
            job,
            type: state,
            window: input,
            attempt: input.attempt,
            at: now,
            summary: `${input.job}: attempt ${input.attempt} at ${input.from} to ${input.to} ${state}: ${error.message}`,
            data: { code: error.code, message: error.message, retryable: error.retryable, ...data },
          }),
        ]
      : [];
  const attempt = { job: input.job, from: new Date(input.from), attempt: input.attempt };
  const record = await windows.find(input.job, attempt.from);
  const kept = keptError({ ...record, action: input.action }, error);
  const stays = input.action === 'fill' ? 'gap' : state;
  const ended = await windows.fail(attempt, stays, kept, { shard: job?.shard ?? '0', rows }, now);
  if (!ended) return { state: 'superseded' };
  await jobs.wake(input.job, now);
  if (job) await nudge(job.shard);
  return { state, code: error.code };
}
