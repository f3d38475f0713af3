import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { ActionstepModel } from './model.ts';
import { createActionstepModel } from './model.ts';
import type { ActionstepSimulatorOptions } from './options.ts';
import type { CreatedRecord, SimulatedRecord } from './records.ts';
import type { ModelRequest, ModelResponse } from './wire.ts';

/** Something that goes wrong on the way, once per count. */
interface Fault {
  /** Which requests: path prefix such as `/api/oauth/token` or `/api/rest/filenotes`. */
  readonly path: string;
  readonly method?: string;
  readonly times?: number;
  /**
   * `lost-request`: the socket is closed and the model sees nothing. `lost-reply`: the model acts, the answer is not
   * sent. Otherwise this answer takes the place of the model's.
   */
  readonly with: 'lost-request' | 'lost-reply' | ModelResponse;
}

/** What a listener takes beside the model's switches. */
interface ListenerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly latencyMs: number;
  /** Of the token endpoint; makes overlapping refreshes visible. */
  readonly tokenLatencyMs: number;
  readonly now: () => Date;
}

/** What the demo and tests may do to a running simulator; the model's own methods with the time filled in. */
export interface ActionstepControl {
  readonly model: ActionstepModel;
  changeRecord(resource: string, id: string | number, fields: Partial<SimulatedRecord>): SimulatedRecord;
  createRecord(resource: string, fields: Partial<SimulatedRecord>): CreatedRecord;
  deleteRecord(resource: string, id: string | number): void;
  expireAccessTokens(): void;
  revokeGrant(grant?: string): void;
  tokenCounts(): ReturnType<ActionstepModel['tokenCounts']>;
  apiCalls(): ReturnType<ActionstepModel['apiCalls']>;
  /** Sends an event to every active hook for it and switches off those that do not answer 200. Statuses; 0 for no answer. */
  deliver(event: {
    readonly name: string;
    readonly resource: string;
    readonly id: string | number;
  }): Promise<readonly number[]>;
  addFault(fault: Fault): void;
}

export interface ActionstepSimulator {
  readonly url: string;
  readonly control: ActionstepControl;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const DELIVERY_TIMEOUT_MS = 10_000;

/** Actionstep on a loopback port: one origin for what are `go`, `api` and a regional host in life. */
export async function startActionstepSimulator(
  given: Partial<ActionstepSimulatorOptions & ListenerOptions> = {},
): Promise<ActionstepSimulator> {
  const { port = 0, latencyMs = 0, tokenLatencyMs = 0, now = () => new Date(), ...switches } = given;
  const faults: { fault: Fault; left: number }[] = [];
  let model: ActionstepModel | undefined;
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming);
    if (model === undefined) throw new Error('The simulator is not listening yet');
    const end = model.begin(request);
    try {
      const fault = takeFault(faults, request);
      if (fault === 'lost-request') return void outgoing.destroy();
      const late = request.url.startsWith('/api/oauth/token') ? tokenLatencyMs : latencyMs;
      if (late > 0) await wait(late);
      const answered = fault === undefined || fault === 'lost-reply' ? model.handle(request, now()) : fault;
      if (fault === 'lost-reply') return void outgoing.destroy();
      outgoing.writeHead(answered.status, answered.headers).end(answered.body);
    } finally {
      end();
    }
  }

  const url = await listen(server, port);
  const running = createActionstepModel({ anchor: now(), ...switches, origin: url });
  model = running;
  return {
    url,
    control: createControl(running, now, faults),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createControl(
  model: ActionstepModel,
  now: () => Date,
  faults: { fault: Fault; left: number }[],
): ActionstepControl {
  return {
    model,
    changeRecord: (resource, id, fields) => model.changeRecord(resource, id, fields, now()),
    createRecord: (resource, fields) => model.createRecord(resource, fields, now()),
    deleteRecord: (resource, id) => model.deleteRecord(resource, id),
    expireAccessTokens: () => model.expireAccessTokens(now()),
    revokeGrant: (grant) => model.revokeGrant(grant),
    tokenCounts: () => model.tokenCounts(),
    apiCalls: () => model.apiCalls(),
    addFault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    async deliver({ name, resource, id }) {
      const statuses: number[] = [];
      for (const delivery of model.deliveries({ name, resource, id: String(id) })) {
        const status = await post(delivery.targetUrl, delivery.body);
        model.settle(delivery, status, now());
        statuses.push(status);
      }
      return statuses;
    },
  };
}

function takeFault(faults: { fault: Fault; left: number }[], request: ModelRequest): Fault['with'] | undefined {
  const found = faults.find(
    ({ fault, left }) =>
      left > 0 && request.url.startsWith(fault.path) && (fault.method === undefined || fault.method === request.method),
  );
  if (found === undefined) return undefined;
  found.left -= 1;
  return found.fault.with;
}

async function read(incoming: IncomingMessage): Promise<ModelRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('The body of a request is too large');
    chunks.push(chunk);
  }
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, [value].flat().join('; ')] as const);
  return {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('The simulator has no port'));
      resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

async function post(url: string, body: string): Promise<number> {
  const { request } = await import('undici');
  try {
    const response = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      headersTimeout: DELIVERY_TIMEOUT_MS,
    });
    await response.body.dump();
    return response.statusCode;
  } catch {
    return 0;
  }
}
