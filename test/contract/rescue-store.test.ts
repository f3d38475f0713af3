import { randomUUID } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRescueStore } from '../../functions/adapters/s3/rescue-store.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { RescueStore } from '../../functions/core/tokens/rescue.ts';
import { type AwsEndpoint, awsEndpoint, unique } from '../support/aws-endpoint.ts';
import { createMemoryRescue } from '../support/memory-rescue.ts';

function promises(create: () => RescueStore) {
  const aName = () => `firm ä/${randomUUID()}`;

  it('R18: finds what was put, at once, under the connection and the token that was spent', async () => {
    const rescue = create();
    const name = aName();
    const body = '{"schema":1,"text":"ü😀"}';
    expect(await rescue.find(name, 'aa')).toBeUndefined();
    await rescue.put(name, 'aa', body);
    expect(await rescue.find(name, 'aa')).toBe(body);
    expect(await rescue.find(name, 'bb')).toBeUndefined();
    expect(await rescue.find(aName(), 'aa')).toBeUndefined();
  });

  it('keeps the last of two for the same token, and each token for itself', async () => {
    const rescue = create();
    const name = aName();
    await rescue.put(name, 'aa', 'first');
    await rescue.put(name, 'aa', 'second');
    await rescue.put(name, 'bb', 'other');
    expect(await rescue.find(name, 'aa')).toBe('second');
    await rescue.remove(name, 'aa');
    await rescue.remove(name, 'aa');
    expect(await rescue.find(name, 'aa')).toBeUndefined();
    expect(await rescue.find(name, 'bb')).toBe('other');
  });

  it('keeps names apart that look like folders', async () => {
    const rescue = create();
    const name = randomUUID();
    await rescue.put(`${name}/a`, 'b', 'deep');
    expect(await rescue.find(name, 'a/b')).toBeUndefined();
    expect(await rescue.find(`${name}/a`, 'b')).toBe('deep');
  });
}

describe('rescue store in memory', () => {
  promises(() => createMemoryRescue());
});

describe('rescue store on S3', () => {
  let aws: AwsEndpoint;
  let client: S3Client;
  let bucket: string;
  beforeAll(async () => {
    aws = await awsEndpoint();
    client = new S3Client(aws.s3);
    bucket = await aws.bucket('rescue');
  });
  afterAll(async () => {
    await aws.stop();
    client.destroy();
  });
  promises(() => createRescueStore({ client, bucket }));

  it.each(['AccessDenied', 'SlowDown', 'NoSuchBucket'])(
    'R19: takes %s for no word about what lies there',
    async (name) => {
      const refusing = new S3Client(aws.s3);
      refusing.middlewareStack.add(() => () => Promise.reject(Object.assign(new Error(name), { name })), {
        step: 'initialize',
      });
      await expect(createRescueStore({ client: refusing, bucket }).find('firm', 'aa')).rejects.toThrow(
        StoreUnavailableError,
      );
      refusing.destroy();
    },
  );

  it('R19: never takes a bucket that does not answer for one in which nothing lies', async () => {
    const gone = createRescueStore({ client, bucket: unique('gone') });
    await expect(gone.find('firm', 'aa')).rejects.toThrow(StoreUnavailableError);
    await expect(gone.put('firm', 'aa', '{}')).rejects.toThrow(StoreUnavailableError);
    await expect(gone.remove('firm', 'aa')).rejects.toThrow(StoreUnavailableError);
    const silent = new S3Client({ ...aws.s3, endpoint: 'http://127.0.0.1:1', forcePathStyle: true, maxAttempts: 1 });
    await expect(createRescueStore({ client: silent, bucket }).find('firm', 'aa')).rejects.toThrow(
      StoreUnavailableError,
    );
    silent.destroy();
  });
});
