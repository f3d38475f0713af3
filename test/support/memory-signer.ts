import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Signer } from '../../functions/core/reports/signer.ts';

/** A key pair for signing in tests, and its public half as `steward verify` takes it. */
export const TEST_KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const TEST_PUBLIC_KEY = TEST_KEYS.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const signatures = new Map<string, string>();

/** Signs as KMS does, but equal texts alike, so that bytes can be compared: the first signature is kept. */
export function createMemorySigner(): Signer {
  return {
    async sign(text) {
      const id = createHash('sha256').update(text).digest('hex');
      const value = signatures.get(id) ?? sign('sha256', Buffer.from(text), TEST_KEYS.privateKey).toString('base64');
      signatures.set(id, value);
      return { key: 'local/test', algorithm: 'ECDSA_SHA_256', value };
    },
  };
}
