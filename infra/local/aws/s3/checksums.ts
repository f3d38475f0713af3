import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsFault } from '../wire.ts';

/** What this stand-in can verify. A client that sends another one is told so, rather than believed. */
const ALGORITHMS: Readonly<Record<string, (data: Uint8Array) => Buffer>> = {
  'x-amz-checksum-sha256': (data) => createHash('sha256').update(data).digest(),
  'x-amz-checksum-sha1': (data) => createHash('sha1').update(data).digest(),
  'x-amz-checksum-crc32': (data) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(data));
    return sum;
  },
};

/**
 * The checksums that came with a body, each one verified.
 *
 * @throws AwsFault BadDigest where one does not fit the bytes, NotImplemented for an algorithm that is not served.
 */
export function verifiedChecksums(
  headers: Readonly<Record<string, string>>,
  data: Uint8Array,
): Readonly<Record<string, string>> {
  const md5 = headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(data).digest('base64') !== md5) {
    throw new AwsFault('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const given = Object.entries(headers).filter(([name]) => /^x-amz-checksum-(?!algorithm|type|mode)/.test(name));
  for (const [name, value] of given) {
    const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (algorithm === undefined) throw new AwsFault('NotImplemented', `${name} is not served here.`, 501);
    if (algorithm(data).toString('base64') !== value) {
      const shown = name.replace('x-amz-checksum-', '').toUpperCase();
      throw new AwsFault('BadDigest', `The ${shown} you specified did not match the calculated checksum.`);
    }
  }
  return Object.fromEntries(given);
}
