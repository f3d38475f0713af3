import type { Operation, OperationUpdate } from './operation.ts';

/**
 * What an operation becomes by one update that `checkUpdates` has let through.
 *
 * As the testing package's checkpoint server has it, but for two places where that one keeps less than a crash needs:
 * a step that is started again is STARTED, not READY, and a first attempt that is to be retried keeps its error.
 *
 * @param now epoch seconds
 */
export function applyUpdate(previous: Operation | undefined, update: OperationUpdate, now: number): Operation {
  const operation = previous ?? begin(update, now);
  switch (update.Action) {
    case 'START':
      return start(operation, update, now);
    case 'RETRY':
      return retry(operation, update, now);
    case 'CANCEL':
      return { ...operation, Status: 'CANCELLED', EndTimestamp: now };
    case 'SUCCEED':
    case 'FAIL':
      return close(operation, update, now);
  }
}

function begin(update: OperationUpdate, now: number): Operation {
  return {
    Id: update.Id,
    ...(update.ParentId === undefined ? {} : { ParentId: update.ParentId }),
    ...(update.Name === undefined ? {} : { Name: update.Name }),
    Type: update.Type,
    ...(update.SubType === undefined ? {} : { SubType: update.SubType }),
    Status: 'STARTED',
    StartTimestamp: now,
  };
}

function start(operation: Operation, update: OperationUpdate, now: number): Operation {
  if (operation.Type === 'WAIT') {
    return { ...operation, WaitDetails: { ScheduledEndTimestamp: now + (update.WaitOptions?.WaitSeconds ?? 0) } };
  }
  if (operation.Type === 'CONTEXT') return { ...operation, ContextDetails: replayOption(update) };
  return { ...operation, Status: 'STARTED' };
}

function replayOption(update: OperationUpdate): { ReplayChildren?: boolean } {
  const replay = update.ContextOptions?.ReplayChildren;
  return replay === undefined ? {} : { ReplayChildren: replay };
}

function retry(operation: Operation, update: OperationUpdate, now: number): Operation {
  return {
    ...operation,
    Status: 'PENDING',
    StepDetails: {
      ...outcome(update),
      Attempt: (operation.StepDetails?.Attempt ?? 0) + 1,
      NextAttemptTimestamp: now + (update.StepOptions?.NextAttemptDelaySeconds ?? 0),
    },
  };
}

function close(operation: Operation, update: OperationUpdate, now: number): Operation {
  const closed: Operation = {
    ...operation,
    Status: update.Action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED',
    EndTimestamp: now,
  };
  if (operation.Type === 'STEP') {
    return { ...closed, StepDetails: { ...outcome(update), Attempt: (operation.StepDetails?.Attempt ?? 0) + 1 } };
  }
  if (operation.Type === 'CONTEXT') {
    return { ...closed, ContextDetails: { ...operation.ContextDetails, ...outcome(update), ...replayOption(update) } };
  }
  return closed;
}

function outcome(update: OperationUpdate): { Result?: string; Error?: OperationUpdate['Error'] & object } {
  return {
    ...(update.Payload == null ? {} : { Result: update.Payload }),
    ...(update.Error == null ? {} : { Error: update.Error }),
  };
}
