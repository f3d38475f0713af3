import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FunctionErrorBody, type Invocation, type Outcome, startRuntimeApi } from './runtime-api.ts';

export interface EnvironmentOptions {
  readonly functionName: string;
  /** The folder with `index.mjs`: exactly what a deploy uploads. */
  readonly taskRoot: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly onLine: (environmentId: string, line: string) => void;
}

/** One process that runs one function, one event at a time. */
export interface Environment {
  readonly id: string;
  readonly processId: number | undefined;
  /** Whether it can take an event now. */
  readonly idle: boolean;
  /** Runs one event. Never rejects: a failure of the function is an outcome. */
  run(event: Omit<Invocation, 'deadlineMs'>): Promise<Outcome>;
  /** Resolves when the process has ended and its address is closed. */
  readonly gone: Promise<void>;
  /** Ends the process: at once, as a time-out or a crash does. */
  kill(): Promise<void>;
}

/** Lambda gives initialisation ten seconds, outside the function's own time-out. */
const INIT_TIMEOUT_MS = 10_000;

const RUNTIME = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const CLIENT_HOOK = new URL('runtime-client-hook.mjs', import.meta.url).href;

interface Running {
  readonly event: Omit<Invocation, 'deadlineMs'>;
  readonly settle: (outcome: Outcome) => void;
}

/** Starts an environment: a child process with AWS's own runtime client, and the Runtime API that it polls. */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const id = randomUUID();
  let hand: ((invocation: Invocation) => void) | undefined;
  let running: Running | undefined;
  let initError: FunctionErrorBody | undefined;
  let timer: NodeJS.Timeout | undefined;
  let alive = true;
  let ended: FunctionErrorBody | undefined;

  const settle = (outcome: Outcome) => {
    clearTimeout(timer);
    running?.settle(outcome);
    running = undefined;
  };
  const giveUp = (error: FunctionErrorBody) => {
    alive = false;
    settle({ error });
    child.kill('SIGKILL');
  };
  const pump = () => {
    if (running === undefined || hand === undefined) return;
    clearTimeout(timer);
    const { event } = running;
    timer = setTimeout(() => giveUp(timedOut(event.requestId, options.timeoutMs)), options.timeoutMs);
    hand({ ...event, deadlineMs: Date.now() + options.timeoutMs });
    hand = undefined;
  };

  const api = await startRuntimeApi({
    onNext(next) {
      hand = next;
      pump();
    },
    onOutcome(requestId, outcome) {
      if (requestId === running?.event.requestId) settle(outcome);
    },
    onInitError(error) {
      initError = error;
    },
  });
  const child = spawnRuntime(options, api.address, id);
  child.once('exit', () => {
    alive = false;
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      ended = initError ?? exited(running?.event.requestId, code, signal);
      settle({ error: ended });
      void api.close().then(resolve);
    });
  });

  return {
    id,
    processId: child.pid,
    get idle() {
      return alive && running === undefined;
    },
    gone,
    run(event) {
      return new Promise<Outcome>((resolve) => {
        running = { event, settle: resolve };
        if (ended) {
          settle({ error: ended });
          return;
        }
        timer = setTimeout(() => giveUp(timedOut(event.requestId, INIT_TIMEOUT_MS)), INIT_TIMEOUT_MS);
        pump();
      });
    },
    async kill() {
      alive = false;
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function spawnRuntime(options: EnvironmentOptions, api: string, id: string): ChildProcess {
  const heapMb = Math.max(64, Math.floor(options.memoryMb * 0.9));
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${heapMb}`, '--enable-source-maps', '--import', CLIENT_HOOK, RUNTIME, 'index.handler'],
    {
      cwd: options.taskRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        TZ: ':UTC',
        LANG: 'en_US.UTF-8',
        PATH: process.env['PATH'] ?? '',
        AWS_LAMBDA_RUNTIME_API: api,
        _HANDLER: 'index.handler',
        LAMBDA_TASK_ROOT: options.taskRoot,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: options.functionName,
        AWS_LAMBDA_FUNCTION_VERSION: '1',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.functionName}`,
        AWS_LAMBDA_LOG_STREAM_NAME: id,
        ...options.variables,
      },
    },
  );
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => options.onLine(id, line));
  }
  return child;
}

function timedOut(requestId: string, ms: number): FunctionErrorBody {
  const message = `RequestId: ${requestId} Error: Task timed out after ${(ms / 1000).toFixed(2)} seconds`;
  return { errorType: 'Sandbox.Timedout', errorMessage: message };
}

function exited(requestId: string | undefined, code: number | null, signal: string | null): FunctionErrorBody {
  const how = signal === null ? `exit status ${code}` : `signal: ${signal}`;
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId ?? 'none'} Error: Runtime exited with error: ${how}`,
  };
}
