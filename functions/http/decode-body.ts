import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { ProviderResponseInvalidError, ResponseTooLargeError } from '../core/errors.ts';

type Decode = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

/** What a provider may answer in; it is told so. Not brotli: its window alone takes 16 MB of each exchange. */
export const ACCEPT_ENCODING = 'gzip, deflate';

const DECODERS: Readonly<Record<string, Decode>> = {
  deflate: promisify<Uint8Array, object, Uint8Array>(inflate),
  gzip: promisify<Uint8Array, object, Uint8Array>(gunzip),
  'x-gzip': promisify<Uint8Array, object, Uint8Array>(gunzip),
};

/**
 * A body without its encoding, and never more than `maxBytes` of it: a decompression bomb is cut off where the limit is
 * met, whatever its length header says.
 *
 * @throws ResponseTooLargeError when it is larger
 * @throws ProviderResponseInvalidError when its encoding is broken or unknown
 */
export async function decodeBody(
  body: Uint8Array,
  encoding: string,
  maxBytes: number,
  host: string,
): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity' || body.byteLength === 0) return body;
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (decode === undefined)
    throw new ProviderResponseInvalidError(`${host} answered in an encoding that we do not read`);
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new ResponseTooLargeError(`${host} answered more than ${maxBytes} bytes`);
    if (!isDecodingError(code)) throw error;
    throw new ProviderResponseInvalidError(`${host} answered a broken ${name} body`, { cause: error });
  }
}

function isDecodingError(code: string): boolean {
  return code.startsWith('Z_');
}
