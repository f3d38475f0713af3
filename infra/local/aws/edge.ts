import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';
import { type AwsService, jsonFault, AwsFault, readAwsRequest, sendAwsReply } from './wire.ts';

/** Where a service of AWS is answered: here in the process, or at an address that the request is passed on to. */
export type Route = AwsService | { readonly forwardTo: string };

export interface Edge {
  readonly endpoint: string;
  /** Adds or replaces the route of a service, named as in a signature's scope (`dynamodb`, `s3`…). */
  route(service: string, route: Route): void;
  stop(): Promise<void>;
}

/** The service that a request was signed for, from the credential scope of its header or of a presigned address. */
export function signedService(message: Pick<IncomingMessage, 'headers' | 'url'>): string | undefined {
  const presigned = /[?&]X-Amz-Credential=([^&]+)/.exec(message.url ?? '')?.[1];
  const scope = presigned ? `Credential=${decodeURIComponent(presigned)}` : (message.headers.authorization ?? '');
  return /Credential=[^/,]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(scope)?.[1];
}

/**
 * One endpoint for all of AWS, so that the functions know `AWS_ENDPOINT_URL` and nothing else of local mode.
 *
 * Signatures are read, not checked: whoever can reach the loopback interface of this machine as this user can read
 * the files as well.
 */
export async function startEdge(options: { readonly port?: number } = {}): Promise<Edge> {
  const routes = new Map<string, Route>();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const server = createServer((message, response) => {
    void answer(message, response, routes, agent);
  });
  const address = await listen(server, options.port ?? 0);
  return {
    endpoint: address.url,
    route: (service, route) => void routes.set(service, route),
    async stop() {
      agent.destroy();
      await address.close();
    },
  };
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  routes: ReadonlyMap<string, Route>,
  agent: Agent,
): Promise<void> {
  const service = signedService(message);
  const route = service === undefined ? undefined : routes.get(service);
  try {
    if (route === undefined) {
      throw new AwsFault('NotImplemented', `No stand-in for ${service ?? 'a request without a signature'}.`, 501);
    }
    if (typeof route === 'function') sendAwsReply(response, await route(await readAwsRequest(message)));
    else forward(message, response, route.forwardTo, agent);
  } catch (error) {
    if (!response.headersSent) sendAwsReply(response, jsonFault(error));
  }
}

function forward(message: IncomingMessage, response: ServerResponse, to: string, agent: Agent): void {
  const target = new URL(to);
  const onward = httpRequest(
    {
      host: target.hostname,
      port: target.port,
      path: message.url,
      method: message.method,
      headers: message.headers,
      agent,
    },
    (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    },
  );
  onward.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else sendAwsReply(response, jsonFault(new AwsFault('ServiceUnavailable', error.message, 503)));
  });
  response.on('close', () => onward.destroy());
  message.pipe(onward);
}
