import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { addTotals, noTotals, runSeeds, type Totals } from './report.ts';

interface Share {
  readonly first: number;
  readonly count: number;
  readonly step: number;
  readonly until: number;
}

function* seedsOf({ first, count, step }: Omit<Share, 'until'>): Generator<number> {
  for (let index = 0; index < count; index += 1) yield first + index * step;
}

/** What a thread says of the seeds that it has run since it last said so; its totals come at the end. */
export interface Progress {
  readonly seeds: number;
  readonly failures: Totals['failures'];
}

/** Runs `count` seeds from `first` on all cores but no more than `most`; a thread that fails makes all of it fail. */
export async function runOnThreads(
  first: number,
  count: number,
  until = Infinity,
  most = 2,
  told: (progress: Progress) => void = () => undefined,
): Promise<Totals> {
  const threads = Math.max(1, Math.min(most, availableParallelism()));
  const shares = Array.from({ length: threads }, (_, index) => ({
    first: first + index,
    count: Math.ceil((count - index) / threads),
    step: threads,
    until,
  }));
  const totals = noTotals();
  const began = performance.now();
  for (const part of await Promise.all(shares.map((share) => runOne(share, told)))) addTotals(totals, part);
  totals.seconds = (performance.now() - began) / 1000;
  return totals;
}

function runOne(share: Share, told: (progress: Progress) => void): Promise<Totals> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: share });
    worker.on('message', (said: Progress | Totals) => ('coverage' in said ? resolve(said) : told(said)));
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (code !== 0) reject(new Error(`A thread of the simulation ended with ${code}`));
    });
  });
}

if (!isMainThread && parentPort !== null && isShare(workerData)) {
  const port = parentPort;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  const say = (what: Progress | Totals) => port.postMessage(what);
  const totals = await runSeeds(seedsOf(workerData), workerData.until, (failures) => say({ seeds: 1, failures }));
  say(totals);
}

/** Vitest's own threads import this file too. */
function isShare(data: unknown): data is Share {
  return typeof data === 'object' && data !== null && 'step' in data && 'first' in data;
}
