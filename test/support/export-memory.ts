import { PAGE_ROWS, pageText, threadMs } from '../bench/export-page.ts';
import { createHash } from 'node:crypto';
import type { ExportFormat } from '../../functions/core/jobs.ts';
import type { SourceRow } from '../../functions/core/reports/source.ts';
import { createRunExport } from '../../functions/core/reports/export.ts';
import { drive } from './durable-driver.ts';
import { createWorld, DAY } from './export-world.ts';

/**
 * A process of its own for measuring: exports so many megabytes of rows (JSON text, parsed as a provider's folder would)
 * in the formats that are named, keeps nothing of what is written, and prints one JSON line.
 *
 *     node test/support/export-memory.ts <megabytes> <formats, comma separated> [gzip]
 */
const [megabytes = '10', formats = 'csv', zip] = process.argv.slice(2);
const page = pageText();
const pages = Math.ceil((Number(megabytes) * 1024 * 1024) / page.length);

let read = 0;
let parseMs = 0;
const world = createWorld({
  job: { formats: formats.split(',') as ExportFormat[], gzip: zip === 'gzip' },
  description: { keyColumns: ['id', 'page'] },
  readPage: (cursor) => {
    const number = typeof cursor === 'number' ? cursor : 0;
    read += 1;
    const started = threadMs();
    const rows = JSON.parse(page) as SourceRow[];
    parseMs += threadMs() - started;
    for (const row of rows) (row as Record<string, unknown>)['page'] = number;
    const next = number + 1 < pages ? { next: number + 1 } : {};
    return { rows, ...next, completeness: 'short-page' };
  },
});

let written = 0;
const kept = new Map<string, Uint8Array>();
const run = createRunExport({
  ...world.deps,
  archive: {
    async write({ key, bytes }) {
      written += bytes.byteLength;
      if (key.includes('/keys-')) kept.set(key, bytes);
      return { key, versionId: '1', bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    create: async () => ({ created: true }),
    read: async (key) => kept.get(key),
    lock: async () => {},
    remove: async () => {},
  },
});

let peak = 0;
const before = process.memoryUsage().rss;
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
const input = await world.begin(DAY.from, DAY.to);
const started = threadMs();
const driven = await drive((durable) =>
  run(input, {
    ...durable,
    step: async (name, work) => {
      const result = await durable.step(name, work);
      peak = Math.max(peak, process.memoryUsage().rss);
      return result;
    },
  }),
);
const totalMs = threadMs() - started;
clearInterval(watch);
const outcome = driven.crashed ? 'crashed' : driven.result.state;
process.stdout.write(
  `${JSON.stringify({
    outcome,
    megabytes: Math.round((read * page.length) / 1024 / 1024),
    rows: read * PAGE_ROWS,
    written,
    totalMs: Math.round(totalMs),
    parseMs: Math.round(parseMs),
    ratio: Number((parseMs / totalMs).toFixed(2)),
    overBaseMb: Math.round((peak - before) / 1024 / 1024),
  })}\n`,
);
