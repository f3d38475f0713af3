// Prints what a deployment costs and which limits it meets, and writes the tables of README and RUNBOOK anew: `npm run costs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { costTable } from './costs.ts';
import { limitTable } from './limits.ts';
import { COST_SIZES, typicalUsage } from './usage.ts';

const TABLES = [
  { page: '../README.md', name: 'costs', table: costTable(COST_SIZES) },
  { page: './RUNBOOK.md', name: 'limits', table: limitTable(COST_SIZES.map(typicalUsage)) },
];

for (const { page, name, table } of TABLES) {
  const file = new URL(page, import.meta.url);
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n\n`, `\n\n<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${page} has no ${begin.trim()} and ${end.trim()} for the table to stand between`);
  writeFileSync(file, text.slice(0, from + begin.length) + table + text.slice(to));
  console.log(`${table}\n`);
}
