import { AwsFault } from '../wire.ts';

export interface DecodedBody {
  readonly data: Buffer;
  /** Headers that came after the body: checksums. */
  readonly trailers: Readonly<Record<string, string>>;
}

const END_OF_LINE = '\r\n';

/**
 * Takes the `aws-chunked` encoding off a body: `<size>[;chunk-signature=…]`, the bytes, and so on to a chunk of none,
 * then the trailers.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function decodeAwsChunked(body: Buffer): DecodedBody {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf(END_OF_LINE, at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    const from = lineEnd + END_OF_LINE.length;
    if (!Number.isInteger(size) || from + size > body.length) {
      throw new AwsFault('IncompleteBody', 'The request body terminated unexpectedly.');
    }
    if (size === 0) return { data: Buffer.concat(chunks), trailers: trailersOf(body.toString('latin1', from)) };
    chunks.push(body.subarray(from, from + size));
    at = from + size + END_OF_LINE.length;
  }
}

function trailersOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split(END_OF_LINE).filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
