import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, readJsonFile, writePrivateFile } from '../../files.ts';
import type { Execution } from './execution.ts';

/** Executions as JSON files of one folder, one file each. */
export interface ExecutionFiles {
  readonly load: () => Execution[];
  /** On the disk when it returns: a checkpoint that was answered is never lost. */
  readonly save: (execution: Execution) => void;
}

/** @param keepSeconds how long a closed execution, and with it its name, is remembered */
export function createExecutionFiles(directory: string, keepSeconds: number, now: () => number): ExecutionFiles {
  makePrivateDirectory(directory);
  const fileOf = (arn: string) =>
    join(directory, `${createHash('sha256').update(arn).digest('hex').slice(0, 32)}.json`);
  return {
    load() {
      const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
      const all = names.flatMap((name) => readJsonFile<Execution>(join(directory, name)) ?? []);
      const old = (execution: Execution) => execution.endedAt !== undefined && execution.endedAt < now() - keepSeconds;
      for (const execution of all.filter(old)) rmSync(fileOf(execution.arn), { force: true });
      return all.filter((execution) => !old(execution));
    },
    save: (execution) => writePrivateFile(fileOf(execution.arn), JSON.stringify(execution)),
  };
}
