import { accessSync, closeSync, constants, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigInvalidError } from '../../functions/core/errors.ts';
import { makePrivateDirectory } from './files.ts';

/** Folders that this process holds: a lock file with our own number that is not ours was left by a dead process. */
const held = new Set<string>();

/**
 * Makes this process the only user of a folder, until the function that it returns is called or the process ends.
 *
 * @throws ConfigInvalidError where another living process holds it, or it is no folder that we may write to.
 */
export function lockDirectory(directory: string): () => void {
  try {
    makePrivateDirectory(directory);
    accessSync(directory, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigInvalidError(`${directory} cannot be used as a folder (${code}). Choose another --directory`);
  }
  const file = join(directory, 'lock');
  if (!tryLock(file)) {
    const owner = Number(readFileSync(file, 'utf8'));
    if (held.has(file) || (owner !== process.pid && isAlive(owner))) {
      throw new ConfigInvalidError(
        `${directory} is in use by process ${owner}. Stop it, or choose another folder; if no Steward runs, remove ${file}`,
      );
    }
    rmSync(file, { force: true });
    if (!tryLock(file)) throw new ConfigInvalidError(`${directory} was taken by another process just now`);
  }
  held.add(file);
  const release = () => {
    process.off('exit', release);
    if (held.delete(file)) rmSync(file, { force: true });
  };
  process.once('exit', release);
  return release;
}

function tryLock(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
