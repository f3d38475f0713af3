import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench } from './figures.ts';

const FUNCTIONS = join(import.meta.dirname, '../../functions');
const SIZE = 100_000;
const LIMIT_MS = 10;

/** Texts on which a pattern that backtracks stands still; each ends in something that most patterns do not take. */
const HOSTILE: readonly string[] = [
  'a',
  'A',
  '0',
  '/',
  '.',
  '-',
  '=',
  ' ',
  ',',
  '"',
  '<',
  '%',
  'a.',
  'a-',
  'a=',
  '0.',
  ' a',
  'a/',
  '&a=',
  '\n',
].map((unit) => `${unit.repeat(SIZE / unit.length)}\u0000`);

/** S91: every regular expression of the functions on 100 KB of hostile text, the best of three, in one process. */
export const hostileTexts: Bench = async () => {
  const found = new Map<string, RegExp>();
  for (const name of globSync('**/*.ts', { cwd: FUNCTIONS })) {
    for (const pattern of expressionsOf(readFileSync(join(FUNCTIONS, name), 'utf8'))) {
      found.set(`${pattern.source}/${pattern.flags}`, pattern);
    }
  }
  const measured = [...found.values()].map((pattern) => ({ pattern, ms: slowest(pattern) }));
  const worst = measured.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
  return [
    { what: 'expressions', value: String(found.size) },
    ...worst.map(({ pattern, ms }) => ({
      what: `slowest: ${pattern.source.slice(0, 60)}`,
      value: `${ms.toFixed(2)} ms`,
      budget: `≤ ${LIMIT_MS} ms`,
      within: ms <= LIMIT_MS,
    })),
  ];
};

/** Literals after something that a division cannot follow. */
function expressionsOf(source: string): readonly RegExp[] {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const literals = bare.matchAll(
    /(?:[(,=:[!&|?{};]|=>|return)\s*\/((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g,
  );
  return [...literals].flatMap(([, pattern = '', flags = '']) => {
    try {
      return [new RegExp(pattern, flags.replace('g', ''))];
    } catch {
      return [];
    }
  });
}

function slowest(pattern: RegExp): number {
  return Math.max(
    ...HOSTILE.map((text) => {
      const times = [0, 1, 2].map(() => {
        const began = performance.now();
        pattern.test(text);
        return performance.now() - began;
      });
      return Math.min(...times);
    }),
  );
}
