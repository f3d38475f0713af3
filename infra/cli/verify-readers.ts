import {
  type DeleteMarkerEntry,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  type S3Client,
} from '@aws-sdk/client-s3';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { NotFoundError, UsageError } from '../../functions/core/errors.ts';
import type { ListedVersion } from '../../functions/core/reports/archive-listing.ts';
import type { ArchiveReader } from '../../functions/core/reports/verify.ts';

const gunzip = (bytes: Uint8Array): Uint8Array => gunzipSync(bytes);

/**
 * A folder of plain files: local mode's archive, or a copy of a bucket. It has one version of each file.
 *
 * @throws NotFoundError when there is no such folder
 */
export function openFolder(path: string): ArchiveReader {
  const root = resolve(path);
  if (!existsSync(root) || !statSync(root).isDirectory()) throw new NotFoundError(`There is no folder ${root}`);
  return {
    gunzip,
    async *list() {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const key = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
        yield { key, newest: true, deleteMarker: false };
      }
    },
    async read(key) {
      const file = resolve(root, key);
      // A manifest is not trusted yet when its keys are followed.
      if (!file.startsWith(root + sep)) return undefined;
      try {
        return await readFile(file);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
        throw error;
      }
    },
  };
}

/**
 * For a client that reads an archive: all bytes are held against what was signed, and the client's own check would end
 * the command at the first that differ.
 */
export const UNCHECKED_READS = { responseChecksumValidation: 'WHEN_REQUIRED' } as const;

/** A bucket, or what lies under a prefix of it (`s3://bucket/connection/job`). Reads exactly the versions that are named. */
export function openBucket(client: S3Client, uri: string): ArchiveReader {
  const { hostname: bucket, pathname } = new URL(uri);
  if (bucket === '') throw new UsageError(`${uri} names no bucket: say s3://bucket, or s3://bucket/connection/job`);
  const prefix = pathname.slice(1);
  return {
    gunzip,
    async *list() {
      let marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } = {};
      for (;;) {
        const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...marker }));
        yield* (page.Versions ?? []).flatMap((version) => listed(version, false));
        yield* (page.DeleteMarkers ?? []).flatMap((version) => listed(version, true));
        const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
        if (page.IsTruncated !== true || KeyMarker === undefined) return;
        marker = { KeyMarker, ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }) };
      }
    },
    async read(key, versionId) {
      try {
        const version = versionId === undefined ? {} : { VersionId: versionId };
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...version }));
        return await Body?.transformToByteArray();
      } catch (error) {
        const name = error instanceof Error ? error.name : '';
        if (['NoSuchKey', 'NoSuchVersion', 'NotFound', 'MethodNotAllowed'].includes(name)) return undefined;
        throw error;
      }
    },
  };
}

function listed(
  { Key, VersionId, IsLatest }: ObjectVersion | DeleteMarkerEntry,
  deleteMarker: boolean,
): ListedVersion[] {
  if (Key === undefined) return [];
  return [{ key: Key, versionId: VersionId ?? 'null', newest: IsLatest === true, deleteMarker }];
}
