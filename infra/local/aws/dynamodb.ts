import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { listen } from './listen.ts';

export type DynamoEngine = 'dynoxide' | 'dynalite';

export interface DynamoServer {
  readonly engine: DynamoEngine;
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts DynamoDB on loopback: Dynoxide, a native program, where it is installed for this platform, and otherwise
 * dynalite in this process. Both keep their data in the folder.
 *
 * @throws ConfigInvalidError where an engine was asked for by name and is not there.
 */
export async function startDynamo(directory: string, engine?: DynamoEngine): Promise<DynamoServer> {
  const program = dynoxideProgram();
  if (engine === 'dynoxide' && program === undefined) {
    throw new ConfigInvalidError('The dynoxide engine is not installed for this platform; use dynalite');
  }
  if (program === undefined || engine === 'dynalite') {
    const { startDynalite } = await import('./dynalite.ts');
    const server = await startDynalite(join(directory, 'dynamodb-dynalite'));
    return { engine: 'dynalite', ...server };
  }
  return startDynoxide(program, join(directory, 'dynamodb.sqlite'));
}

function dynoxideProgram(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${process.platform}-${process.arch}/dynoxide`);
  } catch {
    return undefined;
  }
}

const START_TIMEOUT_MS = 10_000;

/**
 * Becomes the program, beside a watcher that ends it when the pipe from us closes: however we end, SIGKILL included, no
 * database server stays behind that holds the file.
 */
const RUN_WHILE_WATCHED = 'exec 3<&0; (read -r _ <&3; kill -TERM $$) & exec "$0" "$@" <&- 3<&-';

async function startDynoxide(program: string, path: string): Promise<DynamoServer> {
  // The program does not tell which port it took, so a free one is found for it.
  const probe = await listen(createServer(), 0);
  await probe.close();
  const given = [program, '--host', '127.0.0.1', '--port', String(probe.port), '--db-path', path];
  // A group of its own: Ctrl-C in a terminal is for us, who stop it when the functions have ended.
  const child = spawn('/bin/sh', ['-c', RUN_WHILE_WATCHED, ...given], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let problem = '';
  child.stderr.on('data', (chunk: Buffer) => {
    problem = (problem + chunk.toString('utf8')).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endpoint = `http://127.0.0.1:${probe.port}`;
  await answers(
    endpoint,
    () => child.exitCode,
    () => problem,
  );
  return {
    engine: 'dynoxide',
    endpoint,
    async stop() {
      child.stdin.end();
      const hard = setTimeout(() => child.kill('SIGKILL'), 2000);
      await ended;
      clearTimeout(hard);
    },
  };
}

async function answers(endpoint: string, exitCode: () => number | null, problem: () => string): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await fetch(endpoint);
      return;
    } catch (error) {
      if (exitCode() !== null || Date.now() > until) {
        throw new ConfigInvalidError(`DynamoDB did not start: ${problem() || 'no answer'}`, { cause: error });
      }
      await sleep(5);
    }
  }
}
