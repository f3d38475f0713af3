import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readJsonFile, writePrivateFile } from '../files.ts';
import { ACCOUNT, REGION } from './account.ts';

export interface KmsKey {
  readonly kind: 'sealing' | 'signing';
  readonly arn: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** 32 bytes of AES-256, or the private key as PKCS #8 DER. */
  readonly secret: Buffer;
}

export interface KmsKeys {
  readonly sealing: KmsKey;
  readonly signing: KmsKey;
  /** The signing key's public half: SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

interface StoredKey {
  readonly arn: string;
  readonly createdAt: number;
  readonly secret: string;
}

/** Reads the keys, or makes them the first time. */
export function createKmsKeys(file: string): KmsKeys {
  let stored = readJsonFile<Record<'sealing' | 'signing', StoredKey>>(file);
  if (!stored) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const secret = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
    stored = { sealing: store(randomBytes(32)), signing: store(secret) };
    writePrivateFile(file, JSON.stringify(stored));
  }
  const load = (kind: 'sealing' | 'signing', { secret, ...rest }: StoredKey): KmsKey => ({
    kind,
    ...rest,
    secret: Buffer.from(secret, 'base64'),
  });
  const signing = load('signing', stored.signing);
  const privateKey = createPrivateKey({ key: signing.secret, format: 'der', type: 'pkcs8' });
  return {
    sealing: load('sealing', stored.sealing),
    signing,
    publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
  };
}

function store(secret: Buffer): StoredKey {
  return {
    // A signature names its key: whoever reads a manifest sees that it was made on somebody's own machine.
    arn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/local-${randomUUID()}`,
    createdAt: Math.floor(Date.now() / 1000),
    secret: secret.toString('base64'),
  };
}
