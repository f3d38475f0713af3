import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateDirectory, readJsonFile, writePrivateFile } from '../../files.ts';
import type { ObjectRecord } from './version.ts';

/**
 * The files of one bucket: the current version of an object is a plain file under the object's own name, so that
 * people can open it; what came before, and what is known about all of them, lies under `.versions`.
 *
 * A record (JSON) is the truth about which versions there are. Data is written before the record that names it and
 * moved to its plain place after it, so that a crash leaves a whole object, old or new.
 */
export interface RecordFiles {
  load(): ObjectRecord[];
  /** Stores the bytes of a version that is about to be put on top of a record. */
  stage(key: string, versionId: string, data: Uint8Array): void;
  /** Writes the record, then puts the current version's bytes in their plain place. */
  commit(record: ObjectRecord): void;
  read(record: ObjectRecord, versionId: string): Buffer;
  /** Forgets the bytes of a version that the record no longer names. */
  forget(record: ObjectRecord, versionId: string): void;
}

export function openRecordFiles(directory: string, bucket: string): RecordFiles {
  const plainRoot = join(directory, bucket);
  const recordRoot = join(directory, '.versions', bucket);
  makePrivateDirectory(plainRoot);
  makePrivateDirectory(recordRoot);

  const nameOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 40);
  const recordFile = (key: string) => join(recordRoot, `${nameOf(key)}.json`);
  const stagedFile = (key: string, versionId: string) => join(recordRoot, nameOf(key), versionId);
  const plainFile = (key: string) => (isPlainName(key) ? join(plainRoot, ...key.split('/')) : undefined);

  return {
    load() {
      const names = readdirSync(recordRoot).filter((name) => name.endsWith('.json'));
      return names.flatMap((name) => readJsonFile<ObjectRecord>(join(recordRoot, name)) ?? []);
    },
    stage(key, versionId, data) {
      const file = stagedFile(key, versionId);
      makePrivateDirectory(dirname(file));
      writeFileSync(file, data, { mode: 0o600 });
    },
    commit(record) {
      const plain = plainFile(record.key);
      const before = readJsonFile<ObjectRecord>(recordFile(record.key))?.versions[0];
      if (plain !== undefined && before !== undefined) keepAside(plain, stagedFile(record.key, before.versionId));
      if (record.versions.length > 0) writePrivateFile(recordFile(record.key), JSON.stringify(record));
      else rmSync(recordFile(record.key), { force: true });
      if (plain !== undefined) showCurrent(record, plain, plainRoot, (id) => stagedFile(record.key, id));
    },
    read(record, versionId) {
      const staged = stagedFile(record.key, versionId);
      const plain = plainFile(record.key);
      return readFileSync(plain === undefined || existsSync(staged) ? staged : plain);
    },
    forget(record, versionId) {
      rmSync(stagedFile(record.key, versionId), { force: true });
    },
  };
}

/** Whether a key can be a path below the bucket's folder and nowhere else. */
function isPlainName(key: string): boolean {
  return key.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\p{Cc}]/u.test(part));
}

function keepAside(plain: string, aside: string): void {
  if (existsSync(aside) || !existsSync(plain)) return;
  makePrivateDirectory(dirname(aside));
  try {
    linkSync(plain, aside);
  } catch {
    copyFileSync(plain, aside);
  }
}

function showCurrent(record: ObjectRecord, plain: string, root: string, staged: (versionId: string) => string): void {
  const current = record.versions[0];
  if (current === undefined || current.deleteMarker === true) {
    rmSync(plain, { force: true });
    removeEmptyFolders(dirname(plain), root);
    return;
  }
  const file = staged(current.versionId);
  if (!existsSync(file)) return;
  try {
    mkdirSync(dirname(plain), { recursive: true });
    renameSync(file, plain);
  } catch (error) {
    // Another key needs this name as a folder, or the other way round: the bytes stay where they are.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ENAMETOOLONG'].includes(code)) throw error;
  }
}

function removeEmptyFolders(folder: string, root: string): void {
  try {
    for (let at = folder; at !== root; at = dirname(at)) rmdirSync(at);
  } catch {
    // Not empty: it stays.
  }
}

/** A version id as S3 makes them: opaque, 32 characters. */
export function newVersionId(): string {
  return randomBytes(24).toString('base64url');
}
