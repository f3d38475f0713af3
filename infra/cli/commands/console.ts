import { createServer } from 'node:http';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import { createConsole } from '../console/server.ts';
import { createOverviewReader } from '../read-overview.ts';
import { EXIT } from '../exit.ts';
import type { CommandContext } from './context.ts';

/** `steward console`: the page, on this machine alone, with the shell's own AWS credentials. Ends with Ctrl-C. */
export async function consoleCommand(
  { terminal, services }: CommandContext,
  options: { readonly port: number },
): Promise<number> {
  const readOverview = createOverviewReader(services);
  const server = createServer(createConsole({ services, readOverview, everyMs: 5000 }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new ConfigInvalidError(`Port ${options.port} is in use. Choose another with --port.`)
          : error,
      );
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  terminal.out(`Console of ${services.target.stage}: http://127.0.0.1:${options.port}/  (Ctrl-C ends it)`);
  await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));
  server.closeAllConnections();
  server.close();
  return EXIT.done;
}
