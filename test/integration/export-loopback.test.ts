import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJobStore } from '../../functions/adapters/dynamodb/job-store.ts';
import { createWindowStore } from '../../functions/adapters/dynamodb/window-store.ts';
import { createKmsSigner } from '../../functions/adapters/kms/signer.ts';
import { createArchive } from '../../functions/adapters/s3/archive.ts';
import { ProviderRefusedError } from '../../functions/core/errors.ts';
import { createRunExport } from '../../functions/core/reports/export.ts';
import type { ExportInput } from '../../functions/core/reports/run-types.ts';
import type { VerifyReport } from '../../functions/core/reports/verify.ts';
import { createRequestExport } from '../../functions/core/schedules/request-export.ts';
import { createSweepReports } from '../../functions/core/schedules/sweep-reports.ts';
import { EXIT } from '../../infra/cli/exit.ts';
import { createTerminal, type Terminal } from '../../infra/cli/terminal.ts';
import { fetchPublicKey, readHeads, readPublicKey, verifyCommand } from '../../infra/cli/verify.ts';
import { UNCHECKED_READS } from '../../infra/cli/verify-readers.ts';
import { localEndpoint } from '../support/aws-endpoint.ts';
import { drive } from '../support/durable-driver.ts';
import { createWorld, pagesOf, someRows } from '../support/export-world.ts';

let aws: Awaited<ReturnType<typeof localEndpoint>>;
let s3: S3Client;
let kms: KMSClient;
let dynamo: DynamoDBClient;
beforeAll(async () => {
  aws = await localEndpoint();
  s3 = new S3Client({ ...aws.client, forcePathStyle: true });
  kms = new KMSClient(aws.client);
  dynamo = new DynamoDBClient(aws.client);
});
afterAll(async () => {
  for (const client of [s3, kms, dynamo]) client.destroy();
  await aws.stop();
});

/** Poller and export on the real stores, each attempt driven to its end when it is started. */
function service() {
  const resources = aws.local.resources;
  const table = { client: dynamo, tableName: resources.stateTableName };
  const world = createWorld({
    startAt: new Date(),
    partBytes: 2000,
    job: { name: 'hourly', gzip: true, cron: '0 * * * *', zone: 'UTC' },
  });
  const jobs = createJobStore(table);
  const windows = createWindowStore(table);
  const run = createRunExport({
    ...world.deps,
    jobs,
    windows,
    archive: createArchive({ client: s3, bucket: resources.archiveBucketName }),
    signer: createKmsSigner({ client: kms, keyArn: resources.signingKeyArn }),
  });
  const started: ExportInput[] = [];
  const describeSource = () => world.description;
  const common = { jobs, windows, describe: describeSource, clock: world.clock };
  const sweep = createSweepReports({
    ...common,
    stage: 'test',
    start: async (_name, input) => void started.push(input),
    nudge: async () => {},
    log: world.deps.log,
    metrics: world.deps.metrics,
  });
  let ticks = 0;
  return {
    world,
    jobs,
    windows,
    ask: createRequestExport(common),
    async tick() {
      await sweep('0', `tick-${++ticks}`, { remainingMs: () => 50_000 });
      const outcomes = [];
      for (const input of started.splice(0)) outcomes.push(await drive((durable) => run(input, durable)));
      return outcomes.map((driven) => (driven.crashed ? 'crashed' : driven.result.state));
    },
  };
}

function quietTerminal(lines: string[]): Terminal {
  return { ...createTerminal(true), out: (text) => void lines.push(text) };
}

