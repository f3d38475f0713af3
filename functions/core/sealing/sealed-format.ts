import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { SealPurpose } from '../connections/connection.ts';
import { SealBrokenError } from '../errors.ts';

/** What a sealed value belongs to. All of it is authenticated: a value moved elsewhere does not open. */
export interface SealContext {
  readonly provider: string;
  readonly connection: string;
  readonly purpose: SealPurpose;
  readonly generation: number;
}

/** The one format: version, length of the wrapped key (2 bytes), wrapped key, nonce, ciphertext, tag. */
const VERSION = 1;
const HEADER_BYTES = 3;
/** 96 bits, fresh for each value, as GCM wants it. @see https://csrc.nist.gov/pubs/sp/800/38/d/final */
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What sealing a value uses up. */
export interface SealMeans {
  readonly key: { readonly plaintext: Uint8Array; readonly wrapped: Uint8Array };
  readonly nonce: Uint8Array;
  readonly allocate: (length: number) => Uint8Array;
}

export function writeSealed(text: string, { key, nonce, allocate }: SealMeans, context: SealContext): Uint8Array {
  const { wrapped } = key;
  const cipher = createCipheriv('aes-256-gcm', keyObject(key.plaintext), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(context));
  const body = cipher.update(text, 'utf8');
  cipher.final();
  const nonceAt = HEADER_BYTES + wrapped.byteLength;
  const bodyAt = nonceAt + NONCE_BYTES;
  const tagAt = bodyAt + body.byteLength;
  const sealed = allocate(tagAt + TAG_BYTES);
  sealed[0] = VERSION;
  sealed[1] = wrapped.byteLength >> 8;
  sealed[2] = wrapped.byteLength & 0xff;
  sealed.set(wrapped, HEADER_BYTES);
  sealed.set(nonce, nonceAt);
  sealed.set(body, bodyAt);
  sealed.set(cipher.getAuthTag(), tagAt);
  return sealed;
}

export interface SealedParts {
  readonly wrapped: Uint8Array;
  readonly nonce: Uint8Array;
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

/** @throws SealBrokenError when it is too short or of a version that we do not write. */
export function splitSealed(sealed: Uint8Array): SealedParts {
  const view = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (view.byteLength < HEADER_BYTES || view.readUInt8(0) !== VERSION) {
    throw new SealBrokenError('A sealed value is not of a known version');
  }
  const wrappedEnd = HEADER_BYTES + view.readUInt16BE(1);
  const nonceEnd = wrappedEnd + NONCE_BYTES;
  if (view.byteLength < nonceEnd + TAG_BYTES) throw new SealBrokenError('A sealed value is cut short');
  return {
    wrapped: view.subarray(HEADER_BYTES, wrappedEnd),
    nonce: view.subarray(wrappedEnd, nonceEnd),
    body: view.subarray(nonceEnd, view.byteLength - TAG_BYTES),
    tag: view.subarray(view.byteLength - TAG_BYTES),
  };
}

/** @throws SealBrokenError when anything of the value or its context is not what was sealed. */
export function readSealed(parts: SealedParts, key: Uint8Array, context: SealContext): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyObject(key), parts.nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(context));
    decipher.setAuthTag(parts.tag);
    const text = decipher.update(parts.body);
    decipher.final();
    return text.toString('utf8');
  } catch (cause) {
    throw new SealBrokenError(
      `The ${context.purpose} token of ${context.connection}, generation ${context.generation}, does not open`,
      { cause },
    );
  }
}

/** Node examines a key that is given as bytes anew for every use, which takes longer than to encrypt a token. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObject(bytes: Uint8Array): KeyObject {
  const known = keyObjects.get(bytes);
  if (known !== undefined) return known;
  const made = createSecretKey(bytes);
  keyObjects.set(bytes, made);
  return made;
}

/** schema | provider | connection | purpose | generation, each with its length, so that no two contexts are alike. */
function additionalData(context: SealContext): Uint8Array {
  const { provider, connection, purpose, generation } = context;
  const parts = `1:1|${measured(provider)}|${measured(connection)}|${measured(purpose)}|${measured(String(generation))}`;
  return Buffer.from(parts, 'utf8');
}

function measured(text: string): string {
  return `${Buffer.byteLength(text)}:${text}`;
}
