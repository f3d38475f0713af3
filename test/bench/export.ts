import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atLeast, atMost, type Figure, inTurn, median, plain } from './figures.ts';

const MEASURE = fileURLToPath(new URL('../support/export-memory.ts', import.meta.url));
const NAIVE = fileURLToPath(new URL('naive-export.ts', import.meta.url));

/** The heap of a small function. Without a limit Node lets it grow for as long as there is memory. */
const CAPPED = ['--max-old-space-size=128', '--max-semi-space-size=4'];
const SIZES_MB = [10, 100, 1000];
const MEMORY_BUDGET_MB = { csv: 64, jsonl: 64, parquet: 160 } as const;
const RATE_MB = 64;
const ROUNDS = 3;
const CSV_BUDGET = 0.45;

interface Measured {
  readonly outcome: string;
  readonly totalMs: number;
  readonly parseMs: number;
  readonly overBaseMb: number;
}

/** Throughput against parsing the same pages, and what memory exports of three sizes take. */
export async function exports(): Promise<readonly Figure[]> {
  const shares = await inTurn(ROUNDS, {
    csv: () => measure([], MEASURE, RATE_MB, 'csv'),
    parquet: () => measure([], MEASURE, RATE_MB, 'parquet'),
    own: () => measure([], NAIVE, RATE_MB, 'own'),
    library: () => measure([], NAIVE, RATE_MB, 'library'),
  });
  const share = (rounds: readonly Measured[]) => median(rounds.map(({ parseMs, totalMs }) => parseMs / totalMs));
  const rate = (rounds: readonly Measured[]) => median(rounds.map(({ totalMs }) => (RATE_MB * 1000) / totalMs));
  const parsing = median(Object.values(shares).flatMap((rounds) => rounds.map(({ parseMs }) => parseMs)));
  return [
    plain('JSON.parse of the pages', (RATE_MB * 1000) / parsing, 'MB/s', 0),
    plain('csv-stringify with SHA-256', rate(shares.library), 'MB/s', 0),
    plain('… of JSON.parse', share(shares.library), '×'),
    plain('naive row by row CSV with SHA-256', rate(shares.own), 'MB/s', 0),
    plain('… of JSON.parse', share(shares.own), '×'),
    plain('CSV with SHA-256, whole export', rate(shares.csv), 'MB/s', 0),
    { what: '… of JSON.parse', ...atLeast(share(shares.csv), CSV_BUDGET, '×') },
    plain('… of csv-stringify', share(shares.csv) / share(shares.library), '×'),
    plain('… of the naive one', share(shares.csv) / share(shares.own), '×'),
    plain('Parquet with SHA-256, whole export', rate(shares.parquet), 'MB/s', 0),
    plain('… of JSON.parse', share(shares.parquet), '×'),
    ...(await memory()),
  ];
}

async function memory(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const format of ['csv', 'jsonl', 'parquet'] as const) {
    for (const megabytes of SIZES_MB) {
      const { overBaseMb } = await measure(CAPPED, MEASURE, megabytes, format);
      const what = `${format}, ${megabytes.toLocaleString('en')} MB of input, peak over base`;
      figures.push({ what, ...atMost(overBaseMb, MEMORY_BUDGET_MB[format], 'MB', 0) });
    }
  }
  return figures;
}

const run = promisify(execFile);

async function measure(
  flags: readonly string[],
  program: string,
  megabytes: number,
  ...more: readonly string[]
): Promise<Measured> {
  const { stdout } = await run(process.execPath, [...flags, program, String(megabytes), ...more]);
  const measured = JSON.parse(stdout) as Measured;
  if (measured.outcome !== 'exported') throw new Error(`${program} ${megabytes} ${more.join(' ')}: ${stdout}`);
  return measured;
}
