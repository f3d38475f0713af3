import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AREAS } from './areas.ts';
import { arguedSurvivors, changeOf, isAbout, isUndefinedMember, type MutantResult, toDiff } from './survivors.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(import.meta.dirname, 'SURVIVORS.md');

describe('mutation testing', () => {
  it('argues only about lines that are there', () => {
    const argued = arguedSurvivors(PAGE);
    expect(argued.length).toBeGreaterThan(0);
    const gone = argued.filter((change) => !isAbout(change, readFileSync(join(ROOT, change.file), 'utf8')));
    expect(gone.map((change) => `${change.file}\n${toDiff(change)}`)).toEqual([]);
  });

  it('has every file of core and of the providers in one area', () => {
    const places = globSync('functions/{core,providers}/**/*.ts', { cwd: ROOT });
    const mutated = AREAS.flatMap(({ mutate }) => mutate.flatMap((pattern) => globSync(pattern, { cwd: ROOT })));
    expect(mutated.toSorted()).toEqual(places.filter((name) => !name.endsWith('/registry.ts')).toSorted());
  });

  it('has tests for each area', () => {
    const without = AREAS.flatMap(({ tests }) => tests).filter((path) => globSync(path, { cwd: ROOT }).length === 0);
    expect(without).toEqual([]);
  });

  it('quotes a mutant by its lines, wherever they stand', () => {
    const source = 'one\n  if (a < b) {\n    go();\n  }\n';
    const location = { start: { line: 2, column: 7 }, end: { line: 2, column: 12 } };
    const mutant = { fileName: 'x.ts', location, replacement: 'a <= b' } as MutantResult;
    expect(changeOf(mutant, source)).toEqual({ file: 'x.ts', from: 'if (a < b) {', to: 'if (a <= b) {' });
    const block = { start: { line: 2, column: 14 }, end: { line: 4, column: 4 } };
    const change = changeOf({ ...mutant, location: block, replacement: '{}' }, source);
    expect(change).toEqual({ file: 'x.ts', from: 'if (a < b) { go(); }', to: 'if (a < b) {}' });
    expect(isAbout(change, source)).toBe(true);
    expect(isAbout(change, source.replace('<', '>'))).toBe(false);
  });

  it('takes a member that is undefined for one that is not there, and nothing else', () => {
    const change = (from: string, to: string) => isUndefinedMember({ file: 'x.ts', from, to });
    const from = '...(a.b === undefined ? {} : { c: a.b }),';
    expect(change(from, '...(false ? {} : { c: a.b }),')).toBe(true);
    expect(change('return { ...(a === undefined ? {} : { a }) };', 'return { ...(false ? {} : { a }) };')).toBe(true);
    expect(change(from, '...(true ? {} : { c: a.b }),')).toBe(false);
    expect(change(from, '...(a.b === undefined ? {} : {}),')).toBe(false);
    expect(change('...(a === undefined ? {} : { b: f(a) }),', '...(false ? {} : { b: f(a) }),')).toBe(false);
    expect(change('...(a === undefined ? {} : { severity: 1 }),', '...(false ? {} : { severity: 1 }),')).toBe(false);
  });
});
