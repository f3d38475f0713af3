import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { verifyArchive } from '../../functions/core/reports/verify.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import type { ExportView } from '../../infra/cli/overview.ts';
import { createOverviewReader } from '../../infra/cli/read-overview.ts';
import { fetchPublicKey } from '../../infra/cli/verify.ts';
import { openFolder } from '../../infra/cli/verify-readers.ts';
import { DEMO_SECRETS } from '../../infra/local/demo.ts';
import { type Doubles, startDoubles } from '../../infra/local/doubles.ts';
import { type LocalService, startService } from '../../infra/local/service.ts';
import { type Figure, plain } from './figures.ts';

const ROWS = 1_000_000;
const ORGANIZATIONS = 2;
/** A quiet machine needs two minutes. */
const LIMIT_MS = 600_000;
const ROWS_PER_REQUEST = 200;

/** One Action1 report of a million rows through the whole local stack: bundles, runtime client, wire protocols, files. */
export async function millionRows(): Promise<readonly Figure[]> {
  return exportRows(ROWS);
}

/** Exports so many rows, and says what it took. */
export async function exportRows(rows: number): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'steward-bench-'));
  const doubles = await startDoubles({
    port: 0,
    anchor: new Date(),
    scale: 1,
    accessLifeSeconds: 3600,
    reportRows: rows / ORGANIZATIONS,
  });
  let requests = 0;
  try {
    const service = await startService({
      directory,
      port: 0,
      tickSeconds: 1,
      configuration: {
        fileName: 'steward.yaml',
        text: configuration(doubles),
        secrets: { action1: DEMO_SECRETS.action1 },
        allowLoopback: true,
      },
      onStep: () => undefined,
      onHostEvent: (event) => {
        if (event.kind !== 'invocation-ended') return;
        if (event.function === 'report-export') requests += 1;
        if (event.error !== undefined) console.error(`  ${event.function}: ${event.error.errorMessage}`);
      },
    });
    try {
      return [...(await measure(service, directory, rows)), plain('invocations of report-export', requests, '', 0)];
    } finally {
      await service.stop();
    }
  } finally {
    await doubles.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function configuration({ urls }: Doubles): string {
  return `version: 1
connections:
  northwind:
    provider: action1
    region: NorthAmerica
    endpoint: ${urls.action1}
    secret: action1#northwind
    requestsPerMinute: 1000000
reports:
  compliance:
    connection: northwind
    source: report
    schedule: "0 5 * * 1"
    formats: [csv]
    options: { report: Compliance overview }
`;
}

async function measure(service: LocalService, directory: string, rows: number): Promise<readonly Figure[]> {
  const { services } = service;
  const look = createOverviewReader(services);
  const overview = () => look({ windows: 5, eventsForMs: 1000 });
  while (!(await overview()).connections.every(({ status }) => status === 'connected')) await wait(200);
  await requestExportOf(services)('compliance');
  const began = performance.now();
  let process: ProcessFigures = { peakKb: 0, cpuSeconds: 0 };
  let ended: ExportView | undefined;
  while (ended === undefined) {
    await wait(500);
    process = processFigures(service) ?? process;
    ended = (await overview()).exports.find(({ state }) => state !== 'running' && state !== 'pending');
    if (performance.now() - began > LIMIT_MS) throw new Error(`No export of ${rows} rows within ${LIMIT_MS / 1000} s`);
  }
  const seconds = (performance.now() - began) / 1000;
  if (ended.state !== 'exported' || ended.rows !== rows) {
    throw new Error(`The export is ${ended.state} with ${ended.rows} rows: ${ended.reason ?? ''}`);
  }
  const key = await fetchPublicKey(services.kms, services.target.signingKeyArn);
  const { findings } = await verifyArchive(openFolder(join(directory, 'archive')), key);
  if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join('; '));
  return [
    plain('rows, reconciled with the source and verified', rows, '', 0),
    plain('from asked for to sealed', seconds, 's', 1),
    plain('rows a second', rows / seconds, '', 0),
    plain(`requests of ${ROWS_PER_REQUEST} rows a second`, rows / ROWS_PER_REQUEST / seconds, '', 0),
    {
      what: 'requests of the provider, and the least possible',
      value: `${requestsOf(directory, ended)} and ${rows / ROWS_PER_REQUEST}`,
    },
    plain('bytes in the archive', (ended.bytes ?? 0) / 1e6, 'MB', 1),
    plain('peak memory of the report-export process', process.peakKb / 1024, 'MB', 0),
    plain('processor time of the report-export process', process.cpuSeconds, 's', 1),
  ];
}

function requestsOf(directory: string, { manifest = '' }: ExportView): number {
  const text = readFileSync(join(directory, 'archive', manifest), 'utf8');
  return (JSON.parse(text) as { readonly requests: number }).requests;
}

interface ProcessFigures {
  readonly peakKb: number;
  readonly cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;

/** Peak size and time of the processes that run `report-export`. Linux alone keeps them; elsewhere there are none. */
function processFigures({ host }: LocalService): ProcessFigures | undefined {
  const { processIds = [] } = host.statistics()['report-export'] ?? {};
  const figures = processIds.flatMap((pid) => {
    try {
      const [, peak = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
      return [{ peakKb: Number(peak), cpuSeconds: (user + system) / TICKS_PER_SECOND }];
    } catch {
      return [];
    }
  });
  return figures.toSorted((a, b) => b.peakKb - a.peakKb)[0];
}
