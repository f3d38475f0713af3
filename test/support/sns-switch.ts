import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { LocalCloud } from '../../infra/local/cloud.ts';
import { listen } from '../../infra/local/aws/listen.ts';

export type Breakage = 'refuses connections' | 'never answers' | 'fails';

/** Stands between the functions and SNS, and can be broken. */
export interface SnsSwitch {
  /** Requests that were not passed on. */
  readonly refused: number;
  /** Before the functions are started: they learn SNS's address from their environment. */
  standsBefore(cloud: LocalCloud): void;
  break(how: Breakage): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startSnsSwitch(): Promise<SnsSwitch> {
  let to: URL | undefined;
  let broken: Breakage | undefined;
  let refused = 0;
  const server = createServer((message, response) => {
    if (broken === undefined && to !== undefined) {
      passOn(message, response, to);
      return;
    }
    refused += 1;
    if (broken === 'fails') response.writeHead(503).end();
    else if (broken !== 'never answers') message.socket.destroy();
  });
  const address = await listen(server, 0);
  return {
    get refused() {
      return refused;
    },
    standsBefore(cloud) {
      to = new URL(cloud.endpoint);
      Object.assign(cloud.environment, { AWS_ENDPOINT_URL_SNS: address.url });
    },
    break: (how) => void (broken = how),
    mend: () => void (broken = undefined),
    async stop() {
      server.closeAllConnections();
      await address.close();
    },
  };
}

function passOn(message: IncomingMessage, response: ServerResponse, { hostname, port }: URL): void {
  const { url, method, headers } = message;
  const onward = request({ hostname, port, path: url, method, headers }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  onward.on('error', () => response.destroy());
  message.pipe(onward);
}
