import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a command ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** What is piped in; nothing can be asked either way, since a pipe is no terminal. */
  readonly input?: string;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends it with SIGINT after so long. */
  readonly interruptAfterMs?: number;
}

/** Runs `steward` as a person's shell does. */
export function steward(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return runEntry('infra/cli/steward.ts', args, options);
}

/** Runs `npm start --`. */
export function start(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  return runEntry('infra/local/main.ts', args, options);
}

function runEntry(entry: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [ROOT + entry, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, NODE_OPTIONS: '', ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: string[] = [];
  const err: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
  // A command that ends before it has read its input is no failure of the test.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const timer =
    options.interruptAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGINT'), options.interruptAfterMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: out.join(''), stderr: err.join('') });
    });
  });
}

/** The last line of standard output, as JSON. */
export function lastJson({ stdout }: CommandResult): unknown {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
