import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { NoSuchKey } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex, signRecord } from '../../../functions/core/reports/manifest.ts';
import { createRecordReader } from '../../../infra/cli/read-records.ts';
import type { Services } from '../../../infra/cli/services.ts';
import { createWorld, DAY, NEXT_DAY, pagesOf, someRows, TEST_KEYS } from '../../support/export-world.ts';

/** An export's manifest as the archive has it, signed once more by `key`. */
async function manifestSignedBy(key: KeyObject): Promise<Uint8Array> {
  const world = createWorld();
  world.state.now = new Date(Date.parse(NEXT_DAY.from) + 5000);
  world.setReadPage(pagesOf(someRows(7), 4));
  await world.drive(await world.begin(DAY.from, DAY.to));
  const { signature: _, ...record } = world.manifest(DAY.from, DAY.to);
  return signRecord(record, {
    sign: async (text) => ({
      algorithm: 'ECDSA_SHA_256',
      key: 'k',
      value: sign('sha256', Buffer.from(text), key).toString('base64'),
    }),
  });
}

describe('createRecordReader', () => {
  let stored: Uint8Array | Error;
  let genuine: Uint8Array;
  let now = 0;
  let reads = 0;
  const sealedAs = (bytes: Uint8Array) => ({
    sequence: 1,
    manifestKey: 'acme/nightly/w/manifest.json',
    manifestSha256: sha256Hex(bytes),
    rows: 7,
    bytes: 100,
  });
  const fetchObject = async () => {
    reads += 1;
    if (stored instanceof Error) throw stored;
    const bytes = stored;
    return { Body: { transformToByteArray: async () => bytes } };
  };
  const reader = () =>
    createRecordReader({
      target: { archiveBucketName: 'archive', signingKeyArn: 'arn:key' },
      clock: { now: () => new Date(now) },
      s3: { send: fetchObject },
      kms: { send: async () => ({ PublicKey: TEST_KEYS.publicKey.export({ type: 'spki', format: 'der' }) }) },
    } as unknown as Services);

  beforeEach(async () => {
    genuine = await manifestSignedBy(TEST_KEYS.privateKey);
    stored = genuine;
    [now, reads] = [0, 0];
  });

  it('finds a record that is what was sealed, and takes the source’s count from it', async () => {
    const { state, facts } = await reader()(sealedAs(genuine));
    expect(state).toBe('verified');
    expect(facts).toHaveProperty('completeness');
    expect(facts).toHaveProperty('sourceTotal');
  });

  it('takes no record for the one that was sealed when a byte of it differs', async () => {
    stored = Buffer.concat([genuine, Buffer.from('\n')]);
    expect((await reader()(sealedAs(genuine))).state).toBe('altered');
  });

  it('takes no signature of another key, although the hash is the sealed one', async () => {
    stored = await manifestSignedBy(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect((await reader()(sealedAs(stored))).state).toBe('altered');
  });

  it('says that a record is gone, and that a store refused to hand out changed bytes', async () => {
    stored = new NoSuchKey({ message: 'gone', $metadata: {} });
    expect((await reader()(sealedAs(genuine))).state).toBe('missing');
    stored = new Error('Checksum mismatch: expected a but received b');
    expect((await reader()(sealedAs(genuine))).state).toBe('altered');
    stored = new TypeError('a bug');
    await expect(reader()(sealedAs(genuine))).rejects.toThrow('a bug');
  });

  it('reads a record that verified once in ten minutes, and one that did not each time', async () => {
    const read = reader();
    const sealed = sealedAs(genuine);
    await read(sealed);
    await read(sealed);
    expect(reads).toBe(1);
    now = 10 * 60_000;
    stored = Buffer.from('{}');
    expect((await read(sealed)).state).toBe('altered');
    await read(sealed);
    expect(reads).toBe(3);
  });
});
