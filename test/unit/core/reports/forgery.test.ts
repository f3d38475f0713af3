import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { renderRecord, signRecord, type SignedRecord } from '../../../../functions/core/reports/manifest.ts';
import { type ArchiveReader, verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { type Forged, folderReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, NEXT_DAY, TEST_PUBLIC_KEY, type World } from '../../../support/export-world.ts';

function readerOf(world: World, forged: Forged, asked: string[] = []): ArchiveReader {
  const reader = folderReader(world.archive, forged);
  return {
    ...reader,
    read(key, versionId) {
      asked.push(key);
      return reader.read(key, versionId);
    },
  };
}

async function twoDays(gzip = false) {
  const world = createWorld({ partBytes: 300, job: { gzip } });
  for (const window of [DAY, NEXT_DAY]) {
    world.state.now = new Date(Date.parse(window.to) + 5000);
    await world.drive(await world.begin(window.from, window.to));
  }
  const prefix = world.prefix(NEXT_DAY.from, NEXT_DAY.to);
  return { world, prefix, newest: `${prefix}manifest.json`, text: world.archive.text(`${prefix}manifest.json`) ?? '' };
}

async function findingsOf(world: World, forged: Forged) {
  const { ok, findings } = await verifyArchive(readerOf(world, forged), TEST_PUBLIC_KEY);
  return [ok, ...findings.map(({ kind }) => kind)];
}

describe('a forger without the key', () => {
  it('hides nothing in a record that its reader does not hear: a name twice, white space, an overflow, bad UTF-8', async () => {
    const { world, newest, text } = await twoDays();
    expect(await findingsOf(world, {})).toEqual([true]);
    const twice = text.replace('"rows": 10,', '"rows": 99999,\n  "rows": 10,');
    const forgeries = [twice, `${text} `, text.replace('"rows": 10', '"rows": 10.0'), text.trimEnd()];
    for (const forged of forgeries) {
      expect(forged).not.toBe(text);
      expect(await findingsOf(world, { [newest]: Buffer.from(forged) })).toEqual([false, 'record']);
    }
  });

  it('has nothing read that a record names without a signature', async () => {
    const { world, newest, text } = await twoDays(true);
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const record = JSON.parse(text) as SignedRecord & { parts: { key: string; sha256: string; gzip: boolean }[] };
    const [part] = record.parts;
    const name = '../../etc/passwd\0';
    part!.key = name;
    part!.sha256 = createHash('sha256').update(bomb).digest('hex');
    const asked: string[] = [];
    const reader = readerOf(world, { [newest]: Buffer.from(renderRecord(record)), [name]: bomb }, asked);
    const { findings } = await verifyArchive(reader, TEST_PUBLIC_KEY);
    expect(findings.filter(({ kind }) => kind !== 'stray').map(({ kind }) => kind)).toEqual(['signature']);
    expect(asked).not.toContain(name);
  });

  it('adds no file that goes unnamed', async () => {
    const { world, prefix } = await twoDays();
    const key = `${prefix}part-00099.csv`;
    const { findings } = await verifyArchive(readerOf(world, { [key]: Buffer.from('id\r\nx\r\n') }), TEST_PUBLIC_KEY);
    const message = 'No manifest names this file: an attempt that failed left it, or somebody put it there';
    expect(findings).toEqual([{ kind: 'stray', job: 'acme/nightly', key, message }]);
  });

  it('passes a gap record off for a manifest in no other place than its own', async () => {
    const { world, prefix, newest, text } = await twoDays();
    const other = `${prefix}gap.json`;
    expect(await findingsOf(world, { [newest]: undefined, [other]: Buffer.from(text) })).toEqual([false, 'record']);
  });
});

describe('a record that was signed wrongly', () => {
  it('is off when it names a part twice, another window’s, or one that cannot be unpacked', async () => {
    const { world, newest, text } = await twoDays(true);
    const whole = JSON.parse(text) as Record<string, unknown> & { parts: { key: string; format: string }[] };
    const first = world.manifest(DAY.from, DAY.to).parts.filter(({ format }) => format === 'keys');
    const kinds = async (parts: readonly object[]) => {
      const { signature: _, ...content } = { ...whole, parts } as unknown as SignedRecord;
      const bytes = await signRecord(content, world.deps.signer);
      return findingsOf(world, { [newest]: bytes });
    };
    const keys = whole.parts.filter(({ format }) => format === 'keys');
    expect(await kinds([...whole.parts, keys[0]!])).toEqual([false, 'record']);
    expect(await kinds([...whole.parts.filter(({ format }) => format !== 'keys'), ...first])).toContain('record');
    const packed = keys.map((part) => ({ ...part, format: 'csv', gzip: true, rows: 0 }));
    expect(await kinds([...whole.parts.filter(({ format }) => format !== 'keys'), ...packed])).toContain('rows');
  });
});
