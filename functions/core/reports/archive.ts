import type { Retention } from '../jobs.ts';

/** One version of one object in the archive. */
export interface ArchivedObject {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface NewObject {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** Until when a version cannot be deleted. */
export interface Lock {
  readonly mode: Retention['mode'];
  readonly until: Date;
}

/** Where exports are kept: versioned, with conditional writes and retention. */
export interface Archive {
  /**
   * Writes an object that is not there yet, with its SHA-256 checked on arrival.
   *
   * The same bytes under the key already (a reply was lost, a step is run again): that version is taken and nothing is
   * written. Other bytes: they are left of an attempt that failed, and a version is put on top of them; manifests pin
   * versions.
   *
   * @throws StoreUnavailableError
   */
  write(object: NewObject): Promise<ArchivedObject>;
  /**
   * Writes an object once and for all, under retention from the first moment. `created: false` when the key is taken;
   * nothing is written then.
   */
  create(object: NewObject, lock: Lock): Promise<{ readonly created: boolean }>;
  /** The bytes of a version, or of the newest; `undefined` when there is none. */
  read(key: string, versionId?: string): Promise<Uint8Array | undefined>;
  /** Puts retention on exactly this version. */
  lock(object: Pick<ArchivedObject, 'key' | 'versionId'>, lock: Lock): Promise<void>;
  /** Deletes exactly this version, which must not be under retention. Gone already: fine. */
  remove(object: Pick<ArchivedObject, 'key' | 'versionId'>): Promise<void>;
}
