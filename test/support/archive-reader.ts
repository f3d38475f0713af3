import { gunzipSync } from 'node:zlib';
import type { ArchiveReader } from '../../functions/core/reports/verify.ts';
import type { MemoryArchive } from './memory-archive.ts';

/** Files that a forger put in the place of others; `undefined` takes one away. */
export type Forged = Readonly<Record<string, Uint8Array | undefined>>;

const gunzip = (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes));

/** A memory archive as a bucket is read: every version of every key. */
export function bucketReader(archive: Pick<MemoryArchive, 'objects' | 'read'>): ArchiveReader {
  return {
    gunzip,
    async *list() {
      for (const [key, versions] of archive.objects) {
        for (const [index, { versionId }] of versions.toReversed().entries()) {
          yield { key, versionId, newest: index === 0, deleteMarker: false };
        }
      }
    },
    read: (key, versionId) => archive.read(key, versionId),
  };
}

/** The same as a folder has it: one version of each file, a forger's where there is one. */
export function folderReader(archive: Pick<MemoryArchive, 'objects' | 'read'>, forged: Forged = {}): ArchiveReader {
  return {
    gunzip,
    async *list() {
      for (const key of new Set([...archive.objects.keys(), ...Object.keys(forged)])) {
        if (!(key in forged) || forged[key]) yield { key, newest: true, deleteMarker: false };
      }
    },
    read: async (key, versionId) => (key in forged ? forged[key] : archive.read(key, versionId)),
  };
}
