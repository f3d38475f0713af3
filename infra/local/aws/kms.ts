import { type KmsKey, createKmsKeys, type KmsKeys } from './kms-keys.ts';
import { open, seal } from './kms-blob.ts';
import { signDigest, signMessage } from './kms-sign.ts';
import { randomBytes } from 'node:crypto';
import { AwsFault, type AwsService, jsonService } from './wire.ts';

type Input = Readonly<Record<string, unknown>>;

/** The symmetric key and the signing key of local mode. */
export interface LocalKms {
  readonly service: AwsService;
  readonly sealingKeyArn: string;
  readonly signingKeyArn: string;
}

const MAX_PLAINTEXT_BYTES = 4096;

/**
 * The part of KMS that this service uses. The keys lie in one file that only this user can read: they protect the
 * data from a copy of the data alone, not from who can read the whole folder.
 */
export function startKms(file: string): LocalKms {
  const keys = createKmsKeys(file);
  const service = jsonService({
    GenerateDataKey: (input) => generateDataKey(keys, input),
    Encrypt: (input) => encrypt(keys, input),
    Decrypt: (input) => decrypt(keys, input),
    Sign: (input) => sign(keys, input),
    GetPublicKey: (input) => getPublicKey(keys, input),
    DescribeKey: (input) => ({ KeyMetadata: metadata(keyFor(keys, input['KeyId'])) }),
  });
  return { service, sealingKeyArn: keys.sealing.arn, signingKeyArn: keys.signing.arn };
}

function keyFor(keys: KmsKeys, id: unknown): KmsKey {
  const key = [keys.sealing, keys.signing].find(({ arn }) => arn === id || arn.endsWith(`/${String(id)}`));
  if (!key) throw new AwsFault('NotFoundException', `Key '${String(id)}' does not exist`);
  return key;
}

function symmetric(keys: KmsKeys, id: unknown): KmsKey {
  const key = keyFor(keys, id);
  if (key !== keys.sealing) throw new AwsFault('InvalidKeyUsageException', `${key.arn} is not for encryption.`);
  return key;
}

function contextOf(input: Input): Readonly<Record<string, string>> {
  return (input['EncryptionContext'] ?? {}) as Record<string, string>;
}

function generateDataKey(keys: KmsKeys, input: Input): Input {
  const key = symmetric(keys, input['KeyId']);
  const bytes = input['NumberOfBytes'] ?? (input['KeySpec'] === 'AES_128' ? 16 : 32);
  const plaintext = randomBytes(Number(bytes));
  return {
    KeyId: key.arn,
    Plaintext: plaintext.toString('base64'),
    CiphertextBlob: seal(key, plaintext, contextOf(input)).toString('base64'),
  };
}

function encrypt(keys: KmsKeys, input: Input): Input {
  const key = symmetric(keys, input['KeyId']);
  const plaintext = Buffer.from(String(input['Plaintext']), 'base64');
  if (plaintext.length > MAX_PLAINTEXT_BYTES) {
    throw new AwsFault('ValidationException', `Plaintext is longer than ${MAX_PLAINTEXT_BYTES} bytes.`);
  }
  return {
    KeyId: key.arn,
    CiphertextBlob: seal(key, plaintext, contextOf(input)).toString('base64'),
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  };
}

function decrypt(keys: KmsKeys, input: Input): Input {
  if (input['KeyId'] !== undefined) symmetric(keys, input['KeyId']);
  const blob = Buffer.from(String(input['CiphertextBlob']), 'base64');
  return {
    KeyId: keys.sealing.arn,
    Plaintext: open(keys.sealing, blob, contextOf(input)).toString('base64'),
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  };
}

function sign(keys: KmsKeys, input: Input): Input {
  const key = keyFor(keys, input['KeyId']);
  if (key !== keys.signing) throw new AwsFault('InvalidKeyUsageException', `${key.arn} is not for signing.`);
  if (input['SigningAlgorithm'] !== 'ECDSA_SHA_256') {
    throw new AwsFault('InvalidKeyUsageException', 'An ECC_NIST_P256 key signs with ECDSA_SHA_256.');
  }
  const message = Buffer.from(String(input['Message']), 'base64');
  const signature =
    input['MessageType'] === 'DIGEST' ? signDigest(key.secret, message) : signMessage(key.secret, message);
  return { KeyId: key.arn, Signature: signature.toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' };
}

function getPublicKey(keys: KmsKeys, input: Input): Input {
  const key = keyFor(keys, input['KeyId']);
  if (key !== keys.signing) throw new AwsFault('UnsupportedOperationException', `${key.arn} has no public key.`);
  return {
    KeyId: key.arn,
    PublicKey: keys.publicKey.toString('base64'),
    KeySpec: 'ECC_NIST_P256',
    CustomerMasterKeySpec: 'ECC_NIST_P256',
    KeyUsage: 'SIGN_VERIFY',
    SigningAlgorithms: ['ECDSA_SHA_256'],
  };
}

function metadata(key: KmsKey): Input {
  const signing = key.kind === 'signing';
  return {
    KeyId: key.arn.split('/').at(-1),
    Arn: key.arn,
    CreationDate: key.createdAt,
    Enabled: true,
    KeyState: 'Enabled',
    KeyManager: 'CUSTOMER',
    Origin: 'AWS_KMS',
    MultiRegion: false,
    KeyUsage: signing ? 'SIGN_VERIFY' : 'ENCRYPT_DECRYPT',
    KeySpec: signing ? 'ECC_NIST_P256' : 'SYMMETRIC_DEFAULT',
    ...(signing ? { SigningAlgorithms: ['ECDSA_SHA_256'] } : { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }),
  };
}
