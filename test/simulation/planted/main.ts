// `npm run planted -- --help`
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PlantedFault } from './fault.ts';
import { PLANTED } from './faults.ts';
import { writeTable } from './table.ts';

const HELP = `Breaks a copy of the tree on purpose, once for each fault of PLANTED.md, and looks what notices.

  npm run planted                        every fault: the tests named with it, then seeds of the simulation
  npm run planted -- --only <text>       those whose names hold the text
  npm run planted -- --simulation        the simulation first
  npm run planted -- --seeds 1000        so many seeds of it (400)
  npm run planted -- --write             writes what caught each into PLANTED.md

Ends with 1 when nothing catches a fault.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    seeds: { type: 'string', default: '400' },
    simulation: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const ROOT = new URL('../../..', import.meta.url).pathname;
/** A broken copy may run for ever: then it is what is wrong with it. */
const LIMIT_MS = 600_000;

function plant(copy: string, { file, search, replace, name }: PlantedFault): void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(search).length !== 2) throw new Error(`${name}: its place in ${file} is gone; plant it anew`);
  writeFileSync(
    path,
    text.replace(search, () => replace),
  );
}

function run(copy: string, args: readonly string[]) {
  const env = { ...process.env, NO_COLOR: '1' };
  return spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', env, timeout: LIMIT_MS });
}

/** The first line that says what is wrong. */
function simulated(copy: string): string | undefined {
  const { status, stdout, stderr } = run(copy, ['test/simulation/main.ts', '--seeds', values.seeds]);
  if (status === 0) return undefined;
  const line = /^Seed \d+: .*$/mu.exec(stdout)?.[0] ?? stderr.split('\n').find((text) => text !== '');
  return `simulation: ${(line ?? 'ended').slice(0, 150)}`;
}

function tested(copy: string, { tests = [] }: Pick<PlantedFault, 'tests'>): string | undefined {
  if (tests.length === 0) return undefined;
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--bail', '1'];
  const { status, stdout, stderr } = run(copy, [...vitest, ...tests]);
  if (status === 0) return undefined;
  return /FAIL +(.*)/u.exec(`${stdout}${stderr}`)?.[1]?.slice(0, 170) ?? 'a test run that failed';
}

function onCopy<T>(use: (copy: string) => T): T {
  const copy = mkdtempSync(join(tmpdir(), 'steward-planted-'));
  try {
    for (const room of ['functions', 'infra', 'test']) cpSync(join(ROOT, room), join(copy, room), { recursive: true });
    for (const file of ['package.json', 'tsconfig.json']) cpSync(join(ROOT, file), join(copy, file));
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    return use(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function caughtBy(fault: PlantedFault): string | undefined {
  return onCopy((copy) => {
    plant(copy, fault);
    return values.simulation ? (simulated(copy) ?? tested(copy, fault)) : (tested(copy, fault) ?? simulated(copy));
  });
}

if (values.help) {
  console.log(HELP);
  process.exit();
}
const caught = new Map<string, string>();
const chosen = PLANTED.filter(({ name }) => values.only === undefined || name.includes(values.only));
// A test that fails by itself catches nothing.
const failing = onCopy((copy) => tested(copy, { tests: [...new Set(chosen.flatMap(({ tests = [] }) => tests))] }));
if (failing !== undefined) throw new Error(`Fails with nothing planted: ${failing}`);
for (const fault of chosen) {
  const by = caughtBy(fault);
  if (by !== undefined) caught.set(fault.name, by);
  console.log(`${by === undefined ? 'MISSED' : 'caught'}  ${fault.name}: ${by ?? fault.file}`);
  if (values.write) writeTable(caught);
}
console.log(`${chosen.length} planted, ${caught.size} caught.`);
process.exitCode = chosen.length > 0 && caught.size === chosen.length ? 0 : 1;
