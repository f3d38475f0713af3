// What somebody would write first, for comparison: JSON pages through csv-stringify, or through a Transform that makes one
// CSV record of each row, hashed as they come out. No schema, no digest of keys, no counts, no parts.
// `node test/bench/naive-export.ts <megabytes> <library | own>` prints one line of JSON.
import { stringify } from 'csv-stringify';
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pageText, type PageRow, threadMs } from './export-page.ts';

const page = pageText();
const pages = Math.ceil((Number(process.argv[2] ?? 10) * 1024 * 1024) / page.length);
let parseMs = 0;
let written = 0;

function* rows(): Generator<PageRow & { readonly page: number }> {
  for (let number = 0; number < pages; number += 1) {
    const began = threadMs();
    const parsed = JSON.parse(page) as PageRow[];
    parseMs += threadMs() - began;
    for (const row of parsed) yield { ...row, page: number };
  }
}

function field(value: string | number | boolean | object): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const own = () =>
  new Transform({
    writableObjectMode: true,
    transform(row: PageRow, _, done) {
      done(null, `${Object.values(row).map(field).join(',')}\r\n`);
    },
  });
const library = () =>
  stringify({ header: true, record_delimiter: 'windows', escape_formulas: true, cast: { boolean: String } });
const records = process.argv[3] === 'library' ? library() : own();
const hash = createHash('sha256');
const began = threadMs();
await pipeline(Readable.from(rows()), records, async (chunks: AsyncIterable<Buffer>) => {
  for await (const chunk of chunks) {
    written += chunk.byteLength;
    hash.update(chunk);
  }
});
hash.digest('hex');
const totalMs = threadMs() - began;
process.stdout.write(`${JSON.stringify({ outcome: 'exported', written, parseMs, totalMs })}\n`);
