import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The cases by which the service is judged: S callback and egress, R token refresh, A alerts, E exports, P platform,
 * I invariants. Every one stands in the title of a test, or below with what is in its place.
 */
const CASES: Readonly<Record<string, { readonly count: number; readonly digits: number }>> = {
  S: { count: 92, digits: 2 },
  R: { count: 36, digits: 2 },
  A: { count: 30, digits: 2 },
  E: { count: 28, digits: 2 },
  P: { count: 16, digits: 2 },
  I: { count: 27, digits: 1 },
};

/** Cases that a measurement shows and an assertion on a shared machine cannot. */
const PROVED_BY: Readonly<Record<string, { readonly file: string; readonly reason: string }>> = {
  S68: { file: 'test/bench/callback-timing.ts', reason: 'Times of right and wrong states and cookies, by Welch’s t.' },
  S91: { file: 'test/bench/hostile-texts.ts', reason: 'Every expression of the functions on 100 KB of hostile text.' },
  P10: {
    file: 'test/unit/core/tokens/refresh-crash.test.ts',
    reason:
      'A process that dies out of memory is one that is killed: before and after every effect. Memory is bounded: E28.',
  },
};

/** Cases that cannot arise here. At most eight of S and R together. */
const NOT_APPLICABLE: Readonly<Record<string, string>> = {};

const ROOT = join(import.meta.dirname, '..');
const OWN = 'test/cases.test.ts';
const FILES = globSync('test/**/*.ts', { cwd: ROOT }).filter(
  (name) => name !== OWN && (name.endsWith('.test.ts') || name.startsWith('test/contract/')),
);

const every = Object.entries(CASES).flatMap(([letter, { count, digits }]) =>
  Array.from({ length: count }, (_, index) => letter + String(index + 1).padStart(digits, '0')),
);

/** Titles, and the rows that titles are made of; not comments. */
function textsOf(source: string): readonly string[] {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...bare.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(
    ([, single, double, template]) => single ?? double ?? template ?? '',
  );
}

/** Ids in a text; `R01–R08` is eight of them. */
function idsIn(text: string): readonly string[] {
  return [...text.matchAll(/(?<![\w%{-])(I(?=\d)|[SRAEP](?=\d\d))(\d{1,2})\b(?:[–-]\1?(\d{1,2})\b)?/g)].flatMap(
    ([, letter = '', from, to]) => {
      const digits = CASES[letter]?.digits ?? 0;
      const last = Number(to ?? from);
      const ids: string[] = [];
      for (let id = Number(from); id <= last; id += 1) ids.push(letter + String(id).padStart(digits, '0'));
      return ids;
    },
  );
}

const titled = new Map<string, Set<string>>();
for (const name of FILES) {
  for (const id of textsOf(readFileSync(join(ROOT, name), 'utf8')).flatMap(idsIn)) {
    titled.set(id, (titled.get(id) ?? new Set()).add(name));
  }
}

describe('the cases', () => {
  it('each stand in the title of a test, or have a reason', () => {
    const missing = every.filter((id) => !titled.has(id) && !(id in PROVED_BY) && !(id in NOT_APPLICABLE));
    expect(missing).toEqual([]);
  });

  it('have no other ids: a title that names a case names one that there is', () => {
    const unknown = [...titled].filter(([id]) => !every.includes(id)).map(([id, files]) => [id, ...files]);
    expect(unknown).toEqual([]);
  });

  it('that are proved elsewhere are proved by a file that is there', () => {
    for (const [id, { file }] of Object.entries(PROVED_BY)) {
      expect([id, ...globSync(file, { cwd: ROOT })]).toEqual([id, file]);
      expect(every).toContain(id);
    }
  });

  it('that cannot arise are few, and have no test that says otherwise', () => {
    const security = Object.keys(NOT_APPLICABLE).filter((id) => /^[SR]/.test(id));
    expect(security.length).toBeLessThanOrEqual(8);
    expect(Object.keys(NOT_APPLICABLE).filter((id) => titled.has(id) || !every.includes(id))).toEqual([]);
  });

  it('are found where they are, and not where they are not', () => {
    expect(idsIn('R01–R08, P10: killed')).toEqual(['R01', 'R02', 'R03', 'R04', 'R05', 'R06', 'R07', 'R08', 'P10']);
    expect(idsIn('S80–S83 and I5, not AES256, SHA1, R2D2 or %E0%A43')).toEqual(['S80', 'S81', 'S82', 'S83', 'I5']);
    expect(textsOf("// 'S01'\n/* 'S02' */ it('S03 it\\'s', () => `S04 ${x}`)")).toEqual(["S03 it\\'s", 'S04 ${x}']);
  });
});
