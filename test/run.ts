// `npm test`: every check in one command, cheapest first. All of them run even when one fails, so that one run tells
// everything; the last lines say what failed and how many tests passed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const RESULTS = '.build/test-results.json';
const ROOMS = ['functions', 'infra', 'test'];

const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', ...ROOMS] },
  { name: 'format', command: ['oxfmt', '--check', ...ROOMS] },
  { name: 'unused', command: ['knip', '--no-config-hints'] },
  { name: 'build', command: ['node', 'infra/build.ts'] },
  { name: 'synth', command: ['cdk', 'synth', '--quiet', '--no-notices'] },
  {
    name: 'tests',
    command: [
      'vitest',
      'run',
      '--config',
      'test/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${RESULTS}`,
    ],
  },
];

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

function runStep({ name, command }: Step): {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
} {
  const [program = '', ...args] = command;
  console.log(`\n── ${name}: ${command.join(' ')}`);
  const began = performance.now();
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) console.error(`${program} could not be started: ${error.message}. Run npm ci first.`);
  return { name, passed: status === 0, seconds: (performance.now() - began) / 1000 };
}

mkdirSync('.build', { recursive: true });
rmSync(RESULTS, { force: true });
const outcomes = STEPS.map(runStep);

console.log('');
for (const { name, passed, seconds } of outcomes)
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds.toFixed(1)} s`);

const results = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as VitestResults) : undefined;
const brokenSteps = outcomes.filter(({ name, passed }) => !passed && name !== 'tests').length;
const failed = (results?.numFailedTests ?? 1) + brokenSteps;
const checks = outcomes.filter(({ name, passed }) => passed && name !== 'tests').length;
console.log(
  `\n${(results?.numPassedTests ?? 0) + checks} passed, ${failed} failed, ${results?.numPendingTests ?? 0} skipped`,
);
process.exitCode = outcomes.every(({ passed }) => passed) && failed === 0 ? 0 : 1;
