import { GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKmsDataKeys } from '../../functions/adapters/kms/data-keys.ts';
import { SealBrokenError, StoreUnavailableError } from '../../functions/core/errors.ts';
import type { DataKeys } from '../../functions/core/sealing/data-keys.ts';
import { type AwsEndpoint, awsEndpoint } from '../support/aws-endpoint.ts';
import { memoryDataKeys } from '../support/token-world.ts';

function promises(create: () => DataKeys) {
  it('gives another key of 32 bytes each time, and opens the wrapped one again', async () => {
    const keys = create();
    const one = await keys.generate('access');
    const two = await keys.generate('access');
    expect(one.plaintext).toHaveLength(32);
    expect(Buffer.from(one.plaintext).equals(two.plaintext)).toBe(false);
    expect(Buffer.from(one.wrapped).includes(Buffer.from(one.plaintext))).toBe(false);
    expect(Buffer.from(await keys.open(one.wrapped, 'access')).equals(one.plaintext)).toBe(true);
    expect(Buffer.from(await keys.open(two.wrapped, 'access')).equals(two.plaintext)).toBe(true);
  });

  it('S81: opens for the purpose that it was made for, and no other', async () => {
    const keys = create();
    const access = await keys.generate('access');
    const refresh = await keys.generate('refresh');
    await expect(keys.open(access.wrapped, 'refresh')).rejects.toThrow(SealBrokenError);
    await expect(keys.open(refresh.wrapped, 'access')).rejects.toThrow(SealBrokenError);
  });

  it('S83: opens nothing that was changed or is no key', async () => {
    const keys = create();
    const { wrapped } = await keys.generate('access');
    const changed = Uint8Array.from(wrapped);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await expect(keys.open(changed, 'access')).rejects.toThrow(SealBrokenError);
    await expect(keys.open(Buffer.from('no key at all'), 'access')).rejects.toThrow(SealBrokenError);
  });
}

describe('data keys in memory', () => {
  promises(() => memoryDataKeys().port);
});

describe('data keys from KMS', () => {
  let aws: AwsEndpoint;
  let client: KMSClient;
  let keyArn: string;
  beforeAll(async () => {
    aws = await awsEndpoint();
    client = new KMSClient(aws.client);
    keyArn = await aws.key('sealing');
  });
  afterAll(async () => {
    await aws.stop();
    client.destroy();
  });
  promises(() => createKmsDataKeys({ client, keyArn, stage: 'contract' }));

  it('keeps the stages apart, and what was made without a purpose', async () => {
    const keys = createKmsDataKeys({ client, keyArn, stage: 'contract' });
    const other = createKmsDataKeys({ client, keyArn, stage: 'another' });
    await expect(keys.open((await other.generate('access')).wrapped, 'access')).rejects.toThrow(SealBrokenError);
    const bare = await client.send(new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256' }));
    await expect(keys.open(bare.CiphertextBlob ?? new Uint8Array(), 'access')).rejects.toThrow(SealBrokenError);
  });

  it('S81: names its key to KMS for both, so that nothing which lies under another one opens', async () => {
    const named: unknown[] = [];
    const telling = new KMSClient(aws.client);
    telling.middlewareStack.add(
      (next) => (args) => {
        named.push((args.input as { readonly KeyId?: string }).KeyId);
        return next(args);
      },
      { step: 'initialize' },
    );
    const keys = createKmsDataKeys({ client: telling, keyArn, stage: 'contract' });
    await keys.open((await keys.generate('access')).wrapped, 'access');
    expect(named).toEqual([keyArn, keyArn]);
    telling.destroy();
  });

  it.each([
    'DisabledException',
    'KMSInvalidStateException',
    'AccessDeniedException',
    'NotFoundException',
    'ThrottlingException',
    'TimeoutError',
  ])('S84: fails closed on %s, and calls no seal broken', async (name) => {
    const failing = { send: async () => Promise.reject(Object.assign(new Error('no'), { name })) };
    const keys = createKmsDataKeys({ client: failing as unknown as KMSClient, keyArn, stage: 'contract' });
    await expect(keys.generate('access')).rejects.toThrow(StoreUnavailableError);
    await expect(keys.open(new Uint8Array(64), 'access')).rejects.toThrow(StoreUnavailableError);
  });

  it('S84: says that KMS did not answer, and not that a seal is broken', async () => {
    const silent = new KMSClient({ ...aws.client, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    const keys = createKmsDataKeys({ client: silent, keyArn, stage: 'contract' });
    await expect(keys.generate('access')).rejects.toThrow(StoreUnavailableError);
    await expect(keys.open(new Uint8Array(64), 'access')).rejects.toThrow(StoreUnavailableError);
    silent.destroy();
  });
});
