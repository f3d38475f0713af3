import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Action1Control } from './control.ts';
import { createAction1Model, type Action1Model } from './model.ts';
import type { Action1Options } from './options.ts';

export interface Action1SimulatorOptions extends Omit<Action1Options, 'baseUrl'> {
  /** Default: any that is free. */
  readonly port?: number;
  readonly now?: () => Date;
  /** Before each answer. */
  readonly latencyMs?: number;
  /** Before the answers that are slow in the real service: `fields=*` and updates. */
  readonly slowMs?: number;
}

export interface Action1Simulator {
  /** The origin: `endpoint` of a connection's settings. */
  readonly url: string;
  readonly control: Action1Control;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 65_536;

/** Serves the model on loopback. */
export async function startAction1Simulator(options: Action1SimulatorOptions = {}): Promise<Action1Simulator> {
  const { port = 0, now = () => new Date(), latencyMs = 0, slowMs = 0, ...modelled } = options;
  // The model needs its own address, which is known when the server listens; no request comes before.
  let model: Action1Model | undefined;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const target = request.url ?? '/';
    const waitMs = latencyMs + (/fields=(\*|%2A)|\/updates\//i.test(target) ? slowMs : 0);
    if (waitMs > 0) await sleep(waitMs);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const answered = model?.handle({ method: request.method ?? 'GET', url: target, headers, body }, now());
    response.writeHead(answered?.status ?? 503, answered?.headers).end(answered?.body);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  model = createAction1Model({ startedAt: now(), ...modelled, baseUrl: `${url}/api/3.0` });
  return {
    url,
    control: model.control,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new RangeError('The request body is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
