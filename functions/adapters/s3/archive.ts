import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { hash } from 'node:crypto';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { Archive, ArchivedObject, Lock, NewObject } from '../../core/reports/archive.ts';

export interface ArchiveOptions {
  readonly client?: S3Client;
  readonly bucket: string;
}

/** 409 says that another write to the key is under way: it is asked again, which then tells who was first. */
const CONFLICT_TRIES = 5;

const ABSENT = new Set(['NoSuchKey', 'NotFound', 'NoSuchVersion', 'MethodNotAllowed']);

/**
 * The archive bucket: versioned, Object Lock, every write with its SHA-256 and none of them multipart (parts are
 * bounded), so nothing half-written can stay behind.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function createArchive({ client = new S3Client({ forcePathStyle: true }), bucket }: ArchiveOptions): Archive {
  const at = (key: string) => ({ Bucket: bucket, Key: key });

  async function put(object: Hashed, onlyNew: boolean, lock?: Lock) {
    const answer = await client.send(
      new PutObjectCommand({
        ...at(object.key),
        Body: object.bytes,
        ContentType: object.contentType,
        ContentLength: object.bytes.byteLength,
        ChecksumAlgorithm: 'SHA256',
        ChecksumSHA256: object.digest.toString('base64'),
        ...(onlyNew ? { IfNoneMatch: '*' } : {}),
        ...(lock ? { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until } : {}),
      }),
    );
    return archived(object, answer.VersionId);
  }

  async function putNew(object: Hashed, lock?: Lock) {
    for (let tries = 1; ; tries++) {
      try {
        return await put(object, true, lock);
      } catch (error) {
        const name = nameOf(error);
        if (name === 'PreconditionFailed') return undefined;
        if (name !== 'ConditionalRequestConflict' || tries === CONFLICT_TRIES) throw error;
      }
    }
  }

  async function standing(object: Hashed): Promise<ArchivedObject | undefined> {
    const head = await ifThere(() =>
      client.send(new HeadObjectCommand({ ...at(object.key), ChecksumMode: 'ENABLED' })),
    );
    return head?.ChecksumSHA256 === object.digest.toString('base64') ? archived(object, head.VersionId) : undefined;
  }

  return {
    write: (given) =>
      ask(`writing ${given.key}`, async () => {
        const object = hashed(given);
        return (await putNew(object)) ?? (await standing(object)) ?? (await put(object, false));
      }),
    create: (given, lock) =>
      ask(`creating ${given.key}`, async () => ({ created: (await putNew(hashed(given), lock)) !== undefined })),
    read: (key, versionId) =>
      ask(`reading ${key}`, async () => {
        const version = versionId === undefined ? {} : { VersionId: versionId };
        const answer = await ifThere(() => client.send(new GetObjectCommand({ ...at(key), ...version })));
        return answer?.Body?.transformToByteArray();
      }),
    lock: ({ key, versionId }, { mode, until }) =>
      ask(`locking ${key}`, async () => {
        const retention = { Mode: mode, RetainUntilDate: until };
        await client.send(
          new PutObjectRetentionCommand({
            ...at(key),
            VersionId: versionId,
            Retention: retention,
            ChecksumAlgorithm: 'SHA256',
          }),
        );
      }),
    remove: ({ key, versionId }) =>
      ask(`removing ${key}`, async () => {
        await ifThere(() => client.send(new DeleteObjectCommand({ ...at(key), VersionId: versionId })));
      }),
  };
}

/** With its SHA-256, which S3 checks and the manifest names: computed once. */
interface Hashed extends NewObject {
  readonly digest: Buffer;
}

function hashed(object: NewObject): Hashed {
  return { ...object, digest: hash('sha256', object.bytes, 'buffer') };
}

function archived({ key, bytes, digest }: Hashed, versionId: string | undefined): ArchivedObject {
  return { key, versionId: versionId ?? 'null', bytes: bytes.byteLength, sha256: digest.toString('hex') };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

/** *Not there* is an answer. */
async function ifThere<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (ABSENT.has(nameOf(error))) return undefined;
    throw error;
  }
}

/** Whatever else S3 says, or does not say: the step is run again, and finds what it had written. */
async function ask<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new StoreUnavailableError(`Archive, ${doing}: ${nameOf(cause)}`, { cause });
  }
}
