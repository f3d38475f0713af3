import { createAlertStore } from '../../functions/adapters/dynamodb/alert-store.ts';
import { createBudgetStore } from '../../functions/adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import { createLatencyStore } from '../../functions/adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { createWorkStore } from '../../functions/adapters/dynamodb/work-store.ts';
import { createHandler as createPoller } from '../../functions/alert-poller/handler.ts';
import { createOpenApi } from '../../functions/core/api.ts';
import { createConnectionAccess } from '../../functions/core/connections/connection-access.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import { DAY_MS, MINUTE_MS } from '../../functions/core/time.ts';
import { createRefresh } from '../../functions/core/tokens/refresh.ts';
import { createHandler as createPublisher } from '../../functions/event-publisher/handler.ts';
import { opsramp } from '../../functions/providers/opsramp/provider.ts';
import { type AlertUsage, tenantMonth } from '../../infra/costs.ts';
import { createOpsrampModel, type OpsrampControl } from '../../infra/local/providers/opsramp/model.ts';
import { SIMULATED_TENANT } from '../../infra/local/providers/opsramp/options.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamo.ts';
import { createMemoryPublisher } from '../support/memory-publisher.ts';
import { sendTo } from '../support/opsramp.ts';
import { anAlertJob } from '../support/report-job.ts';
import { createTokenWorld, memoryDataKeys, seededRandom } from '../support/token-world.ts';
import { countCapacity } from './capacity.ts';
import { type Figure, plain } from './figures.ts';

/** Alerts that stand open at the tenant all the while. */
const OPEN = 120;
/** Minutes of each measurement: an hour, so that the hourly listing is in it. */
const MINUTES = 60;

/** Requests, units and calls of some work. */
export interface Consumption {
  requests: number;
  writes: number;
  reads: number;
  publishCalls: number;
}

export interface TenantWork {
  /** A poll that finds nothing new. */
  readonly poll: Consumption;
  /** What one more version costs on top, from the poll to the mark. */
  readonly version: Consumption;
  /** A tick of the publisher that finds nothing. */
  readonly tick: Consumption;
  readonly versions: number;
}

/**
 * Counts what the production functions ask of OpsRamp, DynamoDB and SNS for one tenant that is polled each minute: an
 * hour in which nothing changes, and one in which alerts open, change and end.
 */
export async function countTenant(): Promise<TenantWork> {
  const dynamo = await startTestDynamo();
  try {
    const tenant = await aTenant(dynamo);
    // The overlap and the first listing lie behind, as on any other day.
    for (let minute = 0; minute < 25; minute += 1) await tenant.minute();
    const tick = await tenant.counted(MINUTES, () => tenant.publish());
    const idle = await tenant.counted(MINUTES, () => tenant.minute());
    const before = tenant.publisher.taken.length;
    const busy = await tenant.counted(MINUTES, async () => {
      tenant.happen();
      await tenant.minute();
    });
    const versions = tenant.publisher.taken.length - before;
    const poll = each(subtract(idle, tick), MINUTES);
    return { poll, version: each(subtract(busy, idle), versions), tick: each(tick, MINUTES), versions };
  } finally {
    await dynamo.stop();
  }
}

async function aTenant({ client, connections, state }: TestDynamo) {
  const world = createTokenWorld();
  const { clock } = world;
  const model = createOpsrampModel({
    now: clock.now(),
    alerts: OPEN,
    tokenLifeSeconds: DAY_MS / 1000,
    switches: { rateLimits: false },
  });
  const control = model.control(() => clock.now());
  const send = sendTo(model, () => clock.now());
  const tables = { client, connectionsTable: connections.tableName, stateTable: state.tableName, shardCount: 1 };
  const store = createConnectionStore(tables);
  const sealer = createSealer({ keys: memoryDataKeys().port, clock, random: seededRandom('costs') });
  await connect(world, { store, sealer, send });
  const publisher = createMemoryPublisher();
  const quiet = { log: { info() {}, warn() {}, error() {} }, metrics: { add() {} }, nudge: async () => undefined };
  const jobs = createJobStore(state);
  await jobs.configure(anAlertJob({ connection: 'acme', provider: 'opsramp', everySeconds: 60 }), clock.now());
  const base = { ...quiet, clock };
  const poll = createPoller({
    ...base,
    jobs,
    store: createAlertStore(state),
    work: createWorkStore(state),
    openApi: createOpenApi({
      access: createConnectionAccess({ store, sealer, clock }),
      budgets: createBudgetStore({ table: state, clock }),
      send,
      clock,
      providers: { opsramp },
    }),
    origin: { stage: 'costs' },
  });
  const publish = createPublisher({
    ...base,
    outbox: createOutboxStore(state),
    latencies: createLatencyStore(state),
    publisher,
    pause: async () => undefined,
  });
  const invocation = () => ({ deadline: world.deadline(), requestId: `at-${clock.now().getTime()}` });
  return {
    publisher,
    happen: lifeOf(control),
    publish: () => publish({ shard: '0' }, invocation()),
    async minute() {
      clock.advance(MINUTE_MS);
      await poll({ shard: '0' }, invocation());
      await publish({ shard: '0' }, invocation());
    },
    async counted(times: number, what: () => Promise<unknown>): Promise<Consumption> {
      const { counted, stop } = countCapacity(client);
      const asked = control.counters().requests;
      const { calls } = publisher;
      for (let time = 0; time < times; time += 1) await what();
      stop();
      return {
        requests: control.counters().requests - asked,
        writes: counted.writeUnits,
        reads: counted.readUnits,
        publishCalls: publisher.calls - calls,
      };
    },
  };
}

