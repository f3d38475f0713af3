import { type JournalPlace, startDouble } from '../double.ts';
import type { Fault } from '../listener.ts';
import type { Delivery } from './deliveries.ts';
import { type ActionstepModel, createActionstepModel } from './model.ts';
import type { ActionstepSimulatorOptions } from './options.ts';
import type { CreatedRecord, SimulatedRecord } from './records.ts';

/** What a simulator takes beside the model's switches. */
interface ListenerOptions {
  /** 0 picks a free one, the one of the run before first. */
  readonly port: number;
  readonly latencyMs: number;
  /** Of the token endpoint; makes overlapping refreshes visible. */
  readonly tokenLatencyMs: number;
  readonly now: () => Date;
  /** Where it remembers what happened. Default: nowhere. */
  readonly journal: JournalPlace;
}

/** What changes the simulated organisation: the model's own methods with the time filled in. */
interface ActionstepActions {
  changeRecord(resource: string, id: string | number, fields: Partial<SimulatedRecord>): SimulatedRecord;
  createRecord(resource: string, fields: Partial<SimulatedRecord>): CreatedRecord;
  deleteRecord(resource: string, id: string | number): void;
  expireAccessTokens(): void;
  revokeGrant(grant?: string): void;
}

/** What the demo and tests may do to a running simulator. */
export interface ActionstepControl extends ActionstepActions {
  /** Asks; what is changed here is forgotten at the end. */
  readonly model: ActionstepModel;
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

const DELIVERY_TIMEOUT_MS = 10_000;

/** Actionstep on a loopback port: one origin for what are `go`, `api` and a regional host in life. */
export async function startActionstepSimulator(
  given: Partial<ActionstepSimulatorOptions & ListenerOptions> = {},
): Promise<ActionstepSimulator> {
  const { port = 0, latencyMs = 0, tokenLatencyMs = 0, now = () => new Date(), journal, ...switches } = given;
  const { anchor = now(), accessLifeSeconds, refreshLifeSeconds, ...options } = switches;
  const run = {
    ...(accessLifeSeconds === undefined ? {} : { accessLifeSeconds }),
    ...(refreshLifeSeconds === undefined ? {} : { refreshLifeSeconds }),
  };
  let model: ActionstepModel | undefined;
  const { url, actions, addFault, stop } = await startDouble({
    port,
    clock: now,
    anchor,
    options,
    run,
    ...(journal === undefined ? {} : { journal }),
    latencyMs: ({ url: path }) => (path.startsWith('/api/oauth/token') ? tokenLatencyMs : latencyMs),
    begin: (request) => model?.begin(request) ?? (() => undefined),
    create(made) {
      const created = createActionstepModel({ ...options, anchor: made.anchor, origin: made.url });
      model = created;
      return {
        answer: (request, at) => created.handle(request, at),
        changes: (request) => created.changes(request),
        actions: (clock) => actionsOn(created, clock),
        adopt: (lives: typeof run) => created.adopt(lives),
      };
    },
  });
  if (model === undefined) throw new Error('The model was not made');
  return { url, control: createControl(model, actions, addFault), stop };
}

/** The model's methods, and the outcome of a delivery. */
interface Journaled extends ActionstepActions {
  settle(delivery: Delivery, status: number): void;
}

function actionsOn(model: ActionstepModel, now: () => Date): Journaled {
  return {
    changeRecord: (resource, id, fields) => model.changeRecord(resource, id, fields, now()),
    createRecord: (resource, fields) => model.createRecord(resource, fields, now()),
    deleteRecord: (resource, id) => model.deleteRecord(resource, id),
    expireAccessTokens: () => model.expireAccessTokens(now()),
    revokeGrant: (grant) => model.revokeGrant(grant),
    settle: (delivery, status) => model.settle(delivery, status, now()),
  };
}

function createControl(
  model: ActionstepModel,
  { settle, ...actions }: Journaled,
  addFault: ActionstepControl['addFault'],
): ActionstepControl {
  return {
    ...actions,
    model,
    tokenCounts: () => model.tokenCounts(),
    apiCalls: () => model.apiCalls(),
    addFault,
    async deliver({ name, resource, id }) {
      const statuses: number[] = [];
      for (const delivery of model.deliveries({ name, resource, id: String(id) })) {
        const status = await post(delivery.targetUrl, delivery.body);
        settle(delivery, status);
        statuses.push(status);
      }
      return statuses;
    },
  };
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
