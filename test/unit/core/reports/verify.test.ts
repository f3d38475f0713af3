import { generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signRecord } from '../../../../functions/core/reports/manifest.ts';
import { verifyArchive } from '../../../../functions/core/reports/verify.ts';
import {
  createWorld,
  DAY,
  NEXT_DAY,
  pagesOf,
  someRows,
  TEST_PUBLIC_KEY,
  type World,
} from '../../../support/export-world.ts';
import { type Forged, folderReader } from '../../../support/archive-reader.ts';

const THIRD_DAY = { from: NEXT_DAY.to, to: '2026-03-04T01:00:00.000Z' };

const readerOf = (world: World, forged: Forged = {}) => folderReader(world.archive, forged);

async function threeDays(gzip = false): Promise<World> {
  const world = createWorld({ partBytes: 300, job: { gzip, formats: ['csv', 'jsonl', 'parquet'] } });
  for (const [index, window] of [DAY, NEXT_DAY, THIRD_DAY].entries()) {
    world.state.now = new Date(Date.parse(window.to) + 5000);
    world.setReadPage(pagesOf(someRows(10 + index), 4));
    const more = index === 1 ? { action: 'gap' as const, reason: 'missed' } : {};
    await world.drive(await world.begin(window.from, window.to, more));
  }
  return world;
}

/** As manifests had them before they said how long a block is. */
function blocksOf(bytes: Buffer, length: number): string[] {
  const count = Math.ceil(bytes.byteLength / length);
  const block = (index: number) => bytes.subarray(index * length, (index + 1) * length);
  return Array.from({ length: count }, (_, index) => hash('sha256', block(index), 'hex').slice(0, 32));
}

const read = async (world: World, key: string) => Buffer.from((await world.archive.read(key)) ?? []);

