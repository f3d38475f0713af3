import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { SealPurpose } from '../../core/connections/connection.ts';
import { SealBrokenError, StoreUnavailableError } from '../../core/errors.ts';
import type { DataKeys } from '../../core/sealing/data-keys.ts';
import { STORE_PATIENCE } from '../../core/tokens/timing.ts';

export interface KmsDataKeysOptions {
  readonly client?: KMSClient;
  readonly keyArn: string;
  readonly stage: string;
}

/** KMS's answers that mean *this is not what we sealed*. Everything else may pass. */
const BROKEN = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);

/**
 * Data keys under the sealing key. The encryption context carries the purpose, which is what IAM decides on.
 *
 * The context stands in CloudTrail in plain text: nothing of a customer is in it.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
 */
export function createKmsDataKeys({
  client = new KMSClient(STORE_PATIENCE),
  keyArn,
  stage,
}: KmsDataKeysOptions): DataKeys {
  const context = (purpose: SealPurpose) => ({ app: 'steward', stage, purpose });
  return {
    async generate(purpose) {
      const answer = await askKms('GenerateDataKey', () =>
        client.send(
          new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context(purpose) }),
        ),
      );
      if (answer.Plaintext === undefined || answer.CiphertextBlob === undefined) {
        throw new StoreUnavailableError('KMS GenerateDataKey: no key in the answer');
      }
      return { plaintext: answer.Plaintext, wrapped: answer.CiphertextBlob };
    },
    async open(wrapped, purpose) {
      const answer = await askKms('Decrypt', () =>
        client.send(
          new DecryptCommand({ KeyId: keyArn, CiphertextBlob: wrapped, EncryptionContext: context(purpose) }),
        ),
      );
      if (answer.Plaintext === undefined) throw new StoreUnavailableError('KMS Decrypt: no key in the answer');
      return answer.Plaintext;
    },
  };
}

/** A disabled key, a missing permission, throttling, silence: all fail closed, and the next tick tries again (S84). */
async function askKms<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown';
    if (BROKEN.has(name)) throw new SealBrokenError(`KMS ${what}: ${name}`, { cause });
    throw new StoreUnavailableError(`KMS ${what}: ${name}`, { cause });
  }
}
