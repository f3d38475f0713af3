// `npm run planted [-- --only name]`: breaks a copy of the tree on purpose, once for each fault, and runs what has to catch it.
// A fault that nothing catches, or whose place in the code is gone, makes this fail.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PLANTED, type PlantedFault } from './planted-faults.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, seeds: { type: 'string', default: '600' } } });
const ROOT = new URL('../..', import.meta.url).pathname;

interface Verdict {
  readonly name: string;
  readonly caughtBy: string | undefined;
}

function plant(copy: string, { file, search, replace, name }: PlantedFault): void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(search).length !== 2) throw new Error(`${name}: its place in ${file} is gone; plant it anew`);
  writeFileSync(path, text.replace(search, replace));
}

/** The first line that says what is wrong. */
function verdictOf(copy: string, { tests = [] }: PlantedFault): string | undefined {
  const simulate = spawnSync(process.execPath, ['test/simulation/main.ts', '--seeds', values.seeds], {
    cwd: copy,
    encoding: 'utf8',
  });
  if (simulate.status !== 0) {
    const line =
      /^Seed \d+: .*$/mu.exec(simulate.stdout)?.[0] ?? simulate.stderr.split('\n').find((text) => text !== '');
    return `simulation: ${(line ?? 'ended').slice(0, 150)}`;
  }
  if (tests.length === 0) return undefined;
  const run = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--bail', '1', ...tests],
    { cwd: copy, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  if (run.status === 0) return undefined;
  return /FAIL +(.*)/u.exec(`${run.stdout}${run.stderr}`)?.[1]?.slice(0, 170) ?? 'a test run that failed';
}

const verdicts: Verdict[] = [];
for (const fault of PLANTED) {
  if (values.only !== undefined && fault.name !== values.only) continue;
  const copy = mkdtempSync(join(tmpdir(), 'steward-planted-'));
  try {
    for (const room of ['functions', 'infra', 'test']) cpSync(join(ROOT, room), join(copy, room), { recursive: true });
    for (const file of ['package.json', 'tsconfig.json']) cpSync(join(ROOT, file), join(copy, file));
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    plant(copy, fault);
    const caughtBy = verdictOf(copy, fault);
    verdicts.push({ name: fault.name, caughtBy });
    console.log(`${caughtBy === undefined ? 'MISSED' : 'caught'}  ${fault.name}: ${caughtBy ?? fault.file}`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
const missed = verdicts.filter(({ caughtBy }) => caughtBy === undefined);
console.log(`${verdicts.length} planted, ${verdicts.length - missed.length} caught.`);
process.exitCode = missed.length === 0 ? 0 : 1;
