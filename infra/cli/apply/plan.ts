import type { Connection } from '../../../functions/core/connections/connection.ts';
import type { ConnectionConfiguration } from '../../../functions/core/connections/store.ts';
import type { Job } from '../../../functions/core/jobs.ts';
import type { HookStore, WantedHook as StoredHook } from '../../../functions/core/work/hook.ts';
import { canonicalJson, type JsonValue } from '../../../functions/core/json.ts';

/** One line of a plan. */
export interface PlannedChange {
  readonly action: 'create' | 'update' | 'remove' | 'keep';
  readonly kind: 'connection' | 'report' | 'alert' | 'hook';
  readonly name: string;
  /** What changes, a line each: `schedule: "0 2 * * *" → "0 3 * * *"`. */
  readonly details: readonly string[];
}

export type WantedConnection = { readonly name: string } & ConnectionConfiguration;

/** A webhook that is wanted, as the store takes it. */
export type WantedHook = Parameters<HookStore['want']>[0];

export interface PlanInput {
  readonly wanted: {
    readonly connections: readonly WantedConnection[];
    readonly jobs: readonly Job[];
    readonly hooks: readonly WantedHook[];
  };
  readonly current: {
    readonly connections: readonly Connection[];
    readonly jobs: readonly Job[];
    readonly hooks: readonly StoredHook[];
  };
}

/** Webhooks have names of their own on each connection. */
export function hookName({ connection, name }: Pick<WantedHook, 'connection' | 'name'>): string {
  return `${connection}/${name}`;
}

/**
 * What `steward apply` would do. Pure; nothing that stays the same is in it.
 *
 * A connection that the file no longer names is kept: forgetting a grant is `steward disconnect`'s to do. A job that
 * the file no longer names is removed; its archive, windows and alert history stay.
 */
export function plan({ wanted, current }: PlanInput): readonly PlannedChange[] {
  const connections = new Map(current.connections.map((connection) => [connection.name, connection]));
  const jobs = new Map(current.jobs.map((job) => [job.name, job]));
  const wantedConnections = new Set(wanted.connections.map(({ name }) => name));
  const wantedJobs = new Set(wanted.jobs.map(({ name }) => name));
  const hooks = new Map(current.hooks.map((hook) => [hookName(hook), hook]));
  const wantedHooks = new Set(wanted.hooks.map(hookName));
  return [
    ...wanted.connections.map((connection) =>
      change(
        'connection',
        connection.name,
        connectionView(connections.get(connection.name)),
        connectionView(connection),
      ),
    ),
    ...wanted.jobs.map((job) =>
      change(job.kind, job.name, jobs.has(job.name) ? jobView(jobs.get(job.name)) : undefined, jobView(job)),
    ),
    ...wanted.hooks.map((hook) => change('hook', hookName(hook), hookView(hooks.get(hookName(hook))), hookView(hook))),
    ...current.connections
      .filter(({ name, health }) => !wantedConnections.has(name) && health !== 'disconnected')
      .map(({ name }) => keep(name)),
    ...current.jobs
      .filter(({ name }) => !wantedJobs.has(name))
      .map(({ kind, name }): PlannedChange => ({
        action: 'remove',
        kind,
        name,
        details: ['its archive and history stay'],
      })),
    ...current.hooks
      .filter((hook) => !wantedHooks.has(hookName(hook)))
      .map((hook): PlannedChange => ({
        action: 'remove',
        kind: 'hook',
        name: hookName(hook),
        details: ['what still comes in is turned away'],
      })),
  ].filter((planned) => planned !== undefined);
}

function keep(name: string): PlannedChange {
  const details = [`not in the file; kept. To forget its tokens: steward disconnect ${name}; to forget it: --erase`];
  return { action: 'keep', kind: 'connection', name, details };
}

type View = Readonly<Record<string, unknown>>;

function connectionView(connection: WantedConnection | Connection | undefined): View | undefined {
  if (connection === undefined) return undefined;
  const { provider, settings, secret, budgetAccount } = connection;
  return {
    provider,
    ...settings,
    secret: secret.key === undefined ? secret.name : `${secret.name}#${secret.key}`,
    budgetAccount,
  };
}

function jobView(job: Job | undefined): View {
  const { kind: _kind, name: _name, provider: _provider, shard: _shard, ...rest } = job as Job;
  return rest;
}

function hookView(hook: WantedHook | StoredHook | undefined): View | undefined {
  return hook === undefined ? undefined : { job: hook.job, events: hook.events };
}

function change(
  kind: PlannedChange['kind'],
  name: string,
  before: View | undefined,
  after: View | undefined,
): PlannedChange | undefined {
  if (before === undefined) return { action: 'create', kind, name, details: lines({}, after ?? {}) };
  const details = lines(before, after ?? {});
  return details.length === 0 ? undefined : { action: 'update', kind, name, details };
}

function lines(before: View, after: View): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const [from, to] = [text(before[key]), text(after[key])];
    if (from === to) return [];
    return from === undefined ? [`${key}: ${to}`] : [`${key}: ${from} → ${to ?? 'none'}`];
  });
}

function text(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return canonicalJson(JSON.parse(JSON.stringify(value)) as JsonValue);
}
