import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { createHash } from 'node:crypto';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Signer } from '../../core/reports/signer.ts';

export interface KmsSignerOptions {
  readonly client?: KMSClient;
  readonly keyArn: string;
}

/**
 * Signs with the KMS key ECC_NIST_P256. The digest is made here: KMS takes messages of 4 KB at most.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export function createKmsSigner({ client = new KMSClient(), keyArn }: KmsSignerOptions): Signer {
  return {
    async sign(text) {
      const digest = createHash('sha256').update(text).digest();
      const command = new SignCommand({
        KeyId: keyArn,
        Message: digest,
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      });
      const signature = await send(client, command);
      return { key: keyArn, algorithm: 'ECDSA_SHA_256', value: Buffer.from(signature).toString('base64') };
    },
  };
}

async function send(client: KMSClient, command: SignCommand): Promise<Uint8Array> {
  try {
    const { Signature } = await client.send(command);
    if (Signature !== undefined) return Signature;
  } catch (cause) {
    throw new StoreUnavailableError(`KMS Sign: ${cause instanceof Error ? cause.name : 'unknown'}`, { cause });
  }
  throw new StoreUnavailableError('KMS Sign: no signature in the answer');
}
