import { randomUUID } from 'node:crypto';
import { AwsFault } from '../../aws/wire.ts';
import { applyUpdate } from './apply-update.ts';
import { checkUpdates } from './check-updates.ts';
import { type ErrorObject, moveOn, type Operation, type OperationUpdate } from './operation.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED';

/** One durable execution, as it is kept in its file. Instants are epoch seconds. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly functionName: string;
  readonly input: string;
  readonly startedAt: number;
  status: ExecutionStatus;
  endedAt?: number;
  result?: string;
  error?: ErrorObject;
  operations: Operation[];
  /** Changed since the function last heard of them: a wait that is over, a retry that may start. */
  unseen: string[];
  /** Only the newest token is taken: whoever holds an older one has been replaced. */
  token: string;
  /** The last checkpoint and its answer, given again when the same request is sent again. */
  last?: { readonly clientToken: string; readonly operations: readonly string[] };
  /** Times that the function has been run. */
  invocations: number;
  /** Runs in a row that ended with a crash, a time-out or an error. */
  failures: number;
}

export function createExecution(
  options: Pick<Execution, 'arn' | 'name' | 'functionName' | 'input'>,
  now: number,
): Execution {
  return {
    ...options,
    startedAt: now,
    status: 'RUNNING',
    operations: [
      {
        Id: randomUUID(),
        Type: 'EXECUTION',
        Status: 'STARTED',
        StartTimestamp: now,
        ExecutionDetails: { InputPayload: options.input },
      },
    ],
    unseen: [],
    token: randomUUID(),
    invocations: 0,
    failures: 0,
  };
}

/** Lets time pass: ends waits that are over and readies steps whose next attempt is due. */
export function passTime(execution: Execution, now: number): void {
  execution.operations = execution.operations.map((operation) => {
    const moved = moveOn(operation, now);
    if (moved && !execution.unseen.includes(moved.Id)) execution.unseen.push(moved.Id);
    return moved ?? operation;
  });
}

/** Ends an execution; what ended it first stays. */
export function closeExecution(
  execution: Execution,
  end: { readonly status: ExecutionStatus; readonly result?: string; readonly error?: ErrorObject },
  now: number,
): void {
  if (execution.status !== 'RUNNING') return;
  execution.status = end.status;
  execution.endedAt = now;
  if (end.result !== undefined) execution.result = end.result;
  if (end.error !== undefined) execution.error = end.error;
}

export interface CheckpointInput {
  readonly CheckpointToken?: string;
  readonly ClientToken?: string;
  readonly Updates?: readonly OperationUpdate[];
}

/**
 * Applies one checkpoint and answers with the operations that the function has not seen.
 *
 * @throws AwsFault InvalidParameterValueException: an old token, or an update that the operation's state does not take.
 */
export function checkpoint(execution: Execution, input: CheckpointInput, now: number): readonly Operation[] {
  const byId = () => new Map(execution.operations.map((operation) => [operation.Id, operation]));
  if (input.ClientToken !== undefined && input.ClientToken === execution.last?.clientToken) {
    const known = byId();
    return execution.last.operations.flatMap((id) => known.get(id) ?? []);
  }
  if (execution.status !== 'RUNNING' || input.CheckpointToken !== execution.token) {
    throw new AwsFault('InvalidParameterValueException', 'Invalid Checkpoint Token');
  }
  passTime(execution, now);
  const updates = input.Updates ?? [];
  const operations = byId();
  checkUpdates(updates, operations);
  const changed = new Set(execution.unseen);
  for (const update of updates) {
    if (update.Type === 'EXECUTION') {
      closeBy(execution, update, now);
      continue;
    }
    operations.set(update.Id, applyUpdate(operations.get(update.Id), update, now));
    changed.add(update.Id);
  }
  execution.operations = [...operations.values()];
  execution.unseen = [];
  execution.token = randomUUID();
  if (input.ClientToken !== undefined) execution.last = { clientToken: input.ClientToken, operations: [...changed] };
  return execution.operations.filter((operation) => changed.has(operation.Id));
}

/** A result that is too large for the function's answer comes as a checkpoint of the execution itself. */
function closeBy(execution: Execution, update: OperationUpdate, now: number): void {
  closeExecution(
    execution,
    {
      status: update.Action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED',
      ...(update.Payload == null ? {} : { result: update.Payload }),
      ...(update.Error == null ? {} : { error: update.Error }),
    },
    now,
  );
}
