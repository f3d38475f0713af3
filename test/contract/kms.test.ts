import { createHash, createPublicKey, verify } from 'node:crypto';
import { statSync } from 'node:fs';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsEndpoint, awsEndpoint, IS_FOREIGN } from '../support/aws-endpoint.ts';

let aws: AwsEndpoint;
let kms: KMSClient;
let sealing: string;
let signing: string;

beforeAll(async () => {
  aws = await awsEndpoint();
  kms = new KMSClient(aws.client);
  sealing = await aws.key('sealing');
  signing = await aws.key('signing');
});

afterAll(async () => {
  kms.destroy();
  await aws.stop();
});

const EncryptionContext = { purpose: 'refresh', connection: 'firm' };

describe('KMS: the sealing key', () => {
  it('gives a data key that only the same context opens', async () => {
    const key = await kms.send(new GenerateDataKeyCommand({ KeyId: sealing, KeySpec: 'AES_256', EncryptionContext }));
    const open = (context: Record<string, string>) =>
      kms.send(new DecryptCommand({ CiphertextBlob: key.CiphertextBlob, EncryptionContext: context }));

    expect(key.Plaintext).toHaveLength(32);
    const reordered = { connection: 'firm', purpose: 'refresh' };
    expect(Buffer.from((await open(reordered)).Plaintext ?? [])).toEqual(Buffer.from(key.Plaintext ?? []));
    for (const context of [{}, { ...EncryptionContext, purpose: 'access' }, { purpose: 'refresh' }]) {
      await expect(open(context)).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
    }
  });

  it('opens nothing that was changed', async () => {
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId: sealing, Plaintext: Buffer.from('secret'), EncryptionContext }),
    );
    const changed = Uint8Array.from(CiphertextBlob ?? []);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;

    const answer = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(Buffer.from(answer.Plaintext ?? []).toString()).toBe('secret');
    await expect(kms.send(new DecryptCommand({ CiphertextBlob: changed, EncryptionContext }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
  });

  it('is described, and a key that is not there is not found', async () => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: sealing }));

    expect(KeyMetadata).toMatchObject({ Arn: sealing, KeyUsage: 'ENCRYPT_DECRYPT', Enabled: true });
    const missing = sealing.replace(/[^/]+$/, '00000000-0000-0000-0000-000000000000');
    await expect(kms.send(new DescribeKeyCommand({ KeyId: missing }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
});

describe('KMS: the signing key', () => {
  const sign = (Message: Buffer, MessageType: 'RAW' | 'DIGEST') =>
    kms.send(new SignCommand({ KeyId: signing, Message, MessageType, SigningAlgorithm: 'ECDSA_SHA_256' }));

  it('signs a message, and the digest of one, so that its public key verifies', async () => {
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId: signing }));
    const key = createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
    const message = Buffer.from('{"manifest":1}');
    const digest = createHash('sha256').update(message).digest();

    for (let round = 0; round < 20; round += 1) {
      const { Signature } = await sign(digest, 'DIGEST');
      expect(verify('sha256', message, key, Signature ?? new Uint8Array())).toBe(true);
      expect(verify('sha256', Buffer.from('{"manifest":2}'), key, Signature ?? new Uint8Array())).toBe(false);
    }
    const raw = await sign(message, 'RAW');
    expect(verify('sha256', message, key, raw.Signature ?? new Uint8Array())).toBe(true);
  });

  it('refuses a long message, a digest of the wrong length, and the wrong kind of key', async () => {
    await expect(sign(Buffer.alloc(4097), 'RAW')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(sign(Buffer.alloc(31), 'DIGEST')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(kms.send(new GenerateDataKeyCommand({ KeyId: signing, KeySpec: 'AES_256' }))).rejects.toMatchObject({
      name: 'InvalidKeyUsageException',
    });
  });
});

describe.skipIf(IS_FOREIGN)('KMS on this machine', () => {
  it('keeps its keys where only this user reads them', () => {
    expect(statSync(`${aws.directory}/kms.json`).mode & 0o777).toBe(0o600);
  });
});
