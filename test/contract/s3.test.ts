import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsEndpoint, awsEndpoint, IS_FOREIGN, unique } from '../support/aws-endpoint.ts';

let aws: AwsEndpoint;
let s3: S3Client;
let archive: string;
let rescue: string;

beforeAll(async () => {
  aws = await awsEndpoint();
  s3 = new S3Client(aws.s3);
  archive = await aws.bucket('archive');
  rescue = await aws.bucket('rescue');
});

afterAll(async () => {
  s3.destroy();
  await aws.stop();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);

function put(Key: string, Body: string, more: Partial<PutObjectCommandInput> = {}) {
  return s3.send(new PutObjectCommand({ Bucket: archive, Key, Body, ChecksumSHA256: sha256(Body), ...more }));
}

async function read(Key: string, more: { VersionId?: string; Range?: string } = {}) {
  const answer = await s3.send(new GetObjectCommand({ Bucket: archive, Key, ChecksumMode: 'ENABLED', ...more }));
  return { ...answer, text: await answer.Body?.transformToString() };
}

describe('S3: objects', () => {
  it('keeps bytes, checksum, type and metadata, and names the version', async () => {
    const key = `exports/${unique('a')}/part 1+ü.csv`;
    const written = await put(key, 'a,b\r\n', { ContentType: 'text/csv', Metadata: { rows: '1' } });

    const found = await read(key);
    const head = await s3.send(new HeadObjectCommand({ Bucket: archive, Key: key, ChecksumMode: 'ENABLED' }));

    expect(found).toMatchObject({
      text: 'a,b\r\n',
      ContentType: 'text/csv',
      Metadata: { rows: '1' },
      ContentLength: 5,
    });
    expect(found).toMatchObject({
      VersionId: written.VersionId,
      ETag: written.ETag,
      ChecksumSHA256: sha256('a,b\r\n'),
    });
    expect(head).toMatchObject({ ContentLength: 5, ChecksumSHA256: sha256('a,b\r\n'), VersionId: written.VersionId });
    expect(found.LastModified?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it('refuses bytes that do not fit their checksum and stores nothing', async () => {
    const key = unique('wrong');

    await expect(put(key, 'right', { ChecksumSHA256: sha256('wrong') })).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(read(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('takes a stream in chunks with its checksum behind it', async () => {
    const key = unique('streamed');
    const text = 'x'.repeat(200_000);
    const Body = Readable.from([Buffer.from(text.slice(0, 70_000)), Buffer.from(text.slice(70_000))]);
    await s3.send(
      new PutObjectCommand({
        Bucket: archive,
        Key: key,
        Body,
        ContentLength: text.length,
        ChecksumAlgorithm: 'SHA256',
      }),
    );

    const found = await read(key);

    expect(found.text === text).toBe(true);
    expect(found.ChecksumSHA256).toBe(sha256(text));
  });

  it('gives parts of an object by range', async () => {
    const key = unique('range');
    await put(key, '0123456789');

    expect(await read(key, { Range: 'bytes=2-4' })).toMatchObject({ text: '234', ContentRange: 'bytes 2-4/10' });
    expect((await read(key, { Range: 'bytes=7-' })).text).toBe('789');
    expect((await read(key, { Range: 'bytes=-2' })).text).toBe('89');
    await expect(read(key, { Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  it('writes an object once under If-None-Match, even when two writers race', async () => {
    const key = unique('once');
    const results = await Promise.allSettled([1, 2, 3].map((n) => put(key, `writer ${n}`, { IfNoneMatch: '*' })));

    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(put(key, 'late', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
  });

  it('replaces under If-Match only what is there', async () => {
    const key = unique('match');
    const first = await put(key, 'one');
    await put(key, 'two', { IfMatch: first.ETag ?? '' });

    await expect(put(key, 'three', { IfMatch: first.ETag ?? '' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect((await read(key)).text).toBe('two');
  });

  it('lists keys in UTF-8 order, page by page, folded at a delimiter', async () => {
    const prefix = `${unique('list')}/`;
    for (const name of ['b', 'a', 'c/1', 'c/2', 'Z']) await put(`${prefix}${name}`, name);

    const first = await s3.send(new ListObjectsV2Command({ Bucket: archive, Prefix: prefix, MaxKeys: 2 }));
    const rest = await s3.send(
      new ListObjectsV2Command({
        Bucket: archive,
        Prefix: prefix,
        ...(first.NextContinuationToken === undefined ? {} : { ContinuationToken: first.NextContinuationToken }),
      }),
    );
    const folded = await s3.send(new ListObjectsV2Command({ Bucket: archive, Prefix: prefix, Delimiter: '/' }));

    expect(first.IsTruncated).toBe(true);
    const keys = [...(first.Contents ?? []), ...(rest.Contents ?? [])].map(({ Key }) => Key?.slice(prefix.length));
    expect(keys).toEqual(['Z', 'a', 'b', 'c/1', 'c/2']);
    expect(folded.CommonPrefixes).toEqual([{ Prefix: `${prefix}c/` }]);
    expect(folded.Contents).toHaveLength(3);
  });
});

describe('S3: versions and retention', () => {
  it('keeps every version and shows delete markers', async () => {
    const key = unique('versions');
    const one = await put(key, 'one');
    const two = await put(key, 'two');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: archive, Key: key }));

    await expect(read(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect((await read(key, { VersionId: one.VersionId ?? '' })).text).toBe('one');
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: archive, Prefix: key }));
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [two.VersionId, false],
      [one.VersionId, false],
    ]);
    expect(listed.DeleteMarkers).toMatchObject([{ VersionId: marker.VersionId, IsLatest: true }]);

    await s3.send(new DeleteObjectCommand({ Bucket: archive, Key: key, VersionId: marker.VersionId ?? '' }));
    expect((await read(key)).text).toBe('two');
    await s3.send(new DeleteObjectCommand({ Bucket: archive, Key: key, VersionId: two.VersionId ?? '' }));
    expect((await read(key)).text).toBe('one');
  });

  it('refuses to delete a retained version; governance gives way to the bypass', async () => {
    const key = unique('governed');
    const { VersionId = '' } = await put(key, 'kept');
    const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: inMinutes(5) };
    await s3.send(new PutObjectRetentionCommand({ Bucket: archive, Key: key, VersionId, Retention }));

    const remove = (more: object) =>
      s3.send(new DeleteObjectCommand({ Bucket: archive, Key: key, VersionId, ...more }));
    await expect(remove({})).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    const held = await s3.send(new GetObjectRetentionCommand({ Bucket: archive, Key: key, VersionId }));
    expect(held.Retention).toEqual(Retention);
    expect((await read(key)).ObjectLockMode).toBe('GOVERNANCE');

    await remove({ BypassGovernanceRetention: true });
    await expect(read(key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('lets a retention be made longer, and shorter only with the bypass', async () => {
    const key = unique('longer');
    const { VersionId = '' } = await put(key, 'kept', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: inMinutes(5),
    });
    const retain = (minutes: number, more: object = {}) => {
      const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: inMinutes(minutes) };
      return s3.send(new PutObjectRetentionCommand({ Bucket: archive, Key: key, VersionId, Retention, ...more }));
    };

    await retain(10);
    await expect(retain(2)).rejects.toMatchObject({ name: 'AccessDenied' });
    await retain(1, { BypassGovernanceRetention: true });
  });

  it('knows no retention where none was put, and none in a bucket without locks', async () => {
    const key = unique('free');
    await put(key, 'free');

    await expect(s3.send(new GetObjectRetentionCommand({ Bucket: archive, Key: key }))).rejects.toMatchObject({
      name: 'NoSuchObjectLockConfiguration',
    });
    await expect(
      put(key, 'x', { Bucket: rescue, ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inMinutes(5) }),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('forgets what a bucket without versions is told to delete', async () => {
    const Key = unique('rescued');
    await put(Key, 'sealed', { Bucket: rescue });
    await put(Key, 'sealed again', { Bucket: rescue });
    await s3.send(new DeleteObjectCommand({ Bucket: rescue, Key }));

    await expect(s3.send(new HeadObjectCommand({ Bucket: rescue, Key }))).rejects.toMatchObject({ name: 'NotFound' });
    await s3.send(new DeleteObjectCommand({ Bucket: rescue, Key }));
  });
});

describe.skipIf(IS_FOREIGN)('S3 on this machine', () => {
  it('lays the current version of an object down as a plain file', async () => {
    const key = `exports/${unique('plain')}/data.csv`;
    await put(key, 'first');
    await put(key, 'second');
    const file = `${aws.directory}/archive/${key}`;

    expect(readFileSync(file, 'utf8')).toBe('second');
    await s3.send(new DeleteObjectCommand({ Bucket: archive, Key: key }));
    expect(existsSync(file)).toBe(false);
  });

  it('stores names that are no file names, and a name that another one needs as a folder', async () => {
    const base = unique('odd');
    for (const key of [base, `${base}/below`, `${base}/../up`, `../${base}`, `${base}//empty`, `${base}/slash/`]) {
      await put(key, key);
      expect((await read(key)).text).toBe(key);
    }
    expect(existsSync(`${aws.directory}/${base}`)).toBe(false);
  });
});
