/** The wire's own shapes, instants in epoch seconds, as an execution keeps them and a checkpoint carries them. */

export type OperationType = 'EXECUTION' | 'CONTEXT' | 'STEP' | 'WAIT';
export type OperationStatus = 'STARTED' | 'PENDING' | 'READY' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
export type UpdateAction = 'START' | 'SUCCEED' | 'FAIL' | 'RETRY' | 'CANCEL';

export interface ErrorObject {
  readonly ErrorType?: string;
  readonly ErrorMessage?: string;
  readonly ErrorData?: string;
  readonly StackTrace?: readonly string[];
}

export interface Operation {
  readonly Id: string;
  readonly ParentId?: string;
  readonly Name?: string;
  readonly Type: OperationType;
  readonly SubType?: string;
  readonly Status: OperationStatus;
  readonly StartTimestamp: number;
  readonly EndTimestamp?: number;
  readonly ExecutionDetails?: { readonly InputPayload: string };
  readonly ContextDetails?: {
    readonly Result?: string;
    readonly Error?: ErrorObject;
    readonly ReplayChildren?: boolean;
  };
  readonly StepDetails?: {
    readonly Attempt?: number;
    readonly NextAttemptTimestamp?: number;
    readonly Result?: string;
    readonly Error?: ErrorObject;
  };
  readonly WaitDetails?: { readonly ScheduledEndTimestamp: number };
}

export interface OperationUpdate {
  readonly Id: string;
  readonly ParentId?: string;
  readonly Name?: string;
  readonly Type: OperationType;
  readonly SubType?: string;
  readonly Action: UpdateAction;
  readonly Payload?: string;
  readonly Error?: ErrorObject;
  readonly ContextOptions?: { readonly ReplayChildren?: boolean };
  readonly StepOptions?: { readonly NextAttemptDelaySeconds?: number };
  readonly WaitOptions?: { readonly WaitSeconds?: number };
}

/** Operations in the order in which they began; the first one is the execution itself. */
export type Operations = ReadonlyMap<string, Operation>;

/** When the host has to move this operation on by itself, in epoch seconds. */
export function dueAt(operation: Operation): number | undefined {
  if (operation.Type === 'WAIT' && operation.Status === 'STARTED') return operation.WaitDetails?.ScheduledEndTimestamp;
  if (operation.Type === 'STEP' && operation.Status === 'PENDING') return operation.StepDetails?.NextAttemptTimestamp;
  return undefined;
}

/** What time has done to an operation: a wait is over, a retry may start. Undefined where nothing changed. */
export function moveOn(operation: Operation, now: number): Operation | undefined {
  const due = dueAt(operation);
  if (due === undefined || due > now) return undefined;
  if (operation.Type === 'WAIT') return { ...operation, Status: 'SUCCEEDED', EndTimestamp: now };
  return { ...operation, Status: 'READY' };
}

/** What a replay is given: everything but what lies inside a finished context that is not to be replayed. */
export function replayable(operations: Operations): readonly Operation[] {
  const hidden = new Set<string>();
  return [...operations.values()].filter((operation) => {
    const parent = operation.ParentId === undefined ? undefined : operations.get(operation.ParentId);
    const finished = parent?.Status === 'SUCCEEDED' || parent?.Status === 'FAILED';
    if (parent === undefined || parent.Type !== 'CONTEXT' || !finished) return true;
    if (parent.ContextDetails?.ReplayChildren === true && !hidden.has(parent.Id)) return true;
    hidden.add(operation.Id);
    return false;
  });
}
