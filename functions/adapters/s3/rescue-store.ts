import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { StoreUnavailableError } from '../../core/errors.ts';
import type { RescueStore } from '../../core/tokens/rescue.ts';
import { STORE_PATIENCE } from '../../core/tokens/timing.ts';

export interface RescueStoreOptions {
  readonly client?: S3Client;
  readonly bucket: string;
}

/**
 * The rescue bucket: `rescue/<connection>/<consumed fingerprint>`, strongly consistent, emptied by merging and after 30 days.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
 */
export function createRescueStore({ client = createClient(), bucket }: RescueStoreOptions): RescueStore {
  const at = (connection: string, spent: string) => ({
    Bucket: bucket,
    Key: `rescue/${encodeURIComponent(connection)}/${spent}`,
  });
  return {
    async put(connection, spent, body) {
      await ask('writing', connection, () =>
        client.send(new PutObjectCommand({ ...at(connection, spent), Body: body, ContentType: 'application/json' })),
      );
    },
    async find(connection, spent) {
      return ask('reading', connection, async () => {
        try {
          const { Body: body } = await client.send(new GetObjectCommand(at(connection, spent)));
          return await body?.transformToString('utf-8');
        } catch (error) {
          if (error instanceof NoSuchKey || (error instanceof Error && error.name === 'NoSuchKey')) return undefined;
          throw error;
        }
      });
    },
    async remove(connection, spent) {
      await ask('removing', connection, () => client.send(new DeleteObjectCommand(at(connection, spent))));
    },
  };
}

/** Path style, so that the same code finds a bucket on loopback. */
function createClient(): S3Client {
  return new S3Client({ ...STORE_PATIENCE, forcePathStyle: true });
}

/** *Not there* is an answer. Anything else that S3 says is not: a token is never presented again on a guess. */
async function ask<T>(doing: string, connection: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown';
    throw new StoreUnavailableError(`Rescue bucket, ${doing} for ${connection}: ${name}`, { cause });
  }
}
