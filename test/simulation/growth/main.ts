// A day of the refresher at any size: npm run growth [-- --connections N --shards N --hours N --outage MINUTES]
import { parseArgs } from 'node:util';
import { table } from '../../../infra/cli/table.ts';
import { typicalUsage } from '../../../infra/usage.ts';
import { AGREEMENT, agrees, compare, figures, findings } from './report.ts';
import { runGrowth } from './run.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '100000' },
    shards: { type: 'string' },
    hours: { type: 'string', default: '24' },
    outage: { type: 'string', default: '0' },
  },
});
const connections = Number(values.connections);
const shards = Number(values.shards ?? typicalUsage(connections).shards);
const minutes = Number(values.hours) * 60;
const outage = Number(values.outage);
const middle = Math.floor(minutes / 2);
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
const result = await runGrowth({
  connections,
  shards,
  minutes,
  outage: outage > 0 ? { from: middle, to: middle + outage } : undefined,
  onMinute(minute) {
    if (minute % 60 === 59)
      process.stderr.write(`${(minute + 1) / 60} h of ${minutes / 60}, after ${elapsed().toFixed(0)} s\n`);
  },
});
const cost = [
  ['memory at its peak', `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`],
  ['time', `${elapsed().toFixed(0)} s`],
];
console.log(table(['what', 'figure'], [...figures(result), ...cost]));
const rows = compare(result).map((each) => {
  const { what, computed, counted } = each;
  return [what, computed.toPrecision(3), counted.toPrecision(3), agrees(each) ? 'yes' : 'NO'];
});
console.log(`\n${table(['', 'infra/limits.ts', 'counted', `within ${AGREEMENT} ×`], rows)}`);
for (const finding of findings(result)) console.log(`\n${finding}`);
if (findings(result).length > 0 || !compare(result).every(agrees)) process.exitCode = 1;
