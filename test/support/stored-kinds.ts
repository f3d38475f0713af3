import { createAlertStore } from '../../functions/adapters/dynamodb/alert-store.ts';
import { createAuthorizationStore } from '../../functions/adapters/dynamodb/authorization-store.ts';
import { createBreakerStore } from '../../functions/adapters/dynamodb/breaker-store.ts';
import { createBudgetStore } from '../../functions/adapters/dynamodb/budget-store.ts';
import { createConnectionStore } from '../../functions/adapters/dynamodb/connection-store.ts';
import { createHookStore } from '../../functions/adapters/dynamodb/hook-store.ts';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import { createLatencyStore } from '../../functions/adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import { createWorkStore } from '../../functions/adapters/dynamodb/work-store.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import { eventId, type OutboxRow } from '../../functions/core/events.ts';
import type { AlertJob, ReportJob } from '../../functions/core/jobs.ts';
import { createSealer } from '../../functions/core/sealing/sealer.ts';
import type { TestDynamo } from './dynamo.ts';

/**
 * A kind of item, written and read as the service does it. Recorded once per version under `test/fixtures/items/`, and
 * read by every version after it: npm run record-items
 */
export interface StoredKind {
  /** Writes one, with every member that it may have. */
  write(dynamo: TestDynamo): Promise<unknown>;
  /** What core is told of it. */
  read(dynamo: TestDynamo): Promise<unknown>;
}

const NOON = new Date('2026-03-01T12:00:00Z');
const later = (minutes: number) => new Date(NOON.getTime() + minutes * 60_000);
const clock = { now: () => NOON };
const HASH = 'ab'.repeat(32);
const SHARD = '1';

/** A key that opens nothing but these fixtures. */
const sealer = createSealer({
  keys: {
    generate: () => Promise.resolve({ plaintext: new Uint8Array(32).fill(7), wrapped: new Uint8Array([1, 2, 3]) }),
    open: () => Promise.resolve(new Uint8Array(32).fill(7)),
  },
  clock,
  random: { bytes: (length) => new Uint8Array(length).fill(9) },
});

const row = (subject: string): OutboxRow => ({
  topic: 'events',
  order: 3,
  event: {
    id: eventId(subject, 'fixture'),
    type: 'steward.connection.resumed',
    source: '/steward/test/acme',
    subject,
    time: NOON,
    connection: 'acme',
    provider: 'opsramp',
    severity: 'high',
    summary: 'Ünïcode ✓',
    data: { nested: { list: [1, 'two', null] } },
  },
});

const common = { connection: 'acme', provider: 'opsramp', shard: SHARD, paused: false };
const report: ReportJob = {
  ...common,
  kind: 'report',
  name: 'history',
  source: 'alert-history',
  options: { kind: 'all' },
  topic: 'events',
  cron: '0 2 * * *',
  zone: 'Europe/Berlin',
  startAt: NOON,
  formats: ['csv', 'parquet'],
  gzip: true,
  defuseFormulas: true,
  retention: { days: 30, mode: 'GOVERNANCE' },
};
const alert: AlertJob = {
  ...common,
  kind: 'alert',
  name: 'open-alerts',
  source: 'alerts',
  options: {},
  topic: 'alerts',
  everySeconds: 60,
  stormThreshold: 100,
  announceExisting: false,
  maintenance: [{ from: NOON, to: later(60), reason: 'move' }],
};

const connections = ({ client, connections: table, state }: TestDynamo) =>
  createConnectionStore({
    client,
    connectionsTable: table.tableName,
    stateTable: state.tableName,
    shardCount: 2,
  });
const authorizations = ({ client, state }: TestDynamo) =>
  createAuthorizationStore({ client, stateTable: state.tableName, shardCount: 2 });
const budgets = ({ state }: TestDynamo) => createBudgetStore({ table: state, clock });
const DRAW = { provider: 'opsramp', account: 'acme', category: 'default', perMinute: 2, lane: 'alerts' } as const;

