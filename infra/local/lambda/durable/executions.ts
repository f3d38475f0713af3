import { randomUUID } from 'node:crypto';
import { AwsFault } from '../../aws/wire.ts';
import { type CheckpointInput, checkpoint, createExecution, type Execution } from './execution.ts';
import { drive, type DurableOptions, type StatePage } from './drive.ts';
import { replayable } from './operation.ts';

/** The durable side of Lambda: executions by name, their checkpoints, and running them to their end. */
export interface DurableExecutions {
  /**
   * Starts an execution, or finds the one that has this name and input already.
   *
   * @throws AwsFault DurableExecutionAlreadyStartedException where the name belongs to another input.
   */
  start(request: { functionName: string; name?: string | undefined; input: string }): Execution;
  /** Resolves with the execution when it has ended, which may be days. */
  ended(execution: Execution): Promise<Execution>;
  get(arn: string): Execution;
  list(): readonly Execution[];
  checkpoint(arn: string, input: CheckpointInput): { CheckpointToken: string; NewExecutionState: StatePage };
  state(arn: string, page: { marker?: string | undefined; maxItems?: number | undefined }): StatePage;
  /** Ends all waiting; executions stay as they are and go on when the host starts again. */
  stop(): Promise<void>;
}

export function createDurableExecutions(options: DurableOptions): DurableExecutions {
  const { files, now } = options;
  const executions = new Map(files.load().map((execution) => [execution.arn, execution]));
  const drives = new Map<string, Promise<Execution>>();
  const stopped = new AbortController();

  const pageOf = (execution: Execution, from: number, size: number): StatePage => {
    const all = replayable(new Map(execution.operations.map((operation) => [operation.Id, operation])));
    const operations = all.slice(from, from + size);
    return from + size < all.length
      ? { Operations: operations, NextMarker: String(from + size) }
      : { Operations: operations };
  };
  const go = (execution: Execution) => {
    const first = (): StatePage => pageOf(execution, 0, options.pageSize);
    drives.set(execution.arn, drive(execution, { ...options, first, stopped: stopped.signal }));
  };
  const get = (arn: string): Execution => {
    const execution = executions.get(arn);
    if (!execution) throw new AwsFault('ResourceNotFoundException', `Durable execution not found: ${arn}`, 404);
    return execution;
  };
  for (const execution of executions.values()) if (execution.status === 'RUNNING') go(execution);

  return {
    get,
    list: () => [...executions.values()],
    ended: (execution) => drives.get(execution.arn) ?? Promise.resolve(execution),
    start({ functionName, name = randomUUID(), input }) {
      const same = [...executions.values()].find(
        (execution) => execution.functionName === functionName && execution.name === name,
      );
      if (same) return sameInput(same, input);
      const arn = `${options.functionArn(functionName)}/durable-execution/${name}/${randomUUID()}`;
      const execution = createExecution({ arn, name, functionName, input }, now());
      executions.set(arn, execution);
      files.save(execution);
      go(execution);
      return execution;
    },
    checkpoint(arn, input) {
      const execution = get(arn);
      const operations = checkpoint(execution, input, now());
      files.save(execution);
      return { CheckpointToken: execution.token, NewExecutionState: { Operations: operations } };
    },
    state: (arn, { marker, maxItems }) =>
      pageOf(get(arn), Number(marker ?? 0), Math.min(maxItems ?? options.pageSize, options.pageSize)),
    async stop() {
      stopped.abort();
      await Promise.all(drives.values());
    },
  };
}

function sameInput(execution: Execution, input: string): Execution {
  if (execution.input === input) return execution;
  throw new AwsFault(
    'DurableExecutionAlreadyStartedException',
    `A durable execution named ${execution.name} was started with another input.`,
    409,
  );
}
