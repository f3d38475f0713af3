// Writes the cost table of the README anew: `npm run costs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { COST_SIZES, costTable } from './costs.ts';

const README = new URL('../README.md', import.meta.url);
const BETWEEN = /(<!-- costs -->\n)[\s\S]*?(\n<!-- \/costs -->)/;
const text = readFileSync(README, 'utf8');
if (!BETWEEN.test(text))
  throw new Error('README.md has no <!-- costs --> and <!-- /costs --> for the table to stand between');
writeFileSync(
  README,
  text.replace(BETWEEN, (_all, begin: string, end: string) => begin + costTable(COST_SIZES) + end),
);
