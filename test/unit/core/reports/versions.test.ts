import { describe, expect, it } from 'vitest';
import type { ListedVersion } from '../../../../functions/core/reports/archive-listing.ts';
import { type ArchiveReader, verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { bucketReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, NEXT_DAY, TEST_PUBLIC_KEY, type World } from '../../../support/export-world.ts';

async function twoDays() {
  const world = createWorld();
  for (const window of [DAY, NEXT_DAY]) {
    world.state.now = new Date(Date.parse(window.to) + 5000);
    await world.drive(await world.begin(window.from, window.to));
  }
  return { world, part: `${world.prefix(DAY.from, DAY.to)}part-00001.csv`, manifest: manifestOf(world) };
}

const manifestOf = (world: World) => `${world.prefix(NEXT_DAY.from, NEXT_DAY.to)}manifest.json`;

/** The bucket with delete markers on top of some keys: a reader who names no version is told that there is nothing. */
function withMarkers(world: World, keys: readonly string[]): ArchiveReader {
  const reader = bucketReader(world.archive);
  return {
    ...reader,
    async *list() {
      for (const key of keys) yield { key, versionId: 'marker', newest: true, deleteMarker: true };
      for await (const version of reader.list()) {
        yield keys.includes(version.key) ? { ...version, newest: false } : version;
      }
    },
    read: async (key, versionId) =>
      versionId === undefined && keys.includes(key) ? undefined : reader.read(key, versionId),
  };
}

const window = `${DAY.from}/${DAY.to}`;

describe('verifyArchive() of a bucket with versions', () => {
  it('E26 sees a version on top of a signed one, which is intact beneath it', async () => {
    const { world, part } = await twoDays();
    expect(await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY)).toMatchObject({ ok: true, findings: [] });
    await world.archive.write({ key: part, bytes: Buffer.from('other,rows\r\n'), contentType: 'text/csv' });
    const { ok, findings } = await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY);
    expect(ok).toBe(false);
    const message = 'Version v2, which nobody signed, lies on top of the signed version v1';
    expect(findings).toEqual([{ kind: 'version', job: 'acme/nightly', window, key: part, message }]);
  });

  it('E05 takes what a failed attempt left beneath a signed version for what it is', async () => {
    const world = createWorld();
    const part = `${world.prefix(DAY.from, DAY.to)}part-00001.csv`;
    await world.archive.write({ key: part, bytes: Buffer.from('of an attempt before'), contentType: 'text/csv' });
    await world.drive(await world.begin(DAY.from, DAY.to));
    expect(world.archive.objects.get(part)).toHaveLength(2);
    expect(await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY)).toMatchObject({ ok: true, findings: [] });
  });

  it('E26 sees delete markers on a part and on the newest record, and that both are there still', async () => {
    const { world, part, manifest } = await twoDays();
    const { ok, jobs, findings } = await verifyArchive(withMarkers(world, [part, manifest]), TEST_PUBLIC_KEY);
    expect(ok).toBe(false);
    expect(jobs).toMatchObject([{ exports: 2, head: (await world.windows.chain('nightly'))?.last?.sha256 }]);
    expect(findings.map(({ kind, key, message }) => [kind, key, message])).toEqual([
      ['version', part, 'A delete marker hides this file; the signed version v1 lies beneath it'],
      ['version', manifest, 'A delete marker hides this record; version v1 lies beneath it'],
    ]);
  });

  it('sees a record that has more than one version, whichever is on top', async () => {
    const { world, manifest } = await twoDays();
    const genuine = (await world.archive.read(manifest)) ?? Buffer.of();
    await world.archive.write({ key: manifest, bytes: Buffer.from('{}'), contentType: '' });
    const forged = await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY);
    expect(forged.findings.map(({ kind, key }) => [kind, key])).toContainEqual(['record', manifest]);
    await world.archive.write({ key: manifest, bytes: genuine, contentType: '' });
    const { findings } = await verifyArchive(bucketReader(world.archive), TEST_PUBLIC_KEY);
    const message = 'A record is written once, and this one has 3 versions: v2, v1 beneath v3';
    expect(findings).toMatchObject([{ kind: 'version', key: manifest, message }]);
  });

  it('takes keys that hold nothing but a delete marker for what they are: nothing', async () => {
    const { world } = await twoDays();
    const reader = bucketReader(world.archive);
    const removed: ListedVersion = { key: 'acme/nightly/x/y.csv', versionId: 'm', newest: true, deleteMarker: true };
    const list = async function* () {
      yield removed;
      yield* reader.list();
    };
    expect(await verifyArchive({ ...reader, list }, TEST_PUBLIC_KEY)).toMatchObject({ ok: true, findings: [] });
  });
});
