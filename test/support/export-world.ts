import { recordingLog } from './alert-world.ts';
import { createEncoders } from '../../functions/adapters/encoding/encoders.ts';
import type { OpenApiFor } from '../../functions/core/api.ts';
import type { Connection } from '../../functions/core/connections/connection.ts';
import type { ReportJob } from '../../functions/core/jobs.ts';
import type { JsonValue } from '../../functions/core/json.ts';
import type { Provider } from '../../functions/core/provider.ts';
import { createRunExport } from '../../functions/core/reports/export.ts';
import type { Manifest, SignedRecord } from '../../functions/core/reports/manifest.ts';
import { windowPrefix } from '../../functions/core/reports/names.ts';
import type { ExportDependencies, ExportInput } from '../../functions/core/reports/run-types.ts';
import type {
  ReportSource,
  SourceDescription,
  SourcePage,
  SourceRow,
  Window,
} from '../../functions/core/reports/source.ts';
import { drive, type DriveOptions, Effects } from './durable-driver.ts';
import { createMemoryArchive, type MemoryArchive } from './memory-archive.ts';
import { createMemoryJobStore } from './memory-job-store.ts';
import { createMemoryWindowStore } from './memory-window-store.ts';
import { createMemorySigner } from './memory-signer.ts';
import { aReportJob } from './report-job.ts';

export { TEST_KEYS, TEST_PUBLIC_KEY } from './memory-signer.ts';

export type ReadPage = (
  cursor: JsonValue | undefined,
  window: Window,
  observedAt: Date,
) => SourcePage | Promise<SourcePage>;

export interface WorldOptions {
  readonly job?: Partial<ReportJob>;
  readonly description?: Partial<SourceDescription>;
  readonly readPage?: ReadPage;
  readonly partBytes?: number;
  readonly startAt?: Date;
}

/** Rows `0..count` in pages, each page's cursor being the next row's number. */
export function pagesOf(rows: readonly SourceRow[], size: number, more: Partial<SourcePage> = {}): ReadPage {
  return (cursor) => {
    const start = typeof cursor === 'number' ? cursor : 0;
    const next = start + size < rows.length ? { next: start + size } : {};
    return { rows: rows.slice(start, start + size), ...next, sourceTotal: rows.length, ...more };
  };
}

export function someRows(count: number): readonly SourceRow[] {
  const severities = ['critical', 'high', 'low'];
  return Array.from({ length: count }, (_, id) => ({
    id: `row-${id}`,
    severity: severities[id % 3] ?? 'low',
    score: id / 2,
    open: id % 2 === 0,
    tags: { list: [id] },
  }));
}

const CONNECTION: Connection = {
  schema: 1,
  name: 'acme',
  provider: 'fake',
  settings: {},
  secret: { name: 'fake' },
  shard: '0',
  budgetAccount: 'acme',
  health: 'connected',
  paused: false,
  generation: 1,
  attempts: [],
  failures: 0,
  warnedDays: [],
  authorizedBy: 'ops@acme.example',
  authorizedAt: new Date('2026-01-01T00:00:00Z'),
  scopes: ['reports'],
};

/** Everything around an export but AWS and the provider; time stands still unless a test moves it. */
export function createWorld(options: WorldOptions = {}) {
  const state = { now: options.startAt ?? new Date('2026-03-02T01:00:05Z'), reads: 0 };
  const clock = { now: () => state.now };
  const effects = new Effects();
  const archive: MemoryArchive = createMemoryArchive(clock.now);
  const jobs = createMemoryJobStore();
  const windows = createMemoryWindowStore();
  const job = aReportJob(options.job);
  const description: SourceDescription = {
    kind: 'incremental',
    settleMs: 0,
    keyColumns: ['id'],
    groupColumn: 'severity',
    ...options.description,
  };
  let readPage: ReadPage = options.readPage ?? pagesOf(someRows(10), 4);
  const source: ReportSource = {
    title: 'Rows',
    parseOptions: () => ({}),
    describe: () => description,
    async readPage(_call, context, cursor) {
      state.reads += 1;
      return effects.run(() => readPage(cursor, context.window, context.observedAt));
    },
  };
  const provider = {
    id: 'fake',
    title: 'Fake',
    budgets: { default: { perMinute: 25 } },
    sources: { rows: source },
  } as unknown as Provider;
  let open: () => void = () => {};
  const openApi: OpenApiFor = async () => {
    open();
    let requests = 0;
    const call = async () => {
      requests += 1;
      return { status: 200, headers: {}, body: new Uint8Array() };
    };
    return {
      provider,
      context: { connection: 'acme', settings: {} },
      connection: CONNECTION,
      call,
      requests: () => requests,
    };
  };
  const log = recordingLog();
  const deps: ExportDependencies = {
    stage: 'test',
    codeVersion: '7',
    jobs: effects.wrap(jobs),
    windows: effects.wrap(windows),
    archive: effects.wrap(archive),
    signer: effects.wrap(createMemorySigner()),
    encoders: createEncoders(),
    openApi,
    providers: { fake: provider },
    clock,
    pause: async (ms) => {
      state.now = new Date(state.now.getTime() + ms);
    },
    nudge: async () => {},
    log,
    metrics: { add() {} },
    ...(options.partBytes === undefined ? {} : { partBytes: options.partBytes }),
  };
  const run = createRunExport(deps);
  return {
    state,
    clock,
    effects,
    archive,
    jobs,
    windows,
    job,
    deps,
    run,
    description,
    provider,
    log,
    setReadPage(next: ReadPage) {
      readPage = next;
    },
    setOpen(next: () => void) {
      open = next;
    },
    /** Configures the job and begins an attempt, as the poller would. */
    async begin(from: string, to: string, change: Partial<ExportInput> = {}): Promise<ExportInput> {
      if ((await jobs.find(job.name)) === undefined) await jobs.configure(job, state.now);
      const input: ExportInput = { job: job.name, from, to, attempt: 1, action: 'export', ...change };
      const { attempt, action, reason } = input;
      const given = reason === undefined ? {} : { reason };
      await windows.begin(
        { job: job.name, from: new Date(from), to: new Date(to), attempt, action, execution: `x${attempt}`, ...given },
        state.now,
      );
      return input;
    },
    drive: (input: ExportInput, more: DriveOptions = {}) =>
      drive((durable) => run(input, durable), {
        onWait: (ms) => {
          state.now = new Date(state.now.getTime() + ms);
        },
        ...more,
      }),
    prefix: (from: string, to: string) =>
      windowPrefix(job.connection, job.name, { from: new Date(from), to: new Date(to) }),
    manifest(from: string, to: string): SignedRecord & Manifest {
      const text = archive.text(`${this.prefix(from, to)}manifest.json`);
      if (text === undefined) throw new Error('No manifest');
      return JSON.parse(text) as SignedRecord & Manifest;
    },
  };
}

export type World = ReturnType<typeof createWorld>;

export const DAY = { from: '2026-03-01T01:00:00.000Z', to: '2026-03-02T01:00:00.000Z' };
export const NEXT_DAY = { from: '2026-03-02T01:00:00.000Z', to: '2026-03-03T01:00:00.000Z' };
