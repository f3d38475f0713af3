import { createHash } from 'node:crypto';
import { canonicalJson } from '../json.ts';
import type { Alert } from './source.ts';

/**
 * SHA-256 over what makes an alert another alert: state, severity and the provider's significant fields.
 *
 * The provider's own stamps are not in it: acknowledging or closing may not move them, and an elapsed time moves
 * without any news.
 */
export function fingerprintOf(alert: Pick<Alert, 'significant' | 'state' | 'severity'>): string {
  const { significant, state, severity } = alert;
  return createHash('sha256').update(canonicalJson({ significant, state, severity })).digest('hex');
}

/** Eight characters that stand for an id where many have to be remembered: 48 bits of its SHA-256. */
export function shortHash(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 8);
}