async function writeConnection(dynamo: TestDynamo): Promise<void> {
  const store = connections(dynamo);
  const name = 'acme';
  const provider = 'actionstep';
  const configuration = {
    provider,
    grant: 'authorization-code',
    settings: { environment: 'staging' },
    secret: { name: 'clients', key: 'acme' },
    budgetAccount: 'staging:acme',
    demand: [{ kind: 'poll', everySeconds: 60 }] as never,
  } as const;
  await store.configure(name, configuration, NOON);
  const seal = await sealer.prepare(['access', 'refresh']);
  const lease = { name, owner: 'worker', until: later(2), now: NOON } as const;
  const attempt = 'a'.repeat(32);
  const first = { attempt, kind: 'authorization', spends: 'consent', healths: ['pending'] } as const;
  await store.lease({ ...lease, ...first });
  await store.commit(
    {
      name,
      provider,
      attempt,
      spent: 'consent',
      generation: 1,
      fingerprint: 'fingerprint-1',
      access: {
        sealed: seal('an access token', { provider, connection: name, purpose: 'access', generation: 1 }),
        issuedAt: NOON,
        expiresAt: later(60),
      },
      refresh: {
        sealed: seal('a refresh token', { provider, connection: name, purpose: 'refresh', generation: 1 }),
        issuedAt: NOON,
        expiresAt: later(30_240),
      },
      apiEndpoint: 'https://ap-southeast-2.actionstepstaging.com/api/',
      scopes: ['actions', 'users'],
      providerAccount: 'acmelegal',
      health: 'connected',
      nextRefreshAt: later(45),
      rejections: 0,
      resolves: [attempt],
      releasesLease: true,
      authorization: {
        stateHash: HASH,
        ticketHash: HASH,
        authorizedBy: 'an operator',
        authorizedAt: NOON,
        replacesGeneration: 0,
      },
    },
    [],
    NOON,
  );
  const lastError = { code: 'PROVIDER_UNAVAILABLE', message: 'did not answer', at: NOON };
  await store.change(name, { generation: 1 }, { failures: 2, lastError, warnedDays: [7], rejections: 1 }, [], NOON);
  await store.reject(name, 1);
  const refresh = {
    attempt: 'b'.repeat(32),
    kind: 'refresh',
    spends: 'fingerprint-1',
    stored: 'fingerprint-1',
    healths: ['connected'],
  } as const;
  await store.lease({ ...lease, ...refresh });
}

async function readConnection(dynamo: TestDynamo): Promise<unknown> {
  const store = connections(dynamo);
  const connection = (await store.find('acme')) as Connection;
  const { access, refresh, name, provider, generation } = connection;
  const open = (purpose: 'access' | 'refresh', sealed: Uint8Array = new Uint8Array()) =>
    sealer.open(sealed, { provider, connection: name, purpose, generation });
  return {
    connection,
    highWater: await store.highWater('acme'),
    opened: [await open('access', access?.sealed), await open('refresh', refresh?.sealed)],
    due: [(await store.due(connection.shard, later(60))).names, (await store.rejected(connection.shard)).names],
  };
}

async function writeReport({ state }: TestDynamo): Promise<void> {
  const jobs = createJobStore(state);
  await jobs.configure(report, NOON);
  await jobs.request(report.name, { until: later(5), from: NOON }, NOON);
  const lease = await jobs.take(report.name, 'worker', NOON, later(2));
  if (lease === undefined) throw new Error('The job was not to be had');
  const lastError = { code: 'EXPORT_INCOMPLETE', message: '9 of 10 rows', at: NOON };
  const run = { runs: 4, failures: 1, items: 96, lastRunAt: NOON, lastSuccessAt: NOON, lastError, latency: [1, 2, 3] };
  await jobs.complete(lease, later(60), run);
}

