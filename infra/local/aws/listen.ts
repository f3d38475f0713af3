import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';

export interface Listening {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens on the loopback interface only.
 *
 * @param port 0 takes any free one.
 * @throws ConfigInvalidError where the port is taken.
 */
export async function listen(server: Server, port: number): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new ConfigInvalidError(`Port ${port} is taken: choose another one with --port`, { cause: error })
          : error,
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
