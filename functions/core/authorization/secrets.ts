import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../time.ts';

/** 256 random bits in 43 characters of base64url: tickets, states, cookies, verifiers. */
export const SECRET_TEXT = /^[A-Za-z0-9_-]{43}$/;

export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(32)).toString('base64url');
}

/** What is stored of a secret that is looked up by its value. 256 random bits need no salt and no slow hash. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares two hashes without telling where they differ (S68). */
export function isSameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export function pkceChallenge(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}
