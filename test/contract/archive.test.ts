import { GetObjectRetentionCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { KMSClient } from '@aws-sdk/client-kms';
import { createHash, randomUUID, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKmsSigner } from '../../functions/adapters/kms/signer.ts';
import { createArchive } from '../../functions/adapters/s3/archive.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { Archive } from '../../functions/core/reports/archive.ts';
import { fetchPublicKey } from '../../infra/cli/verify.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud.ts';
import { createMemoryArchive } from '../support/memory-archive.ts';

const LOCK = { mode: 'GOVERNANCE', until: new Date(Date.now() + 86_400_000) } as const;
const text = (value: string) => Buffer.from(value);

function promises(create: () => Archive) {
  it('writes, and reads the newest or exactly the version that is named', async () => {
    const archive = create();
    const key = `${randomUUID()}/ä part-1 (x).csv`;
    const first = await archive.write({ key, bytes: text('one'), contentType: 'text/csv' });
    expect(first).toMatchObject({ key, bytes: 3, sha256: createHash('sha256').update('one').digest('hex') });
    const second = await archive.write({ key, bytes: text('other'), contentType: 'text/csv' });
    expect(second.versionId).not.toBe(first.versionId);
    expect(text('other').equals((await archive.read(key))!)).toBe(true);
    expect(text('one').equals((await archive.read(key, first.versionId))!)).toBe(true);
    expect(await archive.read(`${key}.none`)).toBeUndefined();
  });

  it('E06 E08 I20 takes the version that stands when the same bytes come again', async () => {
    const archive = create();
    const key = randomUUID();
    const first = await archive.write({ key, bytes: text('same'), contentType: 'text/csv' });
    expect(await archive.write({ key, bytes: text('same'), contentType: 'text/csv' })).toEqual(first);
    const empty = await archive.write({ key: `${key}-0`, bytes: text(''), contentType: 'text/csv' });
    expect(empty.bytes).toBe(0);
    expect((await archive.read(`${key}-0`))?.byteLength).toBe(0);
  });

  it('E05 I19 creates a manifest once, whoever comes second', async () => {
    const archive = create();
    const key = `${randomUUID()}/manifest.json`;
    const tries = ['a', 'b', 'c'].map((value) =>
      archive.create({ key, bytes: text(value), contentType: 'application/json' }, LOCK),
    );
    const created = (await Promise.all(tries)).filter((result) => result.created);
    expect(created).toHaveLength(1);
    const standing = await archive.read(key);
    expect(await archive.create({ key, bytes: text('d'), contentType: 'application/json' }, LOCK)).toEqual({
      created: false,
    });
    expect(await archive.read(key)).toEqual(standing);
  });

  it('E26 E27 deletes what is not locked, and nothing that is', async () => {
    const archive = create();
    const key = randomUUID();
    const free = await archive.write({ key, bytes: text('free'), contentType: 'text/csv' });
    await archive.remove(free);
    await archive.remove(free);
    expect(await archive.read(key)).toBeUndefined();
    const locked = await archive.write({ key, bytes: text('locked'), contentType: 'text/csv' });
    await archive.lock(locked, LOCK);
    await archive.lock(locked, { ...LOCK, until: new Date(LOCK.until.getTime() + 1000) });
    await expect(archive.remove(locked)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(text('locked').equals((await archive.read(key, locked.versionId))!)).toBe(true);
  });
}

describe('archive in memory', () => {
  promises(() => createMemoryArchive(() => new Date()));
});

describe('archive on S3', () => {
  let folder: string;
  let cloud: LocalCloud;
  let client: S3Client;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'steward-archive-'));
    cloud = await startLocalCloud({ directory: folder });
    client = new S3Client({ ...options(cloud), forcePathStyle: true });
  });
  afterAll(async () => {
    client.destroy();
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  });
  promises(() => createArchive({ client, bucket: cloud.resources.archiveBucketName }));

  it('E07 asks again when another write to the key is under way', async () => {
    let conflicts = 2;
    const racing = new S3Client({ ...options(cloud), forcePathStyle: true });
    racing.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'PutObjectCommand' && conflicts-- > 0) {
          throw Object.assign(new Error('conflict'), { name: 'ConditionalRequestConflict' });
        }
        return next(args);
      },
      { step: 'initialize' },
    );
    const archive = createArchive({ client: racing, bucket: 'archive' });
    const key = randomUUID();
    const lock = { ...LOCK, mode: 'COMPLIANCE' as const };
    expect(await archive.create({ key, bytes: text('x'), contentType: 'application/json' }, lock)).toEqual({
      created: true,
    });
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: 'archive', Key: key }));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    racing.destroy();
  });

  it('E08 finds its own write when the reply was lost', async () => {
    let lose = true;
    const lossy = new S3Client({ ...options(cloud), forcePathStyle: true, maxAttempts: 1 });
    lossy.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName !== 'PutObjectCommand' || !lose) return answer;
        lose = false;
        throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      },
      { step: 'initialize' },
    );
    const archive = createArchive({ client: lossy, bucket: 'archive' });
    const object = { key: randomUUID(), bytes: text('once'), contentType: 'text/csv' };
    await expect(archive.write(object)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await archive.write(object);
    const { Versions = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: 'archive', Prefix: object.key }),
    );
    expect(Versions).toHaveLength(1);
    lossy.destroy();
  });

  it('E11 refuses bytes that were changed on their way', async () => {
    const corrupt = new S3Client({ ...options(cloud), forcePathStyle: true, maxAttempts: 1 });
    corrupt.middlewareStack.add(
      (next) => async (args) => {
        const request = args.request as { body?: unknown };
        if (request.body !== undefined) request.body = text('forged');
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const archive = createArchive({ client: corrupt, bucket: 'archive' });
    const key = randomUUID();
    await expect(archive.write({ key, bytes: text('honest'), contentType: 'text/csv' })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    expect(await createArchive({ client, bucket: 'archive' }).read(key)).toBeUndefined();
    corrupt.destroy();
  });

  it('signs with a key that its public half verifies', async () => {
    const kms = new KMSClient(options(cloud));
    const keyArn = cloud.resources.signingKeyArn;
    const signature = await createKmsSigner({ client: kms, keyArn }).sign('{"a":1}');
    expect(signature).toMatchObject({ key: keyArn, algorithm: 'ECDSA_SHA_256' });
    const publicKey = await fetchPublicKey(kms, keyArn);
    expect(verify('sha256', text('{"a":1}'), publicKey, Buffer.from(signature.value, 'base64'))).toBe(true);
    expect(verify('sha256', text('{"a":2}'), publicKey, Buffer.from(signature.value, 'base64'))).toBe(false);
    kms.destroy();
  });
});

function options(cloud: LocalCloud) {
  return {
    endpoint: cloud.endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
}
