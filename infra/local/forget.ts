import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigInvalidError } from '../../functions/core/errors.ts';

/** What the functions logged, in this run and in the one before. */
export const FUNCTIONS_LOG = 'functions.log';
export const FUNCTIONS_LOG_BEFORE = 'functions.before.log';

const LOCK = 'lock';
/** What lies in a folder whose first start was ended early. */
const BEGUN: readonly string[] = [LOCK, 'doubles', 'steward.yaml', FUNCTIONS_LOG, FUNCTIONS_LOG_BEFORE];

/** @throws ConfigInvalidError where a folder has something in it, and not what we keep: `--reset` would remove it */
export function checkIsOurs(directory: string): void {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const isBegun = (names.includes(LOCK) || names.includes('doubles')) && names.every((name) => BEGUN.includes(name));
  if (names.length === 0 || names.includes('kms.json') || isBegun) return;
  throw new ConfigInvalidError(
    `${directory} is no folder of Steward's: it is not removed. Name the right one with --directory`,
  );
}

/** Removes what was kept, but for the lock that is held meanwhile. */
export function forget(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== LOCK) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
