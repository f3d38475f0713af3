import { join } from 'node:path';
import type { InvocationType, InvokeResult, LambdaBackend } from '../aws/lambda.ts';
import { AwsFault } from '../aws/wire.ts';
import type { LocalCloud } from '../cloud.ts';
import type { ErrorObject } from './durable/operation.ts';
import type { Execution } from './durable/execution.ts';
import { createExecutionFiles } from './durable/execution-files.ts';
import { createDurableExecutions, type DurableExecutions } from './durable/executions.ts';
import type { HostLog } from './log.ts';
import { createPool, type Pool } from './pool.ts';
import { createRunner, type Runner } from './runner.ts';

/** One function as the host runs it: the row of `infra/functions.ts`, with its bundle and its environment. */
export interface HostedFunction {
  readonly name: string;
  /** The folder with `index.mjs`. */
  readonly taskRoot: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly durable?: { readonly executionTimeoutDays: number; readonly retentionDays: number };
}

export interface LambdaHostOptions {
  readonly functions: readonly HostedFunction[];
  readonly cloud: LocalCloud;
  /** Processes per function; two or more make overlapping ticks real. Three where it is not given. */
  readonly maxEnvironments?: number;
  readonly onLog?: HostLog;
  /** First wait before a crashed run of a durable function is repeated, in milliseconds. */
  readonly durableRetryDelayMs?: number;
  /** Most operations in one page of a durable execution's state. */
  readonly durablePageSize?: number;
}

export interface LambdaHost extends LambdaBackend {
  /** Cold starts so far and processes now, by function. */
  statistics(): Readonly<Record<string, { readonly coldStarts: number; readonly processIds: readonly number[] }>>;
  readonly executions: DurableExecutions;
  stop(): Promise<void>;
}

const DAY_SECONDS = 86_400;

/**
 * Runs functions from the bundles that a deploy uploads, each in processes of its own under AWS's runtime client, and
 * puts itself behind the cloud's Lambda API.
 */
export async function startLambdaHost(options: LambdaHostOptions): Promise<LambdaHost> {
  const functions = new Map(options.functions.map((row) => [row.name, row]));
  const pools = new Map(options.functions.map((row) => [row.name, poolOf(row, options)]));
  const runner = createRunner({ pools, cloud: options.cloud, log: options.onLog ?? (() => {}) });
  const executions = durableSide(options, functions, runner);

  const invoke = async (
    name: string,
    payload: string,
    how: { readonly type?: InvocationType; readonly durableExecutionName?: string | undefined } = {},
  ): Promise<InvokeResult> => {
    const row = functions.get(name);
    if (!row) throw new AwsFault('ResourceNotFoundException', `Function not found: ${name}`, 404);
    if (row.durable) return invokeDurable(executions, row.name, payload, how);
    const running = runner.run(name, payload, how.type ?? 'RequestResponse');
    if (how.type === 'Event') return { payload: '', executedVersion: '1' };
    const outcome = await running;
    return 'error' in outcome
      ? { payload: JSON.stringify(outcome.error), functionError: 'Unhandled', executedVersion: '1' }
      : { payload: outcome.payload, executedVersion: '1' };
  };
  const host: LambdaHost = {
    invoke,
    executions,
    checkpoint: (arn, input) => executions.checkpoint(arn, input),
    state: (arn, page) => executions.state(arn, page),
    execution: (arn) => describe(executions.get(arn), options.cloud),
    statistics: () => statisticsOf(pools),
    async stop() {
      const idle = executions.stop();
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
      await idle;
    },
  };
  options.cloud.attachLambda(host);
  return host;
}

function poolOf(row: HostedFunction, options: LambdaHostOptions): Pool {
  return createPool({
    functionName: row.name,
    taskRoot: row.taskRoot,
    timeoutMs: row.timeoutSeconds * 1000,
    memoryMb: row.memoryMb,
    variables: { ...options.cloud.environment, ...row.environment },
    maxEnvironments: options.maxEnvironments ?? 3,
    onLine: (environmentId, line) => options.onLog?.({ kind: 'line', function: row.name, environmentId, line }),
  });
}

function durableSide(
  options: LambdaHostOptions,
  functions: ReadonlyMap<string, HostedFunction>,
  runner: Runner,
): DurableExecutions {
  const now = () => Date.now() / 1000;
  const days = (name: string) => functions.get(name)?.durable?.executionTimeoutDays ?? 1;
  const retention = Math.max(1, ...options.functions.map((row) => row.durable?.retentionDays ?? 1));
  return createDurableExecutions({
    files: createExecutionFiles(join(options.cloud.directory, 'executions'), retention * DAY_SECONDS, now),
    run: (name, event) => runner.run(name, event, 'RequestResponse'),
    functionArn: (name) => options.cloud.functionArn(name, '1'),
    timeoutSeconds: (name) => days(name) * DAY_SECONDS,
    now,
    retryDelayMs: options.durableRetryDelayMs ?? 1000,
    pageSize: options.durablePageSize ?? 1000,
    onEnd: (execution) => options.onLog?.({ kind: 'execution-ended', function: execution.functionName, execution }),
    onFailedRun: (execution, error) =>
      options.onLog?.({ kind: 'execution-interrupted', function: execution.functionName, execution, error }),
  });
}

async function invokeDurable(
  executions: DurableExecutions,
  functionName: string,
  input: string,
  how: { readonly type?: InvocationType; readonly durableExecutionName?: string | undefined },
): Promise<InvokeResult> {
  const started = executions.start({ functionName, name: how.durableExecutionName, input });
  const common = { executedVersion: '1', durableExecutionArn: started.arn };
  if (how.type === 'Event') return { payload: '', ...common };
  const ended = await executions.ended(started);
  if (ended.status === 'SUCCEEDED') return { payload: ended.result ?? 'null', ...common };
  return { payload: JSON.stringify(functionError(ended)), functionError: 'Unhandled', ...common };
}

function functionError(execution: Execution): Record<string, unknown> {
  const error: ErrorObject = execution.error ?? { ErrorMessage: `Durable execution ${execution.status}` };
  return {
    errorType: error.ErrorType ?? 'Error',
    errorMessage: error.ErrorMessage ?? '',
    trace: error.StackTrace ?? [],
  };
}

/** The members of GetDurableExecution's answer that a client reads. */
function describe(execution: Execution, cloud: LocalCloud): Record<string, unknown> {
  return {
    DurableExecutionArn: execution.arn,
    DurableExecutionName: execution.name,
    FunctionArn: cloud.functionArn(execution.functionName, '1'),
    InputPayload: execution.input,
    Status: execution.status,
    StartTimestamp: execution.startedAt,
    Version: '1',
    ...(execution.endedAt === undefined ? {} : { EndTimestamp: execution.endedAt }),
    ...(execution.result === undefined ? {} : { Result: execution.result }),
    ...(execution.error === undefined ? {} : { Error: execution.error }),
  };
}

function statisticsOf(pools: ReadonlyMap<string, Pool>): ReturnType<LambdaHost['statistics']> {
  return Object.fromEntries(
    [...pools].map(([name, pool]) => [
      name,
      {
        coldStarts: pool.coldStarts,
        processIds: pool.environments.flatMap((environment) => environment.processId ?? []),
      },
    ]),
  );
}
