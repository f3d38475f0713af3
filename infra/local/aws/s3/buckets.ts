import { AwsFault } from '../wire.ts';
import { newVersionId, openRecordFiles, type RecordFiles } from './record-files.ts';
import { NULL_VERSION, type ObjectRecord, type ObjectVersion } from './version.ts';

export interface Bucket {
  readonly name: string;
  /** Versions and retention; without it an object has one version and no lock. */
  readonly objectLock: boolean;
  record(key: string): ObjectRecord | undefined;
  /** All records, by key in UTF-8 order. */
  records(): readonly ObjectRecord[];
  put(key: string, data: Uint8Array, version: Omit<ObjectVersion, 'versionId' | 'lastModified'>): ObjectVersion;
  read(key: string, versionId: string): Buffer;
  /** Puts a delete marker on top, or, without versions, removes the object. */
  remove(key: string): ObjectVersion | undefined;
  removeVersion(key: string, versionId: string): void;
  /** Stores what was changed in a version of the record. */
  save(record: ObjectRecord): void;
}

export type Buckets = ReadonlyMap<string, Bucket>;

/** Opens the buckets of a folder: `<folder>/<bucket>/<key>` is the current version of an object. */
export function openBuckets(
  directory: string,
  specifications: readonly { readonly name: string; readonly objectLock?: boolean }[],
): Buckets {
  return new Map(
    specifications.map(({ name, objectLock = false }) => [
      name,
      openBucket(name, objectLock, openRecordFiles(directory, name)),
    ]),
  );
}

function openBucket(name: string, objectLock: boolean, files: RecordFiles): Bucket {
  const records = new Map(files.load().map((record) => [record.key, record]));
  const commit = (record: ObjectRecord) => {
    if (record.versions.length > 0) records.set(record.key, record);
    else records.delete(record.key);
    files.commit(record);
  };
  const add = (key: string, version: ObjectVersion) => {
    const before = records.get(key)?.versions ?? [];
    commit({ key, versions: objectLock ? [version, ...before] : [version] });
    return version;
  };
  return {
    name,
    objectLock,
    record: (key) => records.get(key),
    records: () => [...records.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))),
    put(key, data, version) {
      const versionId = objectLock ? newVersionId() : NULL_VERSION;
      files.stage(key, versionId, data);
      return add(key, { ...version, versionId, lastModified: Date.now() });
    },
    read(key, versionId) {
      const record = records.get(key);
      if (!record) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
      return files.read(record, versionId);
    },
    remove(key) {
      if (!objectLock) {
        const record = records.get(key);
        if (record) commit({ key, versions: [] });
        if (record) files.forget(record, NULL_VERSION);
        return undefined;
      }
      const marker = { bytes: 0, etag: '', checksums: {}, headers: {}, deleteMarker: true as const };
      return add(key, { ...marker, versionId: newVersionId(), lastModified: Date.now() });
    },
    removeVersion(key, versionId) {
      const record = records.get(key);
      if (!record) return;
      commit({ key, versions: record.versions.filter((version) => version.versionId !== versionId) });
      files.forget(record, versionId);
    },
    save: commit,
  };
}
