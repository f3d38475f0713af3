import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A token endpoint on loopback that answers every grant after so many milliseconds. */
export async function startTokenEndpoint(
  latencyMs: number,
): Promise<{ readonly url: URL; readonly stop: () => Promise<void> }> {
  const program = fileURLToPath(new URL('token-server.ts', import.meta.url));
  const child = fork(program, [String(latencyMs)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [port] = (await once(lines, 'line')) as [string];
  return {
    url: new URL(`http://127.0.0.1:${port}/token`),
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
