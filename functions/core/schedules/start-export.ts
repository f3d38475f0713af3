import { createHash } from 'node:crypto';
import type { ExportInput } from '../reports/run-types.ts';
import type { AttemptKey } from './window-store.ts';

/** Starts an attempt under its name. The same name twice is one run. */
export type StartExport = (name: string, input: ExportInput) => Promise<void>;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Name of an attempt's durable execution: 52 characters of `[a-z2-7]`, of the 64 that Lambda takes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-6
 */
export function executionName(stage: string, { job, from, attempt }: AttemptKey): string {
  const parts = [stage, job, from.toISOString(), String(attempt)];
  const hash = createHash('sha256').update(parts.join('|')).digest();
  let bits = '';
  for (const byte of hash) bits += byte.toString(2).padStart(8, '0');
  return bits.replaceAll(/.{1,5}/g, (five) => ALPHABET.charAt(parseInt(five.padEnd(5, '0'), 2)));
}
