// `npm run mutate -- --help`
import { Stryker } from '@stryker-mutator/core';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { AREAS, type Area } from './areas.ts';
import {
  arguedSurvivors,
  type Change,
  changeOf,
  isUndefinedMember,
  keyOf,
  type MutantResult,
  toDiff,
} from './survivors.ts';

const PAGE = 'test/mutation/SURVIVORS.md';
const DETECTED = new Set<MutantResult['status']>(['Killed', 'Timeout']);
const SURVIVING = new Set<MutantResult['status']>(['Survived', 'NoCoverage']);

const HELP = `Changes the code in small ways and looks whether the unit tests notice (SURVIVORS.md).

  npm run mutate                                  every area, on all cores but one
  npm run mutate -- --only tokens,sealing         some areas: ${AREAS.map(({ name }) => name).join(', ')}
  npm run mutate -- --only core --mutate <globs>  some files, by the tests of one area; globs with commas between them
  npm run mutate -- --concurrency 1               in one process

Prints what lived and is not argued, a row for each area (died, argued, open), and arguments that are about nothing any
more. Ends with 1 when something lived that nobody argues, or an argument is stale.`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    mutate: { type: 'string' },
    concurrency: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
  },
});

function optionsFor(area: Area): ConstructorParameters<typeof Stryker>[0] {
  return {
    mutate: values.mutate?.split(',') ?? [...area.mutate],
    testRunner: 'in-process',
    coverageAnalysis: 'perTest',
    plugins: ['./test/mutation/test-runner.ts', './test/mutation/ignore-texts.ts'],
    ignorers: ['texts'],
    reporters: ['progress-append-only'],
    tempDirName: '.build/mutation',
    ignorePatterns: ['.build', '.steward', 'cdk.out', 'coverage', '*.tsbuildinfo'],
    concurrency: Number(values.concurrency),
    // An endless loop is found by the hits that it makes; this is for what merely waits.
    timeoutMS: 10_000,
    // TypeScript 7 has no API with which Stryker could rewrite a tsconfig, and nothing in the sandbox needs it rewritten.
    tsconfigFile: 'none',
    allowConsoleColors: false,
  };
}

const inRepository = (mutant: MutantResult) => ({ ...mutant, fileName: relative(process.cwd(), mutant.fileName) });

async function judge(area: Area, argued: readonly Change[]): Promise<string[]> {
  process.env['MUTATION_TESTS'] = area.tests.join(',');
  const mutants = (await new Stryker(optionsFor(area)).runMutationTest()).map(inRepository);
  const detected = mutants.filter(({ status }) => DETECTED.has(status)).length;
  const surviving = mutants
    .filter(({ status }) => SURVIVING.has(status))
    .map((mutant) => changeOf(mutant, readFileSync(mutant.fileName, 'utf8')));
  const reasons = new Set(argued.map(keyOf));
  const open = surviving.filter((change) => !reasons.has(keyOf(change)) && !isUndefinedMember(change));
  tell(open);
  const today = new Date().toISOString().slice(0, 10);
  console.log(`\n| ${area.name} | ${detected} | ${surviving.length - open.length} | ${open.length} | ${today} |\n`);
  const files = new Set(mutants.map(({ fileName }) => fileName));
  return [
    ...(open.length === 0 ? [] : [`${area.name}: mutants that live and are not argued: ${open.length}`]),
    ...argued
      .filter((change) => files.has(change.file) && !surviving.some((one) => keyOf(one) === keyOf(change)))
      .map(
        (change) => `${PAGE} argues what no test lets live any more, take it out: ${change.file}\n${toDiff(change)}`,
      ),
  ];
}

function tell(open: readonly Change[]): void {
  for (const file of new Set(open.map((change) => change.file))) {
    console.log(`\n${file}`);
    for (const change of open.filter((one) => one.file === file)) console.log(toDiff(change));
  }
}

if (values.help) {
  console.log(HELP);
  process.exit();
}
const wanted = values.only?.split(',') ?? AREAS.map(({ name }) => name);
const unknown = wanted.filter((name) => !AREAS.some((area) => area.name === name));
const failures = unknown.map((name) => `No area ${name}. There are: ${AREAS.map((area) => area.name).join(', ')}`);
const argued = arguedSurvivors(PAGE);
for (const area of AREAS.filter(({ name }) => wanted.includes(name))) failures.push(...(await judge(area, argued)));
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
