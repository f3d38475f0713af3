import { createECDH, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { AwsFault } from './wire.ts';

/** Order of the group of P-256. @see https://doi.org/10.6028/NIST.SP.800-186 3.2.1.3 */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const MAX_MESSAGE_BYTES = 4096;
const DIGEST_BYTES = 32;

/** ECDSA over SHA-256 of the message; the signature is DER. */
export function signMessage(privateKey: Buffer, message: Buffer): Buffer {
  if (message.length > MAX_MESSAGE_BYTES) {
    throw new AwsFault('ValidationException', `Message is longer than ${MAX_MESSAGE_BYTES} bytes; send its digest.`);
  }
  return sign('sha256', message, createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }));
}

/**
 * ECDSA over a digest that the caller made.
 *
 * Node signs messages only, so the two equations are written out; the one point multiplication that they need is a
 * public key's. Good enough for a stand-in on one machine: the arithmetic is not constant-time.
 *
 * @see https://doi.org/10.6028/NIST.FIPS.186-5 6.4.1
 */
export function signDigest(privateKey: Buffer, digest: Buffer): Buffer {
  if (digest.length !== DIGEST_BYTES) {
    throw new AwsFault('ValidationException', `Digest is invalid length for algorithm ECDSA_SHA_256.`);
  }
  const { d } = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  const secret = toNumber(Buffer.from(d ?? '', 'base64url'));
  for (;;) {
    const nonce = randomBytes(DIGEST_BYTES);
    const k = toNumber(nonce);
    if (k === 0n || k >= ORDER) continue;
    const point = createECDH('prime256v1');
    point.setPrivateKey(nonce);
    const r = toNumber(point.getPublicKey().subarray(1, 1 + DIGEST_BYTES)) % ORDER;
    const s = (inverse(k) * (toNumber(digest) + r * secret)) % ORDER;
    if (r !== 0n && s !== 0n) return toDer(r, s);
  }
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** The inverse modulo the group's order, by Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value % ORDER;
  for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % ORDER;
    base = (base * base) % ORDER;
  }
  return result;
}

function toDer(r: bigint, s: bigint): Buffer {
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const positive = (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}
