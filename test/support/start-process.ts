import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../infra/local/main.ts', import.meta.url));
const STEWARD = fileURLToPath(new URL('../../infra/cli/steward.ts', import.meta.url));
const LOOK_EVERY_MS = 50;

/** `npm start` or a command, without npm: as a process of its own, with what it said so far. */
export interface StartProcess {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** What a pattern finds in its output; rejects when the process ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Processes below it, now. */
  descendants(): readonly number[];
}

export function start(...args: readonly string[]): StartProcess {
  return startEntry(MAIN, args);
}

/** A command that goes on while the test looks at what it says. */
export function startSteward(...args: readonly string[]): StartProcess {
  return startEntry(STEWARD, args);
}

function startEntry(entry: string, args: readonly string[]): StartProcess {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString('utf8')));
  let over = false;
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    ended,
    async says(pattern) {
      for (;;) {
        const found = pattern.exec(said.stdout) ?? pattern.exec(said.stderr);
        if (found !== null) return found;
        if (over) throw new Error(`It ended without ${String(pattern)}: ${said.stderr}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    descendants: () => descendantsOf(child.pid ?? 0),
  };
}

/** Where the system tells of its processes in files; nowhere else is anything started by this file. */
function descendantsOf(ancestor: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of existsSync('/proc') ? readdirSync('/proc') : []) {
    const parent = /^\d+$/u.test(name) ? parentOf(name) : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (id: number | undefined): boolean =>
    id !== undefined && (id === ancestor || isBelow(parents.get(id)));
  return [...parents.keys()].filter((id) => id !== ancestor && isBelow(id));
}

/** After the name, which may hold anything: state and parent. */
function parentOf(id: string): number | undefined {
  try {
    const [, parent] = /^.*\) \S (\d+)/su.exec(readFileSync(`/proc/${id}/stat`, 'utf8')) ?? [];
    return Number(parent);
  } catch {
    return undefined;
  }
}

/** Whether a process is there and is no zombie. */
export function isRunning(id: number): boolean {
  try {
    return !/\) Z /u.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
