import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionErrorBody, Outcome } from '../runtime-api.ts';
import { closeExecution, type Execution, passTime } from './execution.ts';
import type { ExecutionFiles } from './execution-files.ts';
import { dueAt, type ErrorObject, type Operation } from './operation.ts';

export interface DurableOptions {
  readonly files: ExecutionFiles;
  /** Runs the function once with an event; never rejects for a failure of the function. */
  readonly run: (functionName: string, event: string) => Promise<Outcome>;
  readonly functionArn: (functionName: string) => string;
  /** How long an execution may take, from its start to its end. */
  readonly timeoutSeconds: (functionName: string) => number;
  /** Epoch seconds. */
  readonly now: () => number;
  /** First wait before a run that crashed is repeated; doubles up to a minute. */
  readonly retryDelayMs: number;
  /** Most operations in one page of state. */
  readonly pageSize: number;
  readonly onEnd: (execution: Execution) => void;
  readonly onFailedRun: (execution: Execution, error: FunctionErrorBody) => void;
}

export interface StatePage {
  readonly Operations: readonly Operation[];
  readonly NextMarker?: string;
}

export interface DriveOptions extends DurableOptions {
  /** The first page of what a replay is given. */
  readonly first: () => StatePage;
  readonly stopped: AbortSignal;
}

/** What a durable function answers when its run ends. */
interface RunResult {
  readonly Status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  readonly Result?: string;
  readonly Error?: ErrorObject;
}

const MAX_RETRY_DELAY_MS = 60_000;
/** The longest that one timer of Node waits for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs one execution to its end: again when the earliest wait or retry is due, and again when a run crashed or ran
 * out of time, from what was checkpointed. Resolves early, still RUNNING, when the host stops.
 */
export async function drive(execution: Execution, options: DriveOptions): Promise<Execution> {
  const { files, now, stopped } = options;
  while (execution.status === 'RUNNING' && !stopped.aborted) {
    if (now() >= execution.startedAt + options.timeoutSeconds(execution.functionName)) {
      closeExecution(execution, { status: 'TIMED_OUT' }, now());
      files.save(execution);
      break;
    }
    const outcome = await runOnce(execution, options);
    if (stopped.aborted) break;
    const waitMs = take(execution, outcome, options);
    files.save(execution);
    if (waitMs > 0 && execution.status === 'RUNNING') await pause(waitMs, stopped);
  }
  if (execution.status !== 'RUNNING') options.onEnd(execution);
  return execution;
}

async function runOnce(execution: Execution, options: DriveOptions): Promise<Outcome> {
  passTime(execution, options.now());
  const seen = execution.unseen;
  execution.unseen = [];
  execution.token = randomUUID();
  execution.invocations += 1;
  options.files.save(execution);
  const { Operations, NextMarker = '' } = options.first();
  const outcome = await options.run(
    execution.functionName,
    JSON.stringify({
      DurableExecutionArn: execution.arn,
      CheckpointToken: execution.token,
      InitialExecutionState: { Operations, NextMarker },
      UpdatedOperationIds: seen,
    }),
  );
  // From here on nobody holds a valid token: a run that was given up cannot write any more.
  execution.token = randomUUID();
  return outcome;
}

/** Takes the outcome of one run over and says how long to wait before the next, in milliseconds. */
function take(execution: Execution, outcome: Outcome, options: DriveOptions): number {
  if (execution.status !== 'RUNNING') return 0;
  if ('error' in outcome) {
    execution.failures += 1;
    options.onFailedRun(execution, outcome.error);
    return Math.min(options.retryDelayMs * 2 ** (execution.failures - 1), MAX_RETRY_DELAY_MS);
  }
  execution.failures = 0;
  const result = JSON.parse(outcome.payload) as RunResult | null;
  if (result?.Status === 'SUCCEEDED' || result?.Status === 'FAILED') {
    const { Status: status, Result: value, Error: error } = result;
    const end = { status, ...(value == null ? {} : { result: value }), ...(error == null ? {} : { error }) };
    closeExecution(execution, end, options.now());
    return 0;
  }
  const due = execution.operations.flatMap((operation) => dueAt(operation) ?? []);
  if (execution.unseen.length > 0) return 0;
  if (due.length === 0) {
    closeExecution(execution, { status: 'FAILED', error: nothingPending(result) }, options.now());
    return 0;
  }
  return Math.max(0, Math.ceil((Math.min(...due) - options.now()) * 1000)) + 1;
}

function nothingPending(result: RunResult | null): ErrorObject {
  const ErrorMessage =
    result?.Status === 'PENDING'
      ? 'Cannot return PENDING status with no pending operations.'
      : 'The function did not answer as a durable function.';
  return { ErrorType: 'InvalidParameterValueException', ErrorMessage };
}

async function pause(ms: number, stopped: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(ms, MAX_TIMER_MS), undefined, { signal: stopped });
  } catch (error) {
    if (!stopped.aborted) throw error;
  }
}
