import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KmsKey } from './kms-keys.ts';
import { AwsFault } from './wire.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The encryption context as one text: pairs sorted by name, as KMS compares it. */
function contextBytes(context: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** Version, nonce, tag, ciphertext; the key's address and the encryption context are authenticated with it. */
export function seal(key: KmsKey, plaintext: Buffer, context: Readonly<Record<string, string>>): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce);
  cipher.setAAD(Buffer.concat([Buffer.from(key.arn), contextBytes(context)]));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), ciphertext]);
}

/** @throws AwsFault InvalidCiphertextException for a blob that was changed, or sealed with another key or context. */
export function open(key: KmsKey, blob: Buffer, context: Readonly<Record<string, string>>): Buffer {
  try {
    if (blob[0] !== VERSION) throw new RangeError('Unknown version');
    const tagAt = 1 + NONCE_BYTES;
    const textAt = tagAt + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', key.secret, blob.subarray(1, tagAt));
    decipher.setAAD(Buffer.concat([Buffer.from(key.arn), contextBytes(context)]));
    decipher.setAuthTag(blob.subarray(tagAt, textAt));
    return Buffer.concat([decipher.update(blob.subarray(textAt)), decipher.final()]);
  } catch (error) {
    const fault = new AwsFault('InvalidCiphertextException', '');
    fault.cause = error;
    throw fault;
  }
}
