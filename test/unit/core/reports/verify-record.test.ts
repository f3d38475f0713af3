import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Manifest, type SignedRecord, signRecord } from '../../../../functions/core/reports/manifest.ts';
import { verifyArchive } from '../../../../functions/core/reports/verify.ts';
import { signatureHolds } from '../../../../functions/core/reports/verify-record.ts';
import { type Forged, folderReader } from '../../../support/archive-reader.ts';
import { createWorld, DAY, pagesOf, someRows, TEST_PUBLIC_KEY } from '../../../support/export-world.ts';

const WINDOW = `${DAY.from}/${DAY.to}`;
const JOB = 'acme/nightly';

/** One day's export of ten rows in every format, and what verifying finds when its files or its signed manifest differ. */
async function exportedDay(gzip = false) {
  const world = createWorld({
    readPage: pagesOf(someRows(10), 10),
    job: { gzip, formats: ['csv', 'jsonl', 'parquet'] },
  });
  await world.drive(await world.begin(DAY.from, DAY.to));
  const prefix = world.prefix(DAY.from, DAY.to);
  const key = `${prefix}manifest.json`;
  const manifest = world.manifest(DAY.from, DAY.to);
  const { signature: _, ...content } = manifest;
  const found = async (forged: Forged) => {
    const { findings } = await verifyArchive(folderReader(world.archive, forged), TEST_PUBLIC_KEY);
    return findings.filter(({ kind }) => kind !== 'stray').map(({ kind, message, key: at }) => [kind, at, message]);
  };
  const signed = async (change: Partial<Manifest>) =>
    found({ [key]: await signRecord({ ...content, ...change }, world.deps.signer) });
  const ofFormat = (format: string) => manifest.parts.find((part) => part.format === format);
  return { world, prefix, key, manifest, found, signed, ofFormat };
}

describe('what a signed manifest says of itself', () => {
  it('I18 has the schema’s own hash', async () => {
    const { key, manifest, signed } = await exportedDay();
    const schema = { ...manifest.schema, sha256: '0'.repeat(64) };
    expect(await signed({ schema })).toEqual([['schema', key, 'The schema’s hash is not its own']]);
  });

  it('I18 adds up in every format', async () => {
    const { key, signed } = await exportedDay();
    const message = (format: string) => ['rows', key, `The ${format} parts have 10 rows, the manifest says 11`];
    expect(await signed({ rows: 11 })).toEqual(['csv', 'jsonl', 'parquet'].map(message));
  });

  it.each(['csv', 'jsonl'])('I18 counts the rows of each %s file', async (format) => {
    const { key, manifest, signed, ofFormat } = await exportedDay();
    const part = ofFormat(format);
    const parts = manifest.parts.map((one) => (one === part ? { ...one, rows: 9 } : one));
    expect(await signed({ parts })).toEqual([
      ['rows', part?.key, 'Has 10 rows, the manifest says 9'],
      ['rows', key, `The ${format} parts have 9 rows, the manifest says 10`],
    ]);
  });

  it('I18 names each file once, and none of another window', async () => {
    const { key, manifest, signed, ofFormat } = await exportedDay();
    const keys = ofFormat('keys');
    const parts = keys ? [...manifest.parts, keys] : [];
    expect(await signed({ parts })).toEqual([['record', key, `Names ${keys?.key}, which is not its own`]]);
  });

  it('I18 says which file cannot be unpacked', async () => {
    const { manifest, found, signed, ofFormat } = await exportedDay();
    const csv = ofFormat('csv');
    expect(await found({})).toEqual([]);
    const parts = manifest.parts.map((part) => (part === csv ? { ...part, gzip: true } : part));
    expect(await signed({ parts })).toEqual([['rows', csv?.key, 'Cannot be unpacked']]);
  });
});

describe('what lies in the archive', () => {
  it('I18 is said to be gone, with its version', async () => {
    const { ofFormat, found } = await exportedDay();
    const part = ofFormat('csv');
    expect(await found({ [part?.key ?? '']: undefined })).toEqual([
      ['missing', part?.key, `Version ${part?.versionId} is not there`],
    ]);
  });

  it('I18 is said to have other bytes, or more of them', async () => {
    const { world, ofFormat, found, manifest } = await exportedDay();
    const part = ofFormat('csv');
    const bytes = Buffer.from((await world.archive.read(part?.key ?? '')) ?? []);
    const flipped = Buffer.from(bytes);
    flipped[0] = 0;
    const last = bytes.byteLength - 1;
    const [[, , changed] = []] = await found({ [part?.key ?? '']: flipped });
    const sha = `SHA-256 is [0-9a-f]{64} instead of ${part?.sha256}`;
    expect(changed).toMatch(new RegExp(`^Bytes 0 to ${last} are not what was signed\\. ${sha}$`));
    const longer = Buffer.concat([bytes, Buffer.from('x')]);
    const [[, , grown] = []] = await found({ [part?.key ?? '']: longer });
    expect(grown).toContain(`signed. It has ${last + 2} bytes instead of ${last + 1}. SHA-256`);
    const { summary } = manifest;
    const large = Buffer.alloc(300_000);
    expect((await found({ [summary.key]: large }))[0]?.[2]).toContain('Bytes 0 to 299999 are');
  });

  it('I18 is no record, one with more than was signed, one in a place that is not its own', async () => {
    const { world, key, found, prefix } = await exportedDay();
    const bytes = Buffer.from((await world.archive.read(key)) ?? []);
    expect(await found({ [key]: Buffer.from('{}') })).toEqual([
      ['record', key, 'Not a manifest or gap record that can be read'],
    ]);
    expect(await found({ [key]: Buffer.concat([bytes, Buffer.from(' ')]) })).toEqual([
      ['record', key, 'The file says more than was signed'],
    ]);
    const other = `${prefix}gap.json`;
    expect(await found({ [key]: undefined, [other]: bytes })).toEqual([['record', other, `Belongs under ${key}`]]);
    const { ok, findings } = await verifyArchive(
      folderReader(world.archive),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    );
    expect(ok).toBe(false);
    const message = 'The signature does not fit the content and the key';
    expect(findings).toEqual([{ kind: 'signature', job: JOB, window: WINDOW, key, message }]);
  });
});

describe('signatureHolds()', () => {
  const key = createPublicKey(TEST_PUBLIC_KEY);

  it('I18 takes what the key signed, in the one algorithm, and nothing that is shaped otherwise', async () => {
    const { manifest } = await exportedDay();
    const { signature } = manifest;
    const withSignature = (other: unknown) => ({ ...manifest, signature: other }) as SignedRecord;
    expect(signatureHolds(manifest, key)).toBe(true);
    expect(signatureHolds({ ...manifest, rows: 11 }, key)).toBe(false);
    const value = [...Buffer.from(signature.value, 'base64')];
    for (const other of [undefined, { ...signature, algorithm: 'none' }, { ...signature, value }]) {
      expect(signatureHolds(withSignature(other), key)).toBe(false);
    }
  });

  it('I18 refuses a key that signs otherwise', async () => {
    const { manifest } = await exportedDay();
    expect(signatureHolds(manifest, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  });
});
