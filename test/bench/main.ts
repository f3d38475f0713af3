// `npm run bench [name …]`: figures as ratios within one run, so that they carry over to other machines. Nothing here
// is asserted by a test; budgets are DESIGN.md's, and a figure over its budget is marked.
import { callbackTiming } from './callback-timing.ts';
import { hostileTexts } from './hostile-texts.ts';
import { alertCosts } from './alert-costs.ts';
import { alerts } from './alerts.ts';
import { apply } from './apply.ts';
import { bundleSizes } from './bundle-sizes.ts';
import { coldStart } from './cold-start.ts';
import { exports } from './export.ts';
import { type Bench, report } from './figures.ts';
import { millionRows } from './million-rows.ts';
import { refresh } from './refresh.ts';
import { sweep } from './sweep.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  'bundle-sizes': bundleSizes,
  'cold-start': coldStart,
  refresh,
  sweep,
  export: exports,
  alerts,
  'million-rows': millionRows,
  'alert-costs': alertCosts,
  apply,
  'callback-timing': callbackTiming,
  'hostile-texts': hostileTexts,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`No bench ${unknown.join(', ')}. There is: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  console.log(`\n${name}`);
  const began = performance.now();
  report(await (BENCHES[name] as Bench)());
  console.log(`  in ${((performance.now() - began) / 1000).toFixed(0)} s`);
}
