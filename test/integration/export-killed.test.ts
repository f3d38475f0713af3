import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import { parseRecord } from '../../functions/core/reports/manifest.ts';
import { verifyArchive } from '../../functions/core/reports/verify.ts';
import { requestExportOf } from '../../infra/cli/commands/export.ts';
import { fetchPublicKey } from '../../infra/cli/verify.ts';
import { openFolder } from '../../infra/cli/verify-readers.ts';
import { DEMO_SECRETS } from '../../infra/local/demo.ts';
import { type Doubles, startDoubles } from '../../infra/local/doubles.ts';
import { type LocalService, startService } from '../../infra/local/service.ts';
import { eventually } from '../support/running-service.ts';

const ROWS_OF_AN_ORGANIZATION = 15_000;
const KILLS = 4;
const EXPORT_MS = 150_000;

const configuration = (action1: string) => `version: 1
connections:
  northwind: { provider: action1, region: NorthAmerica, endpoint: ${action1}, secret: action1#northwind, requestsPerMinute: 1000000 }
reports:
  whole: &report
    connection: northwind
    source: report
    schedule: "0 5 * * 1"
    formats: [csv, jsonl, parquet]
    options: { report: Compliance overview }
  killed: *report
`;

let directory: string;
let doubles: Doubles;
let service: LocalService;
const ends: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'steward-killed-'));
  const sizes = { scale: 0.1, accessLifeSeconds: 3600, reportRows: ROWS_OF_AN_ORGANIZATION };
  doubles = await startDoubles({ port: 0, anchor: new Date(), ...sizes });
  service = await startService({
    directory,
    port: 0,
    tickSeconds: 1,
    configuration: {
      fileName: 'steward.yaml',
      text: configuration(doubles.urls.action1),
      secrets: { action1: DEMO_SECRETS.action1 },
      allowLoopback: true,
    },
    onStep: () => undefined,
    onHostEvent: (event) => {
      if (event.kind === 'invocation-ended' && event.function === 'report-export') {
        ends.push(event.error === undefined ? 'well' : (event.error.errorType ?? 'error'));
      }
    },
  });
}, 120_000);
afterAll(async () => {
  await service?.stop();
  await doubles?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function exported(job: string, meanwhile: () => Promise<void> = async () => undefined) {
  await eventually(
    'a token',
    async () => (await service.services.connections.find('northwind'))?.health === 'connected',
  );
  await requestExportOf(service.services)(job);
  await meanwhile();
  const windows = createWindowStore(service.services.stateTable);
  const ended = async () => (await windows.list(job, 10)).find(({ state }) => state !== 'running');
  return eventually(`an export of ${job}`, ended, EXPORT_MS);
}

async function dataOf(manifestKey: string) {
  const bytes = await openFolder(join(directory, 'archive')).read(manifestKey);
  const record = bytes && parseRecord(bytes);
  if (record?.kind !== 'export') throw new Error('No manifest');
  const data = record.parts.filter(({ format }) => format !== 'keys');
  return { record, files: data.map(({ key, sha256, rows }) => [key.split('/').at(-1), sha256, rows]) };
}

describe('an export whose process is killed again and again', () => {
  it(
    'E01 E02 I18 I21 goes on from its last part in the runtime that is deployed, and ends in the same bytes',
    { timeout: 400_000 },
    async () => {
      const whole = await exported('whole');
      expect(whole).toMatchObject({ state: 'exported', attempt: 1, sealed: { rows: 2 * ROWS_OF_AN_ORGANIZATION } });

      const before = ends.length;
      let kills = 0;
      const killed = await exported('killed', async () => {
        while (kills < KILLS) {
          await wait(500 + kills * 300);
          const running = service.host.executions.list().some(({ status }) => status === 'RUNNING');
          if (!running) continue;
          for (const id of service.host.statistics()['report-export']?.processIds ?? []) process.kill(id, 'SIGKILL');
          kills += 1;
        }
      });
      expect(killed).toMatchObject({ state: 'exported', attempt: 1, sealed: { rows: 2 * ROWS_OF_AN_ORGANIZATION } });
      expect(ends.slice(before).filter((end) => end !== 'well').length).toBeGreaterThanOrEqual(2);

      const [one, other] = [
        await dataOf(whole.sealed?.manifestKey ?? ''),
        await dataOf(killed.sealed?.manifestKey ?? ''),
      ];
      expect(other.files).toEqual(one.files);
      expect(one.files.length).toBeGreaterThanOrEqual(9);
      const { kms, target } = service.services;
      const report = await verifyArchive(
        openFolder(join(directory, 'archive')),
        await fetchPublicKey(kms, target.signingKeyArn),
      );
      expect(report).toMatchObject({ ok: true, findings: [], jobs: [{ exports: 1 }, { exports: 1 }] });
    },
  );
});