describe('verifyArchive()', () => {
  it('I18 I19 verifies what was exported, gap records and compressed parts too', async () => {
    for (const gzip of [false, true]) {
      const world = await threeDays(gzip);
      const report = await verifyArchive(readerOf(world), TEST_PUBLIC_KEY);
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({
        ok: true,
        jobs: [{ job: 'acme/nightly', exports: 2, gaps: 1, rows: 22, from: DAY.from, to: THIRD_DAY.to, findings: 0 }],
      });
      expect(report.jobs[0]?.head).toBe((await world.windows.chain('nightly'))?.last?.sha256);
    }
  });

  it('says which byte range of which file in which window was changed', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(12_000), 4000), job: { formats: ['jsonl'] } });
    await world.drive(await world.begin(DAY.from, DAY.to));
    const key = `${world.prefix(DAY.from, DAY.to)}part-00001.jsonl`;
    const bytes = await read(world, key);
    expect(bytes.byteLength).toBeGreaterThan(600_000);
    for (const at of [300_000, 500_000]) bytes[at] = (bytes[at] ?? 0) ^ 1;
    const report = await verifyArchive(readerOf(world, { [key]: bytes }), TEST_PUBLIC_KEY);
    expect(report.ok).toBe(false);
    const window = `${DAY.from}/${DAY.to}`;
    expect(report.findings).toMatchObject([
      { kind: 'changed', key, window, bytes: [294_912, 327_679] },
      { kind: 'changed', key, window, bytes: [491_520, 524_287] },
    ]);
    expect(report.findings[0]?.message).toContain('Bytes 294912 to 327679 are not what was signed');
  });

  it('finds a change in a small file to the kibibyte, and what was cut off or put on to the byte', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(100), 100), job: { formats: ['jsonl'] } });
    await world.drive(await world.begin(DAY.from, DAY.to));
    const key = `${world.prefix(DAY.from, DAY.to)}part-00001.jsonl`;
    const bytes = await read(world, key);
    const size = bytes.byteLength;
    expect(size).toBeGreaterThan(3 * 1024);
    const flipped = Buffer.from(bytes);
    flipped[1500] = (flipped[1500] ?? 0) ^ 1;
    const ranges = async (forged: Uint8Array) =>
      (await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY)).findings.map(
        (finding) => finding.bytes,
      );
    expect(await ranges(flipped)).toEqual([[1024, 2047]]);
    expect(await ranges(bytes.subarray(0, 2048))).toEqual([[2048, size - 1]]);
    const longer = Buffer.concat([bytes, Buffer.alloc(5000)]);
    expect(await ranges(longer)).toEqual([[Math.floor(size / 1024) * 1024, size + 4999]]);
    const summary = `${world.prefix(DAY.from, DAY.to)}summary.html`;
    const page = await read(world, summary);
    page[10] = 0;
    const { findings } = await verifyArchive(readerOf(world, { [summary]: page }), TEST_PUBLIC_KEY);
    expect(findings).toMatchObject([{ kind: 'changed', key: summary, bytes: [0, page.byteLength - 1] }]);
  });

  it('reads manifests of before, whose blocks had one length', async () => {
    const world = createWorld({ readPage: pagesOf(someRows(12_000), 4000), job: { formats: ['jsonl'] } });
    await world.drive(await world.begin(DAY.from, DAY.to));
    const manifestKey = `${world.prefix(DAY.from, DAY.to)}manifest.json`;
    const key = `${world.prefix(DAY.from, DAY.to)}part-00001.jsonl`;
    const bytes = await read(world, key);
    const { signature: _, ...content } = world.manifest(DAY.from, DAY.to);
    const parts = content.parts.map(({ blockBytes: __, ...part }) => ({
      ...part,
      blocks: blocksOf(bytes, 256 * 1024),
    }));
    const old = await signRecord({ ...content, parts: parts.filter((part) => part.key === key) }, world.deps.signer);
    const whole = await verifyArchive(readerOf(world, { [manifestKey]: old }), TEST_PUBLIC_KEY);
    expect(whole.ok).toBe(true);
    bytes[300_000] = (bytes[300_000] ?? 0) ^ 1;
    const { findings } = await verifyArchive(readerOf(world, { [manifestKey]: old, [key]: bytes }), TEST_PUBLIC_KEY);
    expect(findings.filter(({ kind }) => kind !== 'stray')).toMatchObject([
      { kind: 'changed', bytes: [262_144, 524_287] },
    ]);
  });

  it('sees a part that is gone, cut short or grown', async () => {
    const world = await threeDays();
    const key = `${world.prefix(DAY.from, DAY.to)}part-00002.csv`;
    const bytes = await read(world, key);
    const kinds = [];
    for (const forged of [undefined, bytes.subarray(0, 40), Buffer.concat([bytes, Buffer.from('x\r\n')])]) {
      const { findings } = await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY);
      kinds.push(findings.map((finding) => [finding.kind, finding.key]));
    }
    expect(kinds).toEqual([[['missing', key]], [['changed', key]], [['changed', key]]]);
  });

  it('sees a manifest that was altered, although every hash in it was made to fit', async () => {
    const world = await threeDays();
    const key = `${world.prefix(DAY.from, DAY.to)}manifest.json`;
    const manifest = JSON.parse((await read(world, key)).toString()) as { authorization: { by: string } };
    manifest.authorization.by = 'somebody@else.example';
    const forged = Buffer.from(JSON.stringify(manifest));
    const { findings } = await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY);
    expect(findings.map(({ kind }) => kind)).toEqual(['signature', 'chain']);
  });

  it('refuses signatures of another key, and a key that is none', async () => {
    const world = await threeDays();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
    const { findings } = await verifyArchive(readerOf(world), other.toString());
    expect(findings.map(({ kind }) => kind)).toEqual(['signature', 'signature', 'signature']);
    await expect(verifyArchive(readerOf(world), 'nonsense')).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      cause: expect.any(Error) as Error,
    });
  });

  it('sees a window that was taken out: a hole in the chain and in time', async () => {
    const world = await threeDays();
    const gone = Object.fromEntries(
      [...world.archive.objects.keys()]
        .filter((key) => key.startsWith(world.prefix(NEXT_DAY.from, NEXT_DAY.to)))
        .map((key) => [key, undefined]),
    );
    const { findings } = await verifyArchive(readerOf(world, gone), TEST_PUBLIC_KEY);
    expect(findings.map(({ kind, message }) => [kind, message])).toEqual([
      ['chain', 'Number 2 of the chain is missing'],
      ['tiling', `Nothing covers ${NEXT_DAY.from} to ${NEXT_DAY.to}`],
    ]);
  });

  it('sees records in a folder that is not theirs, and files that are no records', async () => {
    const world = await threeDays();
    const moved = 'acme/other/20260301T010000Z--20260302T010000Z/manifest.json';
    const source = await read(world, `${world.prefix(DAY.from, DAY.to)}manifest.json`);
    await world.archive.write({ key: moved, bytes: source, contentType: '' });
    const broken = 'acme/third/20260301T010000Z--20260302T010000Z/manifest.json';
    await world.archive.write({ key: broken, bytes: Buffer.from('{'), contentType: '' });
    const { findings } = await verifyArchive(readerOf(world), TEST_PUBLIC_KEY);
    expect(findings.map(({ kind, key }) => [kind, key])).toEqual([
      ['record', moved],
      ['record', broken],
    ]);
  });

  it('says in which window a record cannot be read, and takes nothing beside it for a stray', async () => {
    const world = await threeDays();
    const key = `${world.prefix(DAY.from, DAY.to)}manifest.json`;
    const forged = await read(world, key);
    forged[3] = 0;
    const { ok, findings } = await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY);
    expect(ok).toBe(false);
    expect(findings[0]).toMatchObject({ kind: 'record', key, window: `${DAY.from}/${DAY.to}` });
    expect(findings.map(({ kind }) => kind)).toEqual(['record', 'chain']);
  });

  it('calls a record that lacks what it must have no record, instead of stumbling over it', async () => {
    const world = await threeDays();
    const key = `${world.prefix(DAY.from, DAY.to)}manifest.json`;
    const whole = JSON.parse((await read(world, key)).toString()) as Record<string, unknown>;
    for (const change of [
      { parts: null },
      { window: { from: 'x', to: 'y' } },
      { signature: undefined },
      { kind: 'other' },
    ]) {
      const forged = Buffer.from(JSON.stringify({ ...whole, ...change }));
      const { findings } = await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY);
      expect(findings[0]).toMatchObject({ kind: 'record', key });
    }
    const alien = { ...whole, signature: { key: 'x', algorithm: 'none', value: '' } };
    const forged = Buffer.from(JSON.stringify(alien));
    const { findings } = await verifyArchive(readerOf(world, { [key]: forged }), TEST_PUBLIC_KEY);
    expect(findings[0]).toMatchObject({ kind: 'signature', key });
  });

  it('tells of each job in the order of their names, and counts for each what is off in it', async () => {
    const world = await threeDays();
    const first = `${world.prefix(DAY.from, DAY.to)}part-00001.csv`;
    const stray = `${world.prefix(DAY.from, DAY.to)}part-00099.csv`;
    const others = ['zoo', 'bar', 'foo'].map((job) => `acme/${job}/20260301T010000Z--20260302T010000Z/manifest.json`);
    const forged = Object.fromEntries(others.map((key) => [key, Buffer.from('{')]));
    const progress: [number, number][] = [];
    const { jobs } = await verifyArchive(
      readerOf(world, { ...forged, [first]: undefined, [stray]: Buffer.from('a') }),
      TEST_PUBLIC_KEY,
      { onProgress: (done, total) => progress.push([done, total]) },
    );
    expect(jobs.map(({ job, findings }) => [job, findings])).toEqual([
      ['acme/bar', 1],
      ['acme/foo', 1],
      ['acme/nightly', 1],
      ['acme/zoo', 1],
    ]);
    expect(progress).toEqual(Array.from({ length: 6 }, (_, index) => [index + 1, 6]));
    expect(jobs[0]).toEqual({
      job: 'acme/bar',
      exports: 0,
      gaps: 0,
      rows: 0,
      parts: 0,
      bytes: 0,
      from: '',
      to: '',
      head: '',
      sequence: 0,
      signedBy: [],
      findings: 1,
    });
    const sizes = [DAY, THIRD_DAY].flatMap(({ from, to }) => world.manifest(from, to).parts.map(({ bytes }) => bytes));
    expect(jobs[2]).toMatchObject({
      parts: sizes.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      signedBy: [world.manifest(DAY.from, DAY.to).signature.key],
    });
  });

  it('names data that lies there without a manifest, and does not call the archive broken for it', async () => {
    const world = await threeDays();
    const key = 'acme/nightly/20260304T010000Z--20260305T010000Z/part-00001.csv';
    await world.archive.write({ key, bytes: Buffer.from('a'), contentType: '' });
    const report = await verifyArchive(readerOf(world), TEST_PUBLIC_KEY);
    const message = 'A data file without a manifest beside it';
    expect(report.findings).toEqual([{ kind: 'stray', job: 'acme/nightly', key, message }]);
    expect(report.ok).toBe(true);
    await world.archive.write({ key: key.replace('00001', '00002'), bytes: Buffer.from('a'), contentType: '' });
    expect((await verifyArchive(readerOf(world), TEST_PUBLIC_KEY)).findings).toHaveLength(1);
  });

  it('does not call files strays whose record cannot be read', async () => {
    const world = createWorld();
    const folder = 'acme/nightly/20260301T010000Z--20260302T010000Z/';
    const files = { [`${folder}manifest.json`]: Buffer.from('{'), [`${folder}part-00001.csv`]: Buffer.from('a') };
    const { findings } = await verifyArchive(readerOf(world, files), TEST_PUBLIC_KEY);
    expect(findings.map(({ kind }) => kind)).toEqual(['record']);
  });

  it('names a file that lies where no export has any', async () => {
    const world = await threeDays();
    for (const key of ['notes.txt', 'acme/nightly/readme.md', 'acme/nightly/a/b/c.csv']) {
      await world.archive.write({ key, bytes: Buffer.from('a'), contentType: '' });
    }
    await world.archive.write({ key: 'incomplete/acme/nightly/a/part', bytes: Buffer.from('a'), contentType: '' });
    const { ok, findings } = await verifyArchive(readerOf(world), TEST_PUBLIC_KEY);
    expect(ok).toBe(true);
    expect(findings.map(({ kind, key }) => [kind, key])).toEqual([
      ['stray', 'notes.txt'],
      ['stray', 'acme/nightly/readme.md'],
      ['stray', 'acme/nightly/a/b/c.csv'],
    ]);
  });
});
