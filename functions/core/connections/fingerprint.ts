import { hash } from 'node:crypto';

/**
 * What stands for a token where the token itself must not: SHA-256, base64url.
 *
 * Refresh tokens are random and long, so that their hash gives nothing away.
 */
export function tokenFingerprint(token: string): string {
  return hash('sha256', `token:${token}`, 'base64url');
}

/** Client credentials have no token to spend: what is spent is the generation. */
export function generationFingerprint(connection: string, generation: number): string {
  return hash('sha256', `generation:${connection}:${generation}`, 'base64url');
}

/** What an authorization spends is its state: there is one code for it, used once. */
export function authorizationFingerprint(stateHash: string): string {
  return hash('sha256', `authorization:${stateHash}`, 'base64url');
}
