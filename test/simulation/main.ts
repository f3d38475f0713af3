// `npm run simulate -- --help`
import { parseArgs } from 'node:util';
import { coverageTable, explain, figures, looksLine, neverCrashed, neverLooked } from './report.ts';
import { runSeed } from './run.ts';
import { type Progress, runOnThreads } from './threads.ts';

const HELP = `Runs Steward through simulated histories on a virtual clock and looks at I1 to I27 after every step.

  npm run simulate -- --seeds 10000 --minutes 30   as many histories as fit into both (1000, 60 minutes)
  npm run simulate -- --from 50001                 those from 50001 on (1)
  npm run simulate -- --threads 1                  on one thread (2)
  npm run simulate -- --seed 189 [--trace]         one, told in full; with every effect

Ends with 1 when a promise does not hold, with the seed, its shortest schedule and the command that replays it.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '60' },
    threads: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
  },
});

const TELL_EVERY_MS = 5000;

if (values.help) console.log(HELP);
else if (values.seed === undefined) process.exitCode = await many();
else process.exitCode = await one(Number(values.seed));

async function one(seed: number): Promise<number> {
  const run = await runSeed(seed, values.trace ? { trace: (line) => console.log(line) } : {});
  if (run.failure === undefined) {
    console.log(`Seed ${seed} holds: ${run.effects} effects, ${run.faults.length} faults.`);
    return 0;
  }
  console.log(await explain(seed));
  return 1;
}

/** A line now and then, beside what is printed in the end. */
function progressOf(all: number): (progress: Progress) => void {
  const began = Date.now();
  let [seeds, failures, toldAt] = [0, 0, began];
  return (more) => {
    seeds += more.seeds;
    failures += more.failures.length;
    for (const { seed, failure } of more.failures) console.error(`Seed ${seed}: ${failure}`);
    if (Date.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = Date.now();
    const rate = (seeds / ((toldAt - began) / 1000)).toFixed(1);
    console.error(`${seeds} of ${all} seeds, ${failures} of them do not hold, ${rate} a second`);
  };
}

async function many(): Promise<number> {
  const until = Date.now() + Number(values.minutes) * 60_000;
  const seeds = Number(values.seeds);
  const totals = await runOnThreads(Number(values.from), seeds, until, Number(values.threads), progressOf(seeds));
  console.log(coverageTable(totals));
  console.log(`${figures(totals)} ${(totals.seeds / totals.seconds).toFixed(1)} seeds a second.`);
  console.log(`Looks: ${looksLine(totals)}.`);
  const unseen = neverLooked(totals);
  if (unseen.length > 0) console.log(`Never looked at: ${unseen.join(', ')}`);
  const missing = neverCrashed(totals);
  if (missing.length > 0) console.log(`Never crashed at: ${missing.join(', ')}`);
  for (const { seed, failure } of totals.failures) console.log(`Seed ${seed}: ${failure}`);
  const [first] = totals.failures;
  if (first === undefined) return 0;
  console.log(`\n${await explain(first.seed)}`);
  return 1;
}
