import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ProviderResponseInvalidError } from '../core/errors.ts';

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  br: createBrotliDecompress,
  deflate: createInflate,
  gzip: createGunzip,
  'x-gzip': createGunzip,
};

/**
 * Reads a whole body, decoded, and never more than `maxBytes` of it: an endless body or a decompression bomb is cut
 * off where the limit is met, whatever its length header says.
 *
 * @throws ProviderResponseInvalidError when it is larger, or its encoding is broken or unknown.
 */
export async function readBody(
  stream: Readable,
  encoding: string | undefined,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const decoded = decode(stream, encoding, host);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > maxBytes) throw new ProviderResponseInvalidError(`${host} answered more than ${maxBytes} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    if (isDecodingError(error))
      throw new ProviderResponseInvalidError(`${host} answered a broken ${encoding} body`, { cause: error });
    throw error;
  } finally {
    stream.destroy();
  }
  return Buffer.concat(chunks, size);
}

function decode(stream: Readable, encoding: string | undefined, host: string): AsyncIterable<unknown> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === '' || name === 'identity') return stream;
  const create = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (create === undefined)
    throw new ProviderResponseInvalidError(`${host} answered in an encoding that we do not read`);
  const decoder = create();
  stream.once('error', (error) => (decoder as unknown as Readable).destroy(error));
  return stream.pipe(decoder);
}

function isDecodingError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return (
    typeof code === 'string' &&
    (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_'))
  );
}
