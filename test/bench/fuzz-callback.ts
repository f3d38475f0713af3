// `node test/bench/fuzz-callback.ts [count] [seed]`: the nightly fuzz run of the callback, a million queries by default.
// `npm test` makes a tenth of it. Ends with 1 when anything happened that must not, and prints the queries that did it.
import { fuzzCallback } from '../support/callback-fuzz.ts';

const [count = '1000000', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const began = performance.now();
console.log(`${Number(count).toLocaleString('en')} queries, seed ${seed}`);
const { faults, statuses, connected, impossible } = await fuzzCallback({
  count: Number(count),
  seed: Number(seed),
  onProgress: (tried) => {
    if (tried % 100_000 === 0 && tried > 0) console.log(`  ${tried.toLocaleString('en')} tried`);
  },
});
for (const fault of faults) console.log(`  FAULT ${fault}`);
const seconds = ((performance.now() - began) / 1000).toFixed(0);
const answers = Object.entries(statuses).map(([status, times]) => `${times} × ${status}`);
console.log(
  `${answers.join(', ')}; ${connected} reached the token endpoint; ${impossible} no event could carry; ${seconds} s`,
);
console.log(faults.length === 0 ? 'no fault' : `${faults.length} faults; replay with seed ${seed}`);
process.exitCode = faults.length === 0 ? 0 : 1;
