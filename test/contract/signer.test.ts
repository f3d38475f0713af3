import { verify } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKmsSigner } from '../../functions/adapters/kms/signer.ts';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { Signer } from '../../functions/core/reports/signer.ts';
import { fetchPublicKey } from '../../infra/cli/verify.ts';
import { type AwsEndpoint, awsEndpoint } from '../support/aws-endpoint.ts';
import { createMemorySigner, TEST_PUBLIC_KEY } from '../support/memory-signer.ts';

function promises(create: () => { readonly signer: Signer; readonly publicKey: () => Promise<string> }) {
  it.each(['{"a":1}', '', 'ä😀', 'x'.repeat(100_000)])('signs %.20j so that its public half verifies', async (text) => {
    const { signer, publicKey } = create();
    const signature = await signer.sign(text);
    expect(signature.algorithm).toBe('ECDSA_SHA_256');
    expect(signature.key).not.toBe('');
    const key = await publicKey();
    const value = Buffer.from(signature.value, 'base64');
    expect(verify('sha256', Buffer.from(text), key, value)).toBe(true);
    expect(verify('sha256', Buffer.from(`${text} `), key, value)).toBe(false);
  });
}

describe('signer in memory', () => {
  promises(() => ({ signer: createMemorySigner(), publicKey: async () => TEST_PUBLIC_KEY }));
});

describe('signer on KMS', () => {
  let aws: AwsEndpoint;
  let client: KMSClient;
  let keyArn: string;
  beforeAll(async () => {
    aws = await awsEndpoint();
    client = new KMSClient(aws.client);
    keyArn = await aws.key('signing');
  });
  afterAll(async () => {
    await aws.stop();
    client.destroy();
  });
  promises(() => ({
    signer: createKmsSigner({ client, keyArn }),
    publicKey: () => fetchPublicKey(client, keyArn),
  }));

  it('names the key with which it signs, and says when KMS does not answer', async () => {
    expect((await createKmsSigner({ client, keyArn }).sign('x')).key).toBe(keyArn);
    const silent = new KMSClient({ ...aws.client, endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    await expect(createKmsSigner({ client: silent, keyArn }).sign('x')).rejects.toThrow(StoreUnavailableError);
    silent.destroy();
  });
});
