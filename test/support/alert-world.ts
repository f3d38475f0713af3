import { runAlertPass } from '../../functions/core/alerts/pass.ts';
import type { Alert, AlertPage, AlertSource } from '../../functions/core/alerts/source.ts';
import type { OpenApi } from '../../functions/core/api.ts';
import type { AlertJob } from '../../functions/core/jobs.ts';
import type { JsonValue } from '../../functions/core/json.ts';
import type { Log, LogFields, Metrics } from '../../functions/core/log.ts';
import type { Provider } from '../../functions/core/provider.ts';
import { createMemoryAlertStore } from './memory-alert-store.ts';
import { createMemoryOutboxStore, createMemoryState } from './memory-outbox-store.ts';
import { anAlertJob } from './report-job.ts';

export const NOON = new Date('2026-03-01T12:00:00Z');

/** An alert as the fake provider has it; `changedAt` is the stamp that its feed goes by. */
export function anAlert(id: string, change: Partial<Alert> = {}): Alert {
  return {
    id,
    severity: 'high',
    state: 'open',
    title: `Disk ${id} is full`,
    resource: `host-${id}`,
    raisedAt: NOON,
    changedAt: NOON,
    significant: { subject: `Disk ${id} is full` },
    details: {},
    ...change,
  };
}

export interface FakeClock {
  now(): Date;
  advance(ms: number): void;
}

export function fakeClock(start: Date = NOON): FakeClock {
  let at = start.getTime();
  return { now: () => new Date(at), advance: (ms) => void (at += ms) };
}

/** Keeps what was logged and measured. */
export function recordingLog(): Log & { readonly events: [string, LogFields | undefined][] } {
  const events: [string, LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void events.push([event, fields]);
  return { events, info: note, warn: note, error: note };
}

export function recordingMetrics(): Metrics & { readonly values: Map<string, number[]> } {
  const values = new Map<string, number[]>();
  return { values, add: (name, _unit, value) => void values.set(name, [...(values.get(name) ?? []), value]) };
}

export const AMPLE = { remainingMs: () => 50_000 };

/** A provider's alerts on one machine: change `alerts`, and the source shows them. Hooks stand in for its quirks. */
export function fakeSource(options: { mode: 'feed' | 'snapshot'; pageSize?: number; lagMs?: number }) {
  const alerts = new Map<string, Alert>();
  const pageSize = options.pageSize ?? 100;
  const fake = {
    alerts,
    requests: [] as string[],
    /** Runs before a page is cut: moves things, or fails. */
    beforePage: undefined as ((page: number) => void) | undefined,
    unreadable: [] as string[],
    set: (id: string, change: Partial<Alert> = {}): void => {
      alerts.set(id, { ...(alerts.get(id) ?? anAlert(id)), ...change });
    },
    page(all: readonly Alert[], cursor: JsonValue | undefined): AlertPage {
      const page = (cursor as number | undefined) ?? 1;
      const shown = all.slice((page - 1) * pageSize, page * pageSize);
      return {
        alerts: shown,
        total: all.length,
        ...(fake.unreadable.length > 0 && page === 1 ? { unreadable: fake.unreadable } : {}),
        ...(all.length > page * pageSize ? { next: page + 1 } : {}),
      };
    },
  };
  const byChange = () =>
    [...alerts.values()].toSorted((a, b) => Number(a.changedAt) - Number(b.changedAt) || (a.id < b.id ? -1 : 1));
  const source: AlertSource = {
    title: 'Fake alerts',
    mode: options.mode,
    lagMs: options.lagMs ?? 0,
    parseOptions: () => ({}),
    async readPage(_call, _context, { from, to }, cursor) {
      fake.requests.push(`page ${JSON.stringify(cursor ?? 1)}`);
      fake.beforePage?.((cursor as number | undefined) ?? 1);
      if (options.mode === 'snapshot') {
        return fake.page(
          [...alerts.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
          cursor,
        );
      }
      const inSpan = byChange().filter(({ changedAt }) => changedAt && changedAt >= from && changedAt <= to);
      return fake.page(inSpan, cursor);
    },
    ...(options.mode === 'snapshot'
      ? {}
      : {
          async readOpenPage(_call, _context, cursor) {
            fake.requests.push(`open ${JSON.stringify(cursor ?? 1)}`);
            return fake.page(
              byChange().filter(({ state }) => state !== 'resolved'),
              cursor,
            );
          },
          async readOne(_call, _context, id) {
            fake.requests.push(`one ${id}`);
            return alerts.get(id);
          },
        }),
  };
  return Object.assign(fake, { source });
}

export type FakeSource = ReturnType<typeof fakeSource>;

/** A connection that is open to the fake source and to nothing else. */
export function fakeApi(source: AlertSource, connection = 'acme'): OpenApi {
  const provider = { id: 'fake', title: 'Fake', alertSources: { alerts: source } } as unknown as Provider;
  return {
    provider,
    context: { connection, settings: {} },
    connection: { name: connection } as OpenApi['connection'],
    call: async () => Promise.reject(new Error('the fake source calls nothing')),
    requests: () => 0,
  };
}

/** One job on one fake source, with stores in memory. */
export function alertWorld(
  options: { mode: 'feed' | 'snapshot'; pageSize?: number; lagMs?: number },
  change: Partial<AlertJob> = {},
) {
  const source = fakeSource(options);
  const clock = fakeClock();
  const state = createMemoryState();
  const store = createMemoryAlertStore(state);
  const outbox = createMemoryOutboxStore(state);
  const log = recordingLog();
  const job = anAlertJob(change);
  const dependencies = { store, clock, log, origin: { stage: 'test' } };
  return {
    ...source,
    fake: source,
    clock,
    state,
    store,
    outbox,
    log,
    job,
    dependencies,
    poll: (deadline = AMPLE, as: AlertJob = job) => runAlertPass(dependencies, as, fakeApi(source.source), deadline),
    /** Changes an alert as the provider does: its stamp moves, unless the change says otherwise. */
    change(id: string, to: Partial<Alert>) {
      source.set(id, { changedAt: clock.now(), ...to });
    },
    rows: () => [...(state.rows.get('0')?.values() ?? [])],
    /** `type version severity state` of every alert event so far, in order. */
    news: () =>
      [...(state.rows.get('0')?.values() ?? [])]
        .filter(({ event }) => event.type.startsWith('steward.alert.') && event.type !== 'steward.alert.digest')
        .map(({ event, order }) => `${event.subject} ${event.type.slice('steward.alert.'.length)} ${order}`),
  };
}