describe('exports on loopback', () => {
  it('make a chain that steward verify accepts in the bucket and in the folder, and rejects when a byte is changed', async () => {
    const made = service();
    const { world, jobs, windows } = made;
    const hour = 3_600_000;
    await jobs.configure(
      { ...world.job, startAt: new Date(Math.floor(Date.now() / hour) * hour - 2 * hour) },
      world.state.now,
    );
    const states: string[] = [];
    for (let n = 0; n < 3; n++) {
      states.push(...(await made.tick()));
      world.setReadPage(pagesOf(someRows(50 + n), 20));
    }
    await made.ask('hourly').catch(() => undefined);
    world.state.now = new Date(world.state.now.getTime() + 2000);
    await made.ask('hourly');
    states.push(...(await made.tick()));
    expect(states).toEqual(['exported', 'exported', 'exported']);
    expect(await windows.chain('hourly')).toMatchObject({ sequence: 3 });

    const keyFile = join(aws.directory, 'signing.pem');
    await writeFile(keyFile, await fetchPublicKey(kms, aws.local.resources.signingKeyArn));
    const publicKey = await readPublicKey(keyFile);
    const folder = join(aws.directory, 'archive');
    for (const location of ['s3://archive', 's3://archive/acme/hourly', folder]) {
      const lines: string[] = [];
      expect(await verifyCommand(quietTerminal(lines), { location, publicKey, s3: () => s3 })).toBe(EXIT.done);
      const report = JSON.parse(lines[0] ?? '') as VerifyReport;
      expect(report).toMatchObject({ ok: true, findings: [], jobs: [{ job: 'acme/hourly', exports: 3, gaps: 0 }] });
    }

    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'archive' }));
    expect(Versions.every(({ IsLatest }) => IsLatest)).toBe(true);
    const victim = Versions.map(({ Key }) => Key ?? '').find((key) => key.endsWith('part-00002.csv.gz'))!;
    const before = await readFile(join(folder, victim));
    await appendFile(join(folder, victim), 'x');
    const lines: string[] = [];
    expect(await verifyCommand(quietTerminal(lines), { location: folder, publicKey, s3: () => s3 })).toBe(EXIT.failed);
    expect((JSON.parse(lines[0] ?? '') as VerifyReport).findings).toMatchObject([{ kind: 'changed', key: victim }]);
    const unchecked = new S3Client({ ...aws.client, forcePathStyle: true, ...UNCHECKED_READS });
    lines.length = 0;
    await writeFile(
      join(folder, victim),
      before.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
    );
    const inBucket = { location: 's3://archive', publicKey, s3: () => unchecked };
    expect(await verifyCommand(quietTerminal(lines), inBucket)).toBe(EXIT.failed);
    unchecked.destroy();
    expect((JSON.parse(lines[0] ?? '') as VerifyReport).findings).toMatchObject([{ kind: 'changed', key: victim }]);
    await writeFile(join(folder, victim), before);

    const headsFile = join(aws.directory, 'heads.txt');
    await expect(readHeads(headsFile)).rejects.toThrow('--heads-out');
    const offline = { location: folder, publicKey, s3: () => s3, headsOut: headsFile };
    expect(await verifyCommand(quietTerminal([]), offline)).toBe(EXIT.done);
    const pinned = await readFile(headsFile, 'utf8');
    const again = { ...offline, heads: await readHeads(headsFile) };
    expect(await verifyCommand(quietTerminal([]), again)).toBe(EXIT.done);
    const newest = (await windows.chain('hourly'))?.last?.key ?? '';
    await rename(join(folder, dirname(newest)), join(aws.directory, 'taken'));
    expect(await verifyCommand(quietTerminal([]), { ...offline, headsOut: `${headsFile}.none` })).toBe(EXIT.done);
    lines.length = 0;
    expect(await verifyCommand(quietTerminal(lines), again)).toBe(EXIT.failed);
    expect((JSON.parse(lines[0] ?? '') as VerifyReport).findings).toMatchObject([{ kind: 'head', job: 'acme/hourly' }]);
    expect(await readFile(headsFile, 'utf8')).toBe(pinned);
    await rename(join(aws.directory, 'taken'), join(folder, dirname(newest)));
  });

  it('E26 lie under what is put on top of them: steward verify sees it in the bucket, and nothing is lost', async () => {
    const publicKey = await fetchPublicKey(kms, aws.local.resources.signingKeyArn);
    const location = 's3://archive/acme/hourly';
    const findings = async () => {
      const lines: string[] = [];
      const code = await verifyCommand(quietTerminal(lines), { location, publicKey, s3: () => s3 });
      return { code, findings: (JSON.parse(lines[0] ?? '') as VerifyReport).findings };
    };
    const { Versions = [] } = await s3.send(
      new ListObjectVersionsCommand({ Bucket: 'archive', Prefix: 'acme/hourly/' }),
    );
    const keys = Versions.map(({ Key }) => Key ?? '');
    const part = keys.find((key) => key.endsWith('part-00001.csv.gz'))!;
    const record = keys.findLast((key) => key.endsWith('manifest.json'))!;
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: 'archive', Key: part, Body: 'no rows' }));
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: 'archive', Key: record }));
    expect(await findings()).toMatchObject({
      code: EXIT.failed,
      findings: [
        { kind: 'version', key: part, message: expect.stringContaining(`Version ${VersionId}`) as string },
        { kind: 'version', key: record, message: expect.stringContaining('delete marker') as string },
      ],
    });
    await s3.send(new DeleteObjectCommand({ Bucket: 'archive', Key: part, VersionId }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'archive', Key: record, VersionId: marker.VersionId }));
    expect(await findings()).toEqual({ code: EXIT.done, findings: [] });
  });

  it('I19 fill a gap that was given up: both records stand, and the archive verifies', async () => {
    const made = service();
    const { world, jobs, windows } = made;
    const hour = 3_600_000;
    const startAt = new Date(Math.floor(Date.now() / (24 * hour)) * 24 * hour - 24 * hour);
    await jobs.remove('hourly');
    await jobs.configure({ ...world.job, name: 'filled', cron: '0 0 * * *', startAt }, world.state.now);
    world.setReadPage(() => Promise.reject(new ProviderRefusedError('403: not yours')));
    const states: string[] = [];
    for (let n = 0; n < 9; n++) {
      states.push(...(await made.tick()));
      world.state.now = new Date(world.state.now.getTime() + 6 * hour);
      if (n === 7) world.setReadPage(pagesOf(someRows(30), 20));
    }
    expect(states.slice(0, 9)).toEqual([...Array.from({ length: 8 }, () => 'failed'), 'gap']);
    expect((await made.ask('filled', { from: startAt })).fills).toHaveLength(1);
    while ((await windows.chain('filled'))?.asked !== undefined) {
      states.push(...(await made.tick()));
      world.state.now = new Date(world.state.now.getTime() + 1000);
    }
    const record = await windows.find('filled', startAt);
    expect(record).toMatchObject({ state: 'exported', action: 'fill', attempt: 10 });
    expect(record?.reason).toBeUndefined();
    const publicKey = await fetchPublicKey(kms, aws.local.resources.signingKeyArn);
    const lines: string[] = [];
    const location = 's3://archive/acme/filled';
    expect(await verifyCommand(quietTerminal(lines), { location, publicKey, s3: () => s3 })).toBe(EXIT.done);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ jobs: [{ gaps: 1, findings: 0 }] });
    await expect(made.ask('filled', { from: startAt })).rejects.toThrow('no gap begins');
  });

  it('says in words when there is nothing to verify, or no key', async () => {
    const terminal = quietTerminal([]);
    const publicKey = await fetchPublicKey(kms, aws.local.resources.signingKeyArn);
    const s3Of = () => s3;
    await expect(verifyCommand(terminal, { location: '/nowhere', publicKey, s3: s3Of })).rejects.toThrow('no folder');
    await expect(verifyCommand(terminal, { location: 's3://archive/none', publicKey, s3: s3Of })).rejects.toThrow(
      'no exports',
    );
    await expect(readPublicKey('/nowhere.pem')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
