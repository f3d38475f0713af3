import { allShards } from '../../functions/core/events.ts';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { createLatencyStore } from '../../functions/adapters/dynamodb/latency-store.ts';
import { createOutboxStore } from '../../functions/adapters/dynamodb/outbox-store.ts';
import { fromItem, toItem } from '../../functions/adapters/dynamodb/table.ts';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import { missingScopes } from '../../functions/core/authorization/authorization-events.ts';
import { budgetKey, rulesOf } from '../../functions/core/budgets/gcra.ts';
import { budgetRule } from '../../functions/core/budgets/rule.ts';
import { type Connection, statusOf } from '../../functions/core/connections/connection.ts';
import type { ReportJob } from '../../functions/core/jobs.ts';
import { SUMMARY } from '../../functions/core/reports/names.ts';
import type { JobState } from '../../functions/core/schedules/job-store.ts';
import { type LatencyDigest, latencyQuantile } from '../../functions/core/schedules/latency.ts';
import type { WindowRecord } from '../../functions/core/schedules/window-store.ts';
import { HOUR_MS } from '../../functions/core/time.ts';
import type { BudgetView, ConnectionView, ExportView, JobView, Overview } from './overview.ts';
import { createEventReader } from './read-events.ts';
import { createRecordReader, type ReadRecord } from './read-records.ts';
import type { Services } from './services.ts';
import { LOCAL_DIRECTORY } from './target.ts';
import { span } from './words.ts';

export interface OverviewOptions {
  /** Windows per job, newest first. */
  readonly windows: number;
  /** How far back published events are looked for. */
  readonly eventsForMs: number;
  /** Whether budgets are read: half of all requests, of no use to those who wait for something else. */
  readonly budgets: boolean;
}

const DEFAULT_OPTIONS: OverviewOptions = { windows: 3, eventsForMs: 24 * HOUR_MS, budgets: true };

