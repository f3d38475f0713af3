import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFunctions } from '../../infra/build.ts';
import { type FunctionName, functionShape } from '../../infra/functions.ts';
import { type Figure, median } from './figures.ts';

const ROUNDS = 15;
const CALLBACK_BUDGET = 2.5;

/** Process start to handler imported, each function against an empty handler, spawned in turn. */
export async function coldStart(): Promise<readonly Figure[]> {
  const functions = await buildFunctions();
  const empty = join(mkdtempSync(join(tmpdir(), 'steward-bench-')), 'index.mjs');
  writeFileSync(empty, 'export const handler = async () => undefined;\n');
  const times = new Map<string, number[]>([
    ['empty', []],
    ...functions.map(({ name }): [string, number[]] => [name, []]),
  ]);
  for (let round = 0; round < ROUNDS; round += 1) {
    times.get('empty')?.push(importMs(empty, {}));
    for (const { name, directory } of functions) {
      const environment = Object.fromEntries(
        functionShape(name as FunctionName).environment.map((variable) => [variable, valueFor(variable)]),
      );
      times.get(name)?.push(importMs(join(directory, 'index.mjs'), environment));
    }
  }
  const floor = median(times.get('empty') ?? []);
  return [...times].map(([name, values]) => {
    const ratio = median(values) / floor;
    const figure = { what: name, value: `${ratio.toFixed(2)} ×` };
    return name === 'oauth-callback'
      ? { ...figure, budget: `≤ ${CALLBACK_BUDGET} ×`, within: ratio <= CALLBACK_BUDGET }
      : figure;
  });
}

/** Something that a configuration takes without complaint. */
function valueFor(variable: string): string {
  if (variable === 'TOPIC_ARNS') return '{}';
  if (variable === 'SHARD_COUNT') return '1';
  return variable.endsWith('_URL') ? 'https://steward.example' : 'x';
}

function importMs(path: string, environment: Readonly<Record<string, string>>): number {
  const program = `await import(${JSON.stringify(path)}); process.exit(0)`;
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: {
      PATH: process.env['PATH'],
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      ...environment,
    },
    encoding: 'utf8',
  });
  const elapsed = performance.now() - began;
  if (status !== 0) throw new Error(`${path} could not be imported: ${stderr}`);
  return elapsed;
}
