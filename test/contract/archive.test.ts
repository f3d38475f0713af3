import { GetObjectRetentionCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArchive } from '../../functions/adapters/s3/archive.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { Archive } from '../../functions/core/reports/archive.ts';
import { type AwsEndpoint, awsEndpoint } from '../support/aws-endpoint.ts';
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

  it('E26 locks and deletes exactly the version that is named, whatever lies on top of it', async () => {
    const archive = create();
    const key = randomUUID();
    const beneath = await archive.write({ key, bytes: text('beneath'), contentType: 'text/csv' });
    const above = await archive.write({ key, bytes: text('above'), contentType: 'text/csv' });
    await archive.lock(beneath, LOCK);
    await expect(archive.remove(beneath)).rejects.toBeInstanceOf(StoreUnavailableError);
    await archive.remove(above);
    expect(await archive.read(key, above.versionId)).toBeUndefined();
    expect(await archive.read(key)).toEqual(await archive.read(key, beneath.versionId));
    expect(await archive.read(key)).toBeDefined();
  });
}

describe('archive in memory', () => {
  promises(() => createMemoryArchive(() => new Date()));
});

describe('archive on S3', () => {
  let aws: AwsEndpoint;
  let client: S3Client;
  let bucket: string;
  beforeAll(async () => {
    aws = await awsEndpoint();
    client = new S3Client(aws.s3);
    bucket = await aws.bucket('archive');
  });
  afterAll(async () => {
    client.destroy();
    await aws.stop();
  });
  promises(() => createArchive({ client, bucket }));

  it('E07 asks again when another write to the key is under way', async () => {
    let conflicts = 2;
    const racing = new S3Client(aws.s3);
    racing.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'PutObjectCommand' && conflicts-- > 0) {
          throw Object.assign(new Error('conflict'), { name: 'ConditionalRequestConflict' });
        }
        return next(args);
      },
      { step: 'initialize' },
    );
    const archive = createArchive({ client: racing, bucket });
    const key = randomUUID();
    // Nobody deletes it before then, the cleaning neither.
    const lock = { mode: 'COMPLIANCE' as const, until: new Date(Date.now() + 5000) };
    expect(await archive.create({ key, bytes: text('x'), contentType: 'application/json' }, lock)).toEqual({
      created: true,
    });
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket: bucket, Key: key }));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    racing.destroy();
  });

  it('E08 asks for the checksum of what stands, which S3 tells nobody who does not', async () => {
    const telling = new S3Client(aws.s3);
    telling.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const isAsked = (args.input as { ChecksumMode?: string }).ChecksumMode === 'ENABLED';
        return isAsked ? answer : { ...answer, output: { ...answer.output, ChecksumSHA256: undefined } as never };
      },
      { step: 'initialize' },
    );
    const archive = createArchive({ client: telling, bucket });
    const object = { key: randomUUID(), bytes: text('same'), contentType: 'text/csv' };
    const first = await archive.write(object);
    expect(await archive.write(object)).toEqual(first);
    telling.destroy();
  });

  it.each(['AccessDenied', 'NoSuchBucket'])('E08 takes %s for no word about what lies there', async (name) => {
    const refusing = new S3Client(aws.s3);
    refusing.middlewareStack.add(() => () => Promise.reject(Object.assign(new Error(name), { name })), {
      step: 'initialize',
    });
    const archive = createArchive({ client: refusing, bucket });
    await expect(archive.read(randomUUID())).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(archive.remove({ key: 'k', versionId: 'v' })).rejects.toBeInstanceOf(StoreUnavailableError);
    refusing.destroy();
  });

  it('E08 finds its own write when the reply was lost', async () => {
    let lose = true;
    const lossy = new S3Client({ ...aws.s3, maxAttempts: 1 });
    lossy.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName !== 'PutObjectCommand' || !lose) return answer;
        lose = false;
        throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      },
      { step: 'initialize' },
    );
    const archive = createArchive({ client: lossy, bucket });
    const object = { key: randomUUID(), bytes: text('once'), contentType: 'text/csv' };
    await expect(archive.write(object)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await archive.write(object);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: object.key }));
    expect(Versions).toHaveLength(1);
    lossy.destroy();
  });

  it('E11 refuses bytes that were changed on their way', async () => {
    const corrupt = new S3Client({ ...aws.s3, maxAttempts: 1 });
    corrupt.middlewareStack.add(
      (next) => async (args) => {
        const request = args.request as { body?: unknown };
        if (request.body !== undefined) request.body = text('forged');
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const archive = createArchive({ client: corrupt, bucket });
    const key = randomUUID();
    await expect(archive.write({ key, bytes: text('honest'), contentType: 'text/csv' })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    expect(await createArchive({ client, bucket }).read(key)).toBeUndefined();
    corrupt.destroy();
  });
});
