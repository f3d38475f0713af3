import { AwsFault } from '../../aws/wire.ts';
import type {
  Operation,
  Operations,
  OperationStatus,
  OperationType,
  OperationUpdate,
  UpdateAction,
} from './operation.ts';

/** Which action an operation of a type takes, and in which states; `absent` is an operation that is not there yet. */
const ALLOWED: Readonly<Record<OperationType, Partial<Record<UpdateAction, readonly (OperationStatus | 'absent')[]>>>> =
  {
    EXECUTION: { SUCCEED: ['STARTED'], FAIL: ['STARTED'] },
    CONTEXT: { START: ['absent'], SUCCEED: ['absent', 'STARTED'], FAIL: ['absent', 'STARTED'] },
    STEP: {
      START: ['absent', 'READY'],
      SUCCEED: ['absent', 'STARTED', 'READY'],
      FAIL: ['absent', 'STARTED', 'READY'],
      RETRY: ['absent', 'STARTED', 'READY'],
    },
    WAIT: { START: ['absent'], CANCEL: ['STARTED'] },
  };

const MAX_ERROR_BYTES = 32 * 1024;
const MAX_PAYLOAD_BYTES = 256 * 1024;

function refuse(message: string): never {
  throw new AwsFault('InvalidParameterValueException', message);
}

/**
 * Refuses a checkpoint as the service does, before any of it is applied.
 *
 * The rules are those of the testing package's checkpoint server. Callbacks and chained invokes are not served:
 * nothing here uses them.
 *
 * @throws AwsFault InvalidParameterValueException
 */
export function checkUpdates(updates: readonly OperationUpdate[], operations: Operations): void {
  const executions = updates.filter((update) => update.Type === 'EXECUTION');
  if (executions.length > 1) refuse('Cannot checkpoint multiple EXECUTION updates.');
  if (executions.length === 1 && updates.at(-1)?.Type !== 'EXECUTION') {
    refuse('EXECUTION checkpoint must be the last update.');
  }
  const earlier = new Map<string, OperationUpdate>();
  for (const update of updates) {
    checkIdentity(update, earlier, operations);
    checkAction(update, earlier.has(update.Id) ? 'STARTED' : statusOf(update, operations));
    earlier.set(update.Id, update);
  }
}

function statusOf(update: OperationUpdate, operations: Operations): OperationStatus | 'absent' {
  if (update.Type === 'EXECUTION') return 'STARTED';
  return operations.get(update.Id)?.Status ?? 'absent';
}

function checkIdentity(
  update: OperationUpdate,
  earlier: ReadonlyMap<string, OperationUpdate>,
  operations: Operations,
): void {
  if (!update.Id) refuse('Operation update must have an Id.');
  const same = earlier.get(update.Id);
  const closesWhatItStarted =
    same?.Action === 'START' && update.Action !== 'START' && (same.Type === 'STEP' || same.Type === 'CONTEXT');
  if (same && !closesWhatItStarted) refuse('Cannot update the same operation twice in a single request.');
  if (update.ParentId === undefined) return;
  const parent: Pick<Operation, 'Type'> | undefined = earlier.get(update.ParentId) ?? operations.get(update.ParentId);
  if (parent?.Type !== 'CONTEXT') refuse('Invalid parent operation id.');
}

function checkAction(update: OperationUpdate, status: OperationStatus | 'absent'): void {
  const actions = Object.hasOwn(ALLOWED, update.Type) ? ALLOWED[update.Type] : undefined;
  if (actions === undefined) refuse(`Operations of type ${update.Type} are not served by the local host.`);
  const states = actions[update.Action];
  if (states === undefined) refuse('Invalid action for the given operation type.');
  if (!states.includes(status)) {
    refuse(`Invalid current ${update.Type} state for ${update.Action}: ${status}.`);
  }
  if (update.Action === 'FAIL' && update.Payload != null) refuse('Cannot provide a Payload for FAIL action.');
  if (update.Action === 'SUCCEED' && update.Error != null) refuse('Cannot provide an Error for SUCCEED action.');
  if (update.Action === 'RETRY' && update.StepOptions == null) refuse('Invalid StepOptions for the given action.');
  const isKept = update.Type === 'STEP' || update.Type === 'CONTEXT';
  if (isKept && update.Payload != null && Buffer.byteLength(update.Payload) > MAX_PAYLOAD_BYTES) {
    refuse(`Payload size must be at most ${MAX_PAYLOAD_BYTES} bytes.`);
  }
  if (update.Error != null && Buffer.byteLength(JSON.stringify(update)) > MAX_ERROR_BYTES) {
    refuse(`Error object size must be less than ${MAX_ERROR_BYTES} bytes.`);
  }
}
