// What somebody would write first, for comparison: JSON pages through a Transform that makes one CSV record of each row,
// hashed as they come out. csv-stringify itself is not among our dependencies; it works the same way, row by row.
// `node test/bench/naive-export.ts <megabytes>` prints one line of JSON.
import { createHash } from 'node:crypto';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pageText, type PageRow } from './export-page.ts';

const page = pageText();
const pages = Math.ceil((Number(process.argv[2] ?? 10) * 1024 * 1024) / page.length);
let parseMs = 0;
let written = 0;

function* rows(): Generator<PageRow & { readonly page: number }> {
  for (let number = 0; number < pages; number += 1) {
    const began = performance.now();
    const parsed = JSON.parse(page) as PageRow[];
    parseMs += performance.now() - began;
    for (const row of parsed) yield { ...row, page: number };
  }
}

function field(value: string | number | boolean | object): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const records = new Transform({
  writableObjectMode: true,
  transform(row: PageRow, _, done) {
    done(null, `${Object.values(row).map(field).join(',')}\r\n`);
  },
});
const hash = createHash('sha256');
const began = performance.now();
await pipeline(Readable.from(rows()), records, async (chunks: AsyncIterable<Buffer>) => {
  for await (const chunk of chunks) {
    written += chunk.byteLength;
    hash.update(chunk);
  }
});
hash.digest('hex');
const totalMs = performance.now() - began;
process.stdout.write(`${JSON.stringify({ outcome: 'exported', written, parseMs, totalMs })}\n`);
