import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../../aws/listen.ts';
import { createOpsrampModel, type OpsrampControl, type OpsrampModel } from './model.ts';
import type { OpsrampModelOptions } from './options.ts';

export interface OpsrampSimulatorOptions extends Omit<OpsrampModelOptions, 'now'> {
  /** Default: the machine's. */
  readonly clock?: () => Date;
  /** Default: any free one. */
  readonly port?: number;
}

export interface OpsrampSimulator {
  /** `http://127.0.0.1:<port>`: the `endpoint` of a connection's settings. */
  readonly url: string;
  readonly control: OpsrampControl;
  stop(): Promise<void>;
}

/**
 * OpsRamp on loopback: one tenant, over real HTTP, so that a client that cannot take a 407 is found out.
 */
export async function startOpsrampSimulator(options: OpsrampSimulatorOptions = {}): Promise<OpsrampSimulator> {
  const clock = options.clock ?? (() => new Date());
  const model = createOpsrampModel({ ...options, now: clock() });
  const server = createServer((request, response) => void answer(model, clock, request, response));
  const listening = await listen(server, options.port ?? 0);
  return { url: listening.url, control: model.control(clock), stop: () => listening.close() };
}

async function answer(
  model: OpsrampModel,
  clock: () => Date,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const now = clock();
    const reply = model.handle(
      {
        method: request.method ?? 'GET',
        url: request.url ?? '/',
        headers,
        body: Buffer.concat(chunks).toString('utf8'),
      },
      now,
    );
    // The simulated service's own clock, which need not be this machine's.
    response.writeHead(reply.status, { ...reply.headers, date: now.toUTCString() }).end(reply.body);
  } catch {
    response.destroy();
  }
}
