import { MINUTE_MS } from '../time.ts';
import { collect, type Collected, nothingCollected } from './collected.ts';
import { compareWithLast } from './compare-step.ts';
import { failAttempt, keepApart } from './give-up.ts';
import { guarded, isStopped, needTime, patiently, waitLong } from './guard.ts';
import { makePlan, type Plan } from './plan.ts';
import { readPart, withinReach } from './read-part.ts';
import { reconcile } from './reconcile.ts';
import type { Durable, ExportDependencies, ExportInput, ExportOutcome, Stopped } from './run-types.ts';
import { adoptRecord, sealExport, sealGap } from './seal.ts';

/** Retention on, or moving, ten thousand parts. */
const ALL_PARTS_NEED_MS = 6 * MINUTE_MS;

export type RunExport = (input: ExportInput, durable: Durable) => Promise<ExportOutcome>;

/**
 * One attempt at one window: plan, parts, comparison, seal; or why not.
 *
 * Steps return cursors, figures and manifest entries, never rows and never a token. A bug inside a step ends the
 * attempt as `UNKNOWN`; everything deliberate is waited for or recorded by its code.
 */
export function createRunExport(deps: ExportDependencies): RunExport {
  return async (input, durable) => {
    const progress: Progress = { mayStand: true };
    try {
      const outcome = await attempt(deps, input, durable, progress);
      if (!isStopped(outcome)) return finished(deps, input, outcome);
      // Its place in the archive or the chain is taken: trying again changes nothing, unless a newer attempt runs.
      const retryable = outcome.retryable && outcome.code !== 'CONFLICT';
      return finished(deps, input, await give(deps, input, durable, { ...outcome, retryable }, progress));
    } catch (error) {
      if (durable.endsExecution?.(error) === true) await recordEnd(deps, input);
      if (durable.isInterruption?.(error) === true) throw error;
      const name = error instanceof Error ? error.name : 'unknown';
      const stopped = { code: 'UNKNOWN', message: `A bug: ${name}`, retryable: true };
      deps.log.error('export.crashed', { job: input.job, from: input.from, name, message: String(error) });
      return finished(deps, input, await give(deps, input, durable, stopped, progress));
    }
  };
}

/** Whether a record that was not made known may stand in the archive: nobody looked yet, or it was being written. */
interface Progress {
  mayStand: boolean;
}

async function attempt(
  deps: ExportDependencies,
  input: ExportInput,
  durable: Durable,
  progress: Progress,
): Promise<ExportOutcome | Stopped> {
  const plan = await patiently(durable, 'plan', () => makePlan(deps, input));
  if (isStopped(plan)) return plan;
  const { standing } = plan;
  if (standing !== null) return patiently(durable, 'adopt', () => adoptRecord(deps, plan, input, standing));
  if (input.action === 'gap') return patiently(durable, 'gap', () => sealGap(deps, plan, input));
  progress.mayStand = false;
  const collected = await readParts(deps, input, durable, plan);
  if (isStopped(collected)) return collected;
  const comparison = await patiently(durable, 'compare', () =>
    inTime(durable, () => compareWithLast(deps, plan, collected)),
  );
  if (isStopped(comparison)) return comparison;
  const verdict = reconcile({
    rows: collected.position.rows,
    files: collected.parts.filter(({ format }) => format === 'vendor').length,
    sourceTotal: collected.sourceTotal,
    completeness: collected.completeness,
    duplicates: comparison.duplicates,
    attempt: input.attempt,
  });
  if (!verdict.complete) return incomplete(deps, input, durable, plan, collected, verdict.message);
  progress.mayStand = true;
  const sealing = { plan, input, collected, comparison, completeness: verdict.completeness };
  return patiently(durable, 'seal', () => inTime(durable, () => sealExport(deps, sealing)));
}

/** Begins what goes over all parts only with time for it; what a run that was cut off had done is not done again. */
async function inTime<T>(durable: Durable, work: () => Promise<T>): Promise<T> {
  needTime(durable, ALL_PARTS_NEED_MS);
  return work();
}

async function readParts(
  deps: ExportDependencies,
  input: ExportInput,
  durable: Durable,
  plan: Plan,
): Promise<Collected | Stopped> {
  const { windows, clock } = deps;
  let collected = nothingCollected(plan.observedAt);
  for (let step = 1; ; step++) {
    const { position } = collected;
    const name = `part-${step}`;
    const result = await patiently(durable, name, async (stops) => {
      const part = await readPart(deps, durable, input, plan, withinReach(position, stops));
      const wasted = stops.reduce((sum, { requests = 0 }) => sum + requests, 0);
      return isStopped(part) ? part : { ...part, requests: part.requests + wasted };
    });
    if (isStopped(result)) return result;
    collected = collect(collected, result);
    if (result.done) return collected;
    await waitLong(durable, name, result.waitMs ?? 0, async () => {
      await windows.beat({ job: input.job, from: new Date(input.from), attempt: input.attempt }, clock.now());
      return {};
    });
  }
}

async function incomplete(
  deps: ExportDependencies,
  input: ExportInput,
  durable: Durable,
  plan: Plan,
  collected: Collected,
  message: string,
): Promise<ExportOutcome | Stopped> {
  const figures = await patiently(durable, 'keep-apart', () =>
    inTime(durable, () => keepApart(deps, plan.prefix, input, collected, message)),
  );
  if (isStopped(figures)) return figures;
  const error = { code: 'EXPORT_INCOMPLETE', message, retryable: true, figures };
  const { rows, sourceTotal, report } = figures;
  const data = { rows, sourceTotal, reportKey: report.key };
  return patiently(durable, 'incomplete', () => failAttempt(deps, input, 'incomplete', error, data));
}

/** The runtime gives the execution up, and no step can tell of it any more: the poller would wait for hours. */
async function recordEnd(deps: ExportDependencies, input: ExportInput): Promise<void> {
  const message = 'The runtime ended the execution: its log says why';
  const error = { code: 'UNKNOWN', message, retryable: true, mayStand: true as const };
  const outcome = await guarded(() => failAttempt(deps, input, 'failed', error, {}));
  deps.log.error('export.ended', { job: input.job, from: input.from, recorded: !isStopped(outcome) });
}

/** Records a failure; an attempt that is no longer the running one ends as `superseded` and leaves no trace. */
async function give(
  deps: ExportDependencies,
  input: ExportInput,
  durable: Durable,
  { code, message, retryable }: Pick<Stopped, 'code' | 'message' | 'retryable'>,
  { mayStand }: Progress,
): Promise<ExportOutcome> {
  const error = { code, message, retryable, ...(mayStand ? { mayStand } : {}) };
  const outcome = await patiently(durable, 'fail', () => failAttempt(deps, input, 'failed', error, {}));
  return isStopped(outcome) ? { state: 'failed', code: outcome.code } : outcome;
}

function finished({ log }: ExportDependencies, input: ExportInput, outcome: ExportOutcome): ExportOutcome {
  const { manifestKey: _key, ...figures } = outcome;
  const fields = { job: input.job, from: input.from, to: input.to, attempt: input.attempt, ...figures };
  if (outcome.state === 'exported' || outcome.state === 'gap') log.info('export.finished', fields);
  else log.warn('export.stopped', fields);
  return outcome;
}
