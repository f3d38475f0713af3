// A day of the refresher with as many connections as a team may ever have: npm run grow [-- connections [shards]]
import { stageNamed } from '../../../infra/stages.ts';
import { runGrowth } from './run.ts';

const [connections = '100000', shards = String(stageNamed('production').shards)] = process.argv.slice(2);
const began = performance.now();
const result = await runGrowth({
  connections: Number(connections),
  shards: Number(shards),
  minutes: 24 * 60,
  outage: { from: 720, to: 780 },
  onMinute(minute) {
    if (minute % 60 === 59)
      process.stderr.write(`${(minute + 1) / 60} h after ${Math.round((performance.now() - began) / 1000)} s\n`);
  },
});
const seconds = (performance.now() - began) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ connections: Number(connections), shards: Number(shards), ...result, seconds, peakMb }, null, 2),
);
