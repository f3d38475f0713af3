import type { Connection, ConnectionDemand } from '../../../functions/core/connections/connection.ts';
import type { ConnectionStore } from '../../../functions/core/connections/store.ts';
import { CredentialsMissingError, StoreUnavailableError } from '../../../functions/core/errors.ts';
import type { Job } from '../../../functions/core/jobs.ts';
import type { Provider } from '../../../functions/core/provider.ts';
import type { JobStore } from '../../../functions/core/schedules/job-store.ts';
import type { Clock } from '../../../functions/core/time.ts';
import type { HookStore } from '../../../functions/core/work/hook.ts';
import type { CredentialsSource } from '../../../functions/core/tokens/credentials.ts';
import type { Configuration, ConfiguredConnection } from '../configuration/configuration.ts';
import { hookName, plan, type PlannedChange, type WantedConnection } from './plan.ts';

export interface ApplyDependencies {
  readonly connections: ConnectionStore;
  readonly jobs: JobStore;
  readonly hooks: HookStore;
  readonly credentials: CredentialsSource;
  readonly providers: Readonly<Record<string, Provider>>;
  readonly clock: Clock;
}

/** A plan and the means to carry it out. */
export interface PreparedApply {
  readonly changes: readonly PlannedChange[];
  /** Writes it. `onProgress` is told after each write. */
  carryOut(onProgress?: (done: number, total: number) => void): Promise<void>;
}

/** How many writes are under way at once. */
const CONCURRENCY = 16;

/**
 * Compares what is wanted with what there is. Writes nothing.
 *
 * @throws CredentialsMissingError naming the secrets that are not there: a connection without one is of no use, and its
 * client id says whose budget it draws on
 */
export async function prepareApply(
  dependencies: ApplyDependencies,
  configuration: Configuration,
): Promise<PreparedApply> {
  await checkSecrets(dependencies, configuration.connections);
  const wanted = await Promise.all(
    configuration.connections.map((connection) => wantedConnection(dependencies, connection, configuration.jobs)),
  );
  const [connections, jobs] = await Promise.all([dependencies.connections.list(), dependencies.jobs.list()]);
  const hooks = await storedHooks(dependencies, connections);
  const changes = plan({
    wanted: { connections: wanted, jobs: configuration.jobs, hooks: configuration.hooks },
    current: { connections, jobs: jobs.map(({ job }) => job), hooks },
  });
  return { changes, carryOut: (onProgress) => carryOut(dependencies, wanted, configuration, changes, onProgress) };
}

/** Webhooks are listed by connection; only those of providers that have some are asked for. */
async function storedHooks({ hooks, providers }: ApplyDependencies, connections: readonly Connection[]) {
  const asked = connections.filter(({ provider }) => providers[provider]?.hooks?.standing !== undefined);
  return (await Promise.all(asked.map(({ name }) => hooks.wanted(name)))).flat();
}

async function wantedConnection(
  { providers, credentials }: ApplyDependencies,
  connection: ConfiguredConnection,
  jobs: readonly Job[],
): Promise<WantedConnection> {
  const provider = providers[connection.provider] as Provider;
  const clientId = await clientIdOf(credentials, connection);
  return {
    name: connection.name,
    provider: provider.id,
    grant: provider.grant,
    settings: connection.settings,
    secret: connection.secret,
    budgetAccount: provider.budgetAccount(connection.settings, clientId),
    demand: jobs.filter((job) => job.connection === connection.name && !job.paused).map(demandOf),
  };
}

/** Secrets that one sentence names. */
const SECRETS_NAMED = 5;

async function checkSecrets(
  { credentials }: ApplyDependencies,
  connections: readonly ConfiguredConnection[],
): Promise<void> {
  const asked = await Promise.all(
    connections.map(async (connection) => ({ connection, isMissing: await isMissing(credentials, connection) })),
  );
  const missing = asked.filter((each) => each.isMissing).map(({ connection }) => connection);
  if (missing.length === 0) return;
  const names = missing.slice(0, SECRETS_NAMED).map(({ name, secret }) => `${referenceOf(secret)} (of ${name})`);
  const more = missing.length > SECRETS_NAMED ? ` and ${missing.length - SECRETS_NAMED} more` : '';
  const first = missing[0] === undefined ? '' : referenceOf(missing[0].secret);
  throw new CredentialsMissingError(
    `Credentials are missing: ${names.join(', ')}${more}. Nothing was applied. Store them first: steward credentials set ${first}, or the file of --secrets with npm start.`,
  );
}

function referenceOf({ name, key }: ConfiguredConnection['secret']): string {
  return key === undefined ? name : `${name}#${key}`;
}

async function isMissing(credentials: CredentialsSource, { secret }: ConfiguredConnection): Promise<boolean> {
  try {
    await credentials.get(secret);
    return false;
  } catch (error) {
    if (error instanceof CredentialsMissingError) return true;
    if (error instanceof StoreUnavailableError) return false;
    throw error;
  }
}

/** The client id says whose budget it is. A secret that is not ours to read says nothing. */
async function clientIdOf(
  credentials: CredentialsSource,
  { secret }: ConfiguredConnection,
): Promise<string | undefined> {
  try {
    return (await credentials.get(secret)).clientId;
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

function demandOf(job: Job): ConnectionDemand {
  return job.kind === 'alert' ? { everySeconds: job.everySeconds } : { cron: job.cron, zone: job.zone };
}

async function carryOut(
  { connections, jobs, hooks, clock }: ApplyDependencies,
  wantedConnections: readonly WantedConnection[],
  wanted: Configuration,
  changes: readonly PlannedChange[],
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<void> {
  const changed = new Set(
    changes
      .filter(({ action }) => action === 'create' || action === 'update')
      .map(({ kind, name }) => `${kind} ${name}`),
  );
  const removed = changes.filter(({ action }) => action === 'remove');
  // Every connection is written: `configure` leaves one alone that is as wanted, and its demand follows its jobs.
  const first = wantedConnections.map((connection) => async () => {
    const { name, ...configuration } = connection;
    await connections.configure(name, configuration, clock.now());
  });
  const second = [
    ...wanted.jobs
      .filter((job) => changed.has(`${job.kind} ${job.name}`))
      .map((job) => () => jobs.configure(job, clock.now())),
    ...removed
      .filter(({ kind }) => kind !== 'hook')
      .map(
        ({ name }) =>
          () =>
            jobs.remove(name),
      ),
  ];
  const third = [
    ...wanted.hooks.filter((hook) => changed.has(`hook ${hookName(hook)}`)).map((hook) => () => hooks.want(hook)),
    ...removed
      .filter(({ kind }) => kind === 'hook')
      .map(({ name }) => name.split('/') as [string, string])
      .map(
        ([connection, name]) =>
          () =>
            hooks.unwant(connection, name),
      ),
  ];
  let done = 0;
  const total = first.length + second.length + third.length;
  const advance = () => onProgress((done += 1), total);
  // Each comes after what it names, so that no tick finds one without the other.
  await inParallel(first, advance);
  await inParallel(second, advance);
  await inParallel(third, advance);
}

async function inParallel(tasks: readonly (() => Promise<void>)[], advance: () => void): Promise<void> {
  const queue = tasks.values();
  const worker = async () => {
    for (const task of queue) {
      await task();
      advance();
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, tasks.length) }, worker));
}
