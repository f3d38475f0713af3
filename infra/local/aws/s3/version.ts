export interface Retention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  /** Epoch milliseconds. */
  readonly until: number;
}

/** One version of an object, or a delete marker; newest first in its record. */
export interface ObjectVersion {
  readonly versionId: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly deleteMarker?: true;
  readonly bytes: number;
  /** MD5, hexadecimal, without quotes. */
  readonly etag: string;
  /** By header name (`x-amz-checksum-sha256`), Base64. */
  readonly checksums: Readonly<Record<string, string>>;
  /** Headers that come back as they were sent: content type and encoding, `x-amz-meta-*`. */
  readonly headers: Readonly<Record<string, string>>;
  retention?: Retention;
}

/** All versions of one key. */
export interface ObjectRecord {
  readonly key: string;
  versions: ObjectVersion[];
}

/** The version id of an object in a bucket without versions. */
export const NULL_VERSION = 'null';
