// A day of the refresher at any size: npm run growth [-- --connections N --shards N]
import { parseArgs } from 'node:util';
import { typicalUsage } from '../../../infra/usage.ts';
import { runGrowth } from './run.ts';

const { values } = parseArgs({
  options: { connections: { type: 'string', default: '100000' }, shards: { type: 'string' } },
});
const connections = Number(values.connections);
const shards = Number(values.shards ?? typicalUsage(connections).shards);
const began = performance.now();
const result = await runGrowth({
  connections,
  shards,
  minutes: 24 * 60,
  outage: { from: 720, to: 780 },
  onMinute(minute) {
    if (minute % 60 === 59)
      process.stderr.write(`${(minute + 1) / 60} h after ${Math.round((performance.now() - began) / 1000)} s\n`);
  },
});
const seconds = (performance.now() - began) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ connections, shards, ...result, seconds, peakMb }, null, 2));