/** The connection's first token, as the refresher fetches it. */
async function connect(
  world: ReturnType<typeof createTokenWorld>,
  parts: Pick<Parameters<typeof createRefresh>[0], 'store' | 'sealer' | 'send'>,
): Promise<void> {
  const settings = opsramp.parseSettings({ host: 'acme.api.opsramp.com', tenantId: SIMULATED_TENANT.tenantId });
  await parts.store.configure(
    'acme',
    { provider: 'opsramp', grant: opsramp.grant, settings, secret: { name: 'acme' }, budgetAccount: 'acme' },
    world.clock.now(),
  );
  const credentials = { get: async () => SIMULATED_TENANT };
  const dependencies = world.dependenciesOf(undefined, {
    ...parts,
    credentials,
    providers: { opsramp },
  });
  const { outcome } = await createRefresh(dependencies)('acme', world.deadline());
  if (outcome !== 'refreshed') throw new Error(`The simulated tenant gave no token: ${outcome}`);
}

/** Each alert opens, gets worse, is acknowledged and heals: four versions, and as many stand open as before. */
function lifeOf(control: OpsrampControl): () => void {
  let turn = 0;
  let id = '';
  return () => {
    const stage = turn % 4;
    if (stage === 0) id = control.openAlert({ subject: `Alert ${turn}`, currentState: 'Warning' });
    else if (stage === 1) control.changeAlert(id, { currentState: 'Critical' });
    else if (stage === 2) control.acknowledge(id);
    else control.heal(id);
    turn += 1;
  };
}

function subtract(a: Consumption, b: Consumption): Consumption {
  return {
    requests: a.requests - b.requests,
    writes: a.writes - b.writes,
    reads: a.reads - b.reads,
    publishCalls: a.publishCalls - b.publishCalls,
  };
}

function each(sum: Consumption, times: number): Consumption {
  return {
    requests: sum.requests / times,
    writes: sum.writes / times,
    reads: sum.reads / times,
    publishCalls: sum.publishCalls / times,
  };
}

const USAGES: Readonly<Record<string, AlertUsage>> = {
  'polled each minute, 20 versions a day': { everySeconds: 60, versionsPerDay: 20 },
  'polled each five minutes, 20 versions a day': { everySeconds: 300, versionsPerDay: 20 },
  'polled each minute, 1,000 versions a day': { everySeconds: 60, versionsPerDay: 1000 },
};

/** `npm run bench alert-costs`: what one tenant's alerts cost in a month. */
export async function alertCosts(): Promise<readonly Figure[]> {
  const work = await countTenant();
  const lines = (['poll', 'version', 'tick'] as const).flatMap((what) => [
    plain(`provider requests of a ${what}`, work[what].requests, ''),
    plain(`write units of a ${what}`, work[what].writes, 'WRU'),
    plain(`read units of a ${what}`, work[what].reads, 'RRU'),
    plain(`SNS calls of a ${what}`, work[what].publishCalls, ''),
  ]);
  const months = Object.entries(USAGES).flatMap(([what, usage]) => {
    const { requests, writes, reads, publishCalls, dollars } = tenantMonth(usage);
    return [
      plain(`a month, ${what}: provider requests`, requests, '', 0),
      plain(`a month, ${what}: write units`, writes, 'WRU', 0),
      plain(`a month, ${what}: read units`, reads, 'RRU', 0),
      plain(`a month, ${what}: SNS calls`, publishCalls, '', 0),
      plain(`a month, ${what}: dollars`, dollars, '$', 3),
    ];
  });
  return [...lines, ...months];
}
