import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { NotFoundError } from '../../functions/core/errors.ts';
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
        if (entry.isFile()) yield relative(root, join(entry.parentPath, entry.name)).split(sep).join('/');
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
  const prefix = pathname.slice(1);
  return {
    gunzip,
    async *list() {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        );
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
        token = page.NextContinuationToken;
      } while (token !== undefined);
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