/** Reads everything that there is to see. A reader keeps what does not change: records, and what was published. */
export function createOverviewReader(services: Services): (options?: Partial<OverviewOptions>) => Promise<Overview> {
  const readRecord = createRecordReader(services);
  const readEvents = createEventReader(services);
  return async (options) => {
    const { windows, eventsForMs, budgets: withBudgets } = { ...DEFAULT_OPTIONS, ...options };
    const at = services.clock.now();
    const [connections, jobs] = await Promise.all([services.connections.list(), services.jobs.list()]);
    const [exports, events, budgets, outbox, latencies] = await Promise.all([
      readExports(services, jobs, windows, readRecord),
      readEvents(new Date(at.getTime() - eventsForMs), at),
      withBudgets ? readBudgets(services, connections, at) : [],
      readOutbox(services),
      readLatencies(services),
    ]);
    const views = connections
      .map((each) => connectionView(services, each))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return {
      stage: services.target.stage,
      ...optional('directory', services.target.directory === LOCAL_DIRECTORY ? undefined : services.target.directory),
      at,
      connections: views,
      exports,
      jobs: jobs.map((job) => jobView(job, latencies.get(job.job.name) ?? job.run.latency)),
      events,
      budgets,
      outbox,
    };
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

/** What a connection's configuration asks for, and nobody has consented to. */
export function missingScopesOf(
  { providers }: Pick<Services, 'providers'>,
  { provider, settings, scopes }: Connection,
): readonly string[] {
  return missingScopes(providers[provider]?.authorization?.scopes(settings) ?? [], scopes);
}

function connectionView({ providers }: Services, connection: Connection): ConnectionView {
  const { provider: id, secret, scopes } = connection;
  const missing = missingScopesOf({ providers }, connection);
  return {
    name: connection.name,
    provider: id,
    title: providers[id]?.title ?? id,
    needsConsent: providers[id]?.grant === 'authorization-code',
    secret: secret.key === undefined ? secret.name : `${secret.name}#${secret.key}`,
    status: statusOf(connection),
    ...optional('healthWhilePaused', connection.paused ? connection.health : undefined),
    generation: connection.generation,
    ...optional('accessIssuedAt', connection.access?.issuedAt),
    ...optional('accessExpiresAt', connection.access?.expiresAt),
    ...optional('refreshExpiresAt', connection.refresh?.expiresAt),
    ...optional('lastRefreshAt', connection.lastRefreshAt),
    ...optional('nextRefreshAt', connection.nextRefreshAt),
    ...optional('lastError', connection.lastError),
    ...optional('authorizedBy', connection.authorizedBy),
    ...optional('authorizedAt', connection.authorizedAt),
    ...optional('scopes', scopes),
    ...(missing.length === 0 ? {} : { missingScopes: missing }),
    ...optional('providerAccount', connection.providerAccount),
  };
}

function jobView({ job, dueAt, run }: JobState, digest: LatencyDigest | undefined): JobView {
  return {
    name: job.name,
    kind: job.kind,
    connection: job.connection,
    provider: job.provider,
    source: job.source,
    paused: job.paused,
    schedule: job.kind === 'alert' ? `every ${span(job.everySeconds * 1000)}` : `${job.cron} ${job.zone}`,
    failures: run.failures,
    ...optional('nextAt', dueAt),
    ...optional('lastAt', run.lastRunAt),
    ...optional('lastError', run.failures > 0 ? run.lastError?.message : undefined),
    ...optional('latencyP50Ms', latencyQuantile(digest, 0.5)),
    ...optional('latencyP99Ms', latencyQuantile(digest, 0.99)),
  };
}

/** A job is of one shard, so that no two have figures of the same. */
async function readLatencies({ stateTable, target }: Services): Promise<ReadonlyMap<string, LatencyDigest>> {
  const store = createLatencyStore(stateTable);
  const found = await Promise.all(allShards(target.shardCount).map((shard) => store.read(shard)));
  return new Map(found.flatMap((digests) => [...digests]));
}

async function readExports(
  services: Services,
  jobs: readonly JobState[],
  limit: number,
  readRecord: ReadRecord,
): Promise<readonly ExportView[]> {
  const store = createWindowStore(services.stateTable);
  const reports = jobs.map(({ job }) => job).filter((job) => job.kind === 'report');
  const views = await Promise.all(
    reports.map(async (job) => {
      const windows = await store.list(job.name, limit);
      return Promise.all(windows.map((window) => exportView(job, window, readRecord)));
    }),
  );
  return views.flat().toSorted((a, b) => b.to.getTime() - a.to.getTime() || (a.job < b.job ? -1 : 1));
}

async function exportView(job: ReportJob, window: WindowRecord, readRecord: ReadRecord): Promise<ExportView> {
  const { sealed } = window;
  const record = sealed === undefined ? undefined : await readRecord(sealed);
  const isExport = window.state === 'exported' && sealed !== undefined;
  return {
    job: job.name,
    connection: job.connection,
    provider: job.provider,
    source: job.source,
    from: window.from,
    to: window.to,
    state: window.state,
    ...optional('manifest', sealed?.manifestKey),
    ...optional('record', record?.state),
    ...(isExport ? { rows: sealed.rows, bytes: sealed.bytes } : {}),
    ...(isExport && record !== undefined ? record.facts : {}),
    ...optional('summary', isExport ? sealed.manifestKey.replace(/[^/]+$/, SUMMARY) : undefined),
    ...optional('reason', window.reason ?? window.error?.message),
  };
}

function shards({ target }: Services): readonly string[] {
  return allShards(target.shardCount);
}

async function readOutbox(services: Services): Promise<Overview['outbox']> {
  const store = createOutboxStore(services.stateTable);
  const pages = await Promise.all(shards(services).map((shard) => store.read(shard, 1000, undefined)));
  const rows = pages.flatMap((page) => page.rows);
  const oldest = rows.map(({ createdAt }) => createdAt).toSorted((a, b) => a.getTime() - b.getTime())[0];
  return { pending: rows.length, ...optional('oldestAt', oldest) };
}

const MINUTE_MS = 60_000;

async function readBudgets(
  services: Services,
  connections: readonly Connection[],
  at: Date,
): Promise<readonly BudgetView[]> {
  const accounts = new Map<string, { readonly connection: Connection; readonly category: string }>();
  for (const connection of connections) {
    for (const category of Object.keys(services.providers[connection.provider]?.budgets ?? {})) {
      accounts.set(`${connection.provider} ${connection.budgetAccount} ${category}`, { connection, category });
    }
  }
  const views = await Promise.all([...accounts.values()].map((account) => readBudget(services, account, at)));
  return views.filter((view) => view !== undefined);
}

async function readBudget(
  { stateTable, providers }: Services,
  { connection, category }: { readonly connection: Connection; readonly category: string },
  at: Date,
): Promise<BudgetView | undefined> {
  const provider = providers[connection.provider];
  if (provider === undefined) return undefined;
  const { perMinute } = budgetRule(provider, connection.settings, category);
  const draw = {
    provider: provider.id,
    account: connection.budgetAccount,
    category,
    perMinute,
    lane: 'token',
  } as const;
  const { Item } = await stateTable.client.send(
    new GetItemCommand({ TableName: stateTable.tableName, Key: toItem({ pk: budgetKey(draw), sk: 'budget' }) }),
  );
  if (Item === undefined) return undefined;
  const { paidAt, blockedUntil } = fromItem(Item) as { readonly paidAt?: number; readonly blockedUntil?: number };
  const [rule] = rulesOf(draw);
  // The clock stands where everything granted is paid for: what it is ahead is what is drawn and not yet worked off.
  const ahead = Math.max(0, (paidAt ?? 0) - at.getTime());
  return {
    provider: provider.id,
    account: connection.budgetAccount,
    category,
    perMinute,
    used: Math.min(1, ahead / Math.max(rule?.aheadMs ?? MINUTE_MS, 1)),
    ...optional('blockedUntil', blockedUntil === undefined ? undefined : new Date(blockedUntil)),
  };
}
