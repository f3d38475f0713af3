import { createHash } from 'node:crypto';
import { StoreUnavailableError } from '../../functions/core/errors.ts';
import type { Archive, Lock, NewObject } from '../../functions/core/reports/archive.ts';

interface Version {
  readonly versionId: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  lock: Lock | undefined;
}

/** The twin of the S3 archive. `writes` counts versions that were made, `objects` holds them, newest last. */
export interface MemoryArchive extends Archive {
  readonly objects: ReadonlyMap<string, readonly Version[]>;
  writes(): number;
  text(key: string): string | undefined;
}

export function createMemoryArchive(now: () => Date = () => new Date(0)): MemoryArchive {
  const objects = new Map<string, Version[]>();
  let writes = 0;
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const newest = (key: string) => objects.get(key)?.at(-1);
  const add = ({ key, bytes, contentType }: NewObject, lock?: Lock) => {
    const versions = objects.get(key) ?? [];
    const versionId = `v${versions.length + 1}`;
    objects.set(key, [...versions, { versionId, bytes: Uint8Array.from(bytes), contentType, lock }]);
    writes += 1;
    return versionId;
  };
  const find = (key: string, versionId: string | undefined) =>
    versionId === undefined ? newest(key) : objects.get(key)?.find((version) => version.versionId === versionId);
  return {
    objects,
    writes: () => writes,
    text: (key) => {
      const bytes = newest(key)?.bytes;
      return bytes && Buffer.from(bytes).toString('utf8');
    },
    async write(object) {
      const held = newest(object.key);
      const hash = sha256(object.bytes);
      const versionId = held && sha256(held.bytes) === hash ? held.versionId : add(object);
      return { key: object.key, versionId, bytes: object.bytes.byteLength, sha256: hash };
    },
    async create(object, lock) {
      if (newest(object.key)) return { created: false };
      add(object, lock);
      return { created: true };
    },
    read: async (key, versionId) => find(key, versionId)?.bytes,
    async lock({ key, versionId }, lock) {
      const version = find(key, versionId);
      if (!version) throw new StoreUnavailableError(`No version ${versionId} of ${key}`);
      version.lock = lock;
    },
    async remove({ key, versionId }) {
      const version = find(key, versionId);
      if (!version) return;
      if (version.lock && version.lock.until > now()) throw new StoreUnavailableError(`${key} is locked`);
      const left = (objects.get(key) ?? []).filter((other) => other !== version);
      if (left.length > 0) objects.set(key, left);
      else objects.delete(key);
    },
  };
}