async function writeWindows({ state }: TestDynamo): Promise<void> {
  const store = createWindowStore(state);
  const outgoing = { shard: SHARD, rows: [] };
  const first = { job: report.name, from: NOON, attempt: 1 };
  await store.begin({ ...first, to: later(60), action: 'export', execution: 'execution-1' }, NOON);
  const sealed = {
    sequence: 1,
    manifestKey: 'acme/history/1/manifest.json',
    manifestSha256: HASH,
    rows: 10,
    bytes: 999,
  };
  await store.seal(first, 'exported', sealed, outgoing, NOON);
  const second = { job: report.name, from: later(60), attempt: 1 };
  await store.begin({ ...second, to: later(120), action: 'gap', execution: 'execution-2', reason: 'missed' }, NOON);
  await store.fail(second, 'failed', { code: 'X', message: 'why', retryable: false }, outgoing, NOON);
}

/** Every kind of item that the service writes today. */
export const STORED_KINDS: Readonly<Record<string, StoredKind>> = {
  connection: { write: writeConnection, read: readConnection },
  'report-job': {
    write: writeReport,
    read: async ({ state }) => [
      await createJobStore(state).find(report.name),
      await createJobStore(state).due('report', SHARD, later(60), 5),
    ],
  },
  'alert-job': {
    write: ({ state }) => createJobStore(state).configure(alert, NOON),
    read: ({ state }) => createJobStore(state).find(alert.name),
  },
  windows: {
    write: writeWindows,
    read: async ({ state }) => [
      await createWindowStore(state).list(report.name, 9),
      await createWindowStore(state).chain(report.name),
    ],
  },
  heads: {
    write: ({ state }) => {
      const head = {
        id: 'alert-1',
        version: 1,
        fingerprint: 'f1',
        pass: 100,
        state: 'open',
        severity: 'high',
        title: 'Disk',
        resource: 'host',
        raisedAt: NOON,
        openedAt: NOON,
        significant: { b: [1], a: null },
      } as const;
      const change = { head, previousVersion: 0, digested: true, row: row('alert-1') };
      return createAlertStore(state).commit({ job: alert.name, shard: SHARD }, [change], NOON);
    },
    read: async ({ state }) => [
      await createAlertStore(state).heads(alert.name, ['alert-1']),
      await createAlertStore(state).open(alert.name),
    ],
  },
  checkpoint: {
    write: ({ state }) => {
      const pages = { cursor: { page: 3 }, round: 1, seen: ['ab', 'cd'], shifted: true, total: 7 };
      const checkpoint = {
        revision: 1,
        bornAt: NOON,
        position: NOON,
        succeededAt: NOON,
        listedAt: NOON,
        resume: { startedAt: NOON, from: NOON, to: later(1), pages },
        suspicion: { since: NOON, held: 9, seen: 0 },
        unreadable: ['ef'],
        minute: { at: 5, versions: 2 },
        silenced: 1,
      };
      return createAlertStore(state).saveCheckpoint({ job: alert.name, shard: SHARD }, checkpoint, 0, [], NOON);
    },
    read: ({ state }) => createAlertStore(state).checkpoint(alert.name),
  },
  outbox: {
    write: ({ state }) => createOutboxStore(state).requeue(SHARD, [row('waits')], NOON),
    read: ({ state }) => createOutboxStore(state).read(SHARD, 9, undefined),
  },
  published: {
    write: async ({ state }) => {
      const store = createOutboxStore(state);
      await store.requeue('2', [row('published')], NOON);
      await store.markPublished('2', (await store.read('2', 9, undefined)).rows, NOON);
    },
    read: async ({ state }) => {
      const found = [];
      for await (const each of createOutboxStore(state).published('2', NOON, later(1))) found.push(each);
      return found;
    },
  },
  poison: {
    write: async ({ state }) => {
      const store = createOutboxStore(state);
      await store.requeue('3', [row('refused')], NOON);
      for (const each of (await store.read('3', 9, undefined)).rows) await store.setAside('3', each, 'too large', NOON);
    },
    read: ({ state }) => createOutboxStore(state).poison('3'),
  },
  lease: {
    write: ({ state }) => createOutboxStore(state).acquire('4', 'holder', NOON, later(2)),
    read: async ({ state }) => [
      await createOutboxStore(state).acquire('4', 'another', later(1), later(3)),
      await createOutboxStore(state).release('4', 'holder'),
    ],
  },
  latency: {
    write: ({ state }) => createLatencyStore(state).add(SHARD, new Map([[alert.name, [900, 45_000]]]), NOON),
    read: ({ state }) => createLatencyStore(state).read(SHARD),
  },
  ticket: {
    write: (dynamo) =>
      authorizations(dynamo).createTicket({
        hash: HASH,
        connection: 'acme',
        provider: 'actionstep',
        authorizedBy: 'an operator',
        replaceAccount: true,
        expiresAt: later(60),
      }),
    read: (dynamo) => authorizations(dynamo).findTicket(HASH),
  },
  authorization: {
    write: async (dynamo) => {
      const store = authorizations(dynamo);
      const who = { connection: 'acme', provider: 'actionstep', authorizedBy: 'an operator', replaceAccount: false };
      const ticketHash = 'cd'.repeat(32);
      await store.createTicket({ ...who, hash: ticketHash, expiresAt: later(60) });
      const pending = {
        ...who,
        stateHash: 'ef'.repeat(32),
        ticketHash,
        browserHash: HASH,
        sealedVerifier: new Uint8Array([1, 2, 3]),
        redirectUri: 'https://steward.example/callback/actionstep',
        scopes: ['actions'],
        issuer: 'https://issuer.example',
        expiresAt: later(10),
      };
      await store.begin(pending, NOON);
      await store.countMismatch(pending.stateHash, NOON);
      await store.burn(pending, NOON);
      await store.finish(pending, 'connected', [], NOON);
    },
    read: async (dynamo) => [
      await authorizations(dynamo).find('ef'.repeat(32)),
      await authorizations(dynamo).findTicket('cd'.repeat(32)),
    ],
  },
  breaker: {
    write: async ({ state }) => {
      const store = createBreakerStore(state);
      await store.save('acme@host', { reason: 'rate-limited', until: later(1), trips: 2, since: NOON });
      await store.addRefusals('acme@host', ['one'], NOON);
    },
    read: async ({ state }) => [
      await createBreakerStore(state).find('acme@host'),
      await createBreakerStore(state).addRefusals('acme@host', ['two'], NOON),
    ],
  },
  budget: {
    write: async (dynamo) => {
      await budgets(dynamo).draw(DRAW);
      await budgets(dynamo).block(DRAW, later(3));
    },
    read: (dynamo) => budgets(dynamo).draw(DRAW),
  },
  hook: {
    write: async ({ state }) => {
      const store = createHookStore(state);
      const wish = { connection: 'acme', provider: 'actionstep', name: 'matters', job: 'changes', shard: SHARD };
      const wanted = { ...wish, events: ['ActionCreated'] };
      await store.put({ ...wish, secretHash: HASH }, NOON);
      await store.want(wanted);
      await store.kept(wanted, HASH, [], NOON);
      await store.foundOff(wanted, { at: later(1), since: NOON, events: ['ActionCreated'] }, []);
    },
    read: async ({ state }) => [
      await createHookStore(state).find('acme', HASH),
      await createHookStore(state).wanted('acme'),
    ],
  },
  work: {
    write: async ({ state }) => {
      const store = createWorkStore(state);
      const asked = {
        connection: 'acme',
        id: '42',
        payload: { job: 'changes' },
        createdAt: NOON,
        revision: 'r1',
        attempts: 0,
      };
      await store.add(SHARD, { ...asked, kind: 'hook' });
      await store.add(SHARD, { ...asked, kind: 'note' });
      await store.postpone(SHARD, { ...asked, kind: 'note' }, later(1), 'did not answer');
    },
    read: ({ state }) => createWorkStore(state).list(SHARD, later(2), 9),
  },
};
