import { describe, expect, it } from 'vitest';
import { TestRun } from './call.ts';
import * as stand from './collect.ts';

const PATIENCE_MS = 2000;

async function scene() {
  const calls: string[] = [];
  const note = (what: string) => () => void calls.push(what);
  const tests = await stand.collect('scene.test.ts', async () => {
    stand.beforeEach(note('file'));
    stand.describe('outer', () => {
      stand.beforeAll(note('once'));
      stand.afterAll(note('at the end'));
      stand.beforeEach(note('before'));
      stand.afterEach(note('after'));
      stand.it('passes', note('first'));
      stand.it.each([['one', 1] as const, ['two', 2] as const])('takes %s', (_: string, value: number) =>
        calls.push(`row ${value}`),
      );
      stand.describe.skipIf(true)('never', () => stand.it('runs', note('never')));
      stand.it('fails', { timeout: 1 }, () => expect(calls).toEqual([]));
      stand.it('hangs', () => new Promise(() => {}));
      stand.it('hangs', note('a second of the same name'));
    });
  });
  return { calls, tests };
}

describe('a test that judges mutants', () => {
  it('is called with what stands around it', async () => {
    const { calls, tests } = await scene();
    const run = new TestRun();
    const [first, one] = tests;
    for (const test of [first, one]) {
      if (test !== undefined) expect((await run.call(test, PATIENCE_MS)).failure).toBeUndefined();
    }
    await run.end();
    const around = (what: string) => ['file', 'before', what, 'after'];
    expect(calls).toEqual(['once', ...around('first'), ...around('row 1'), 'at the end']);
  });

  it('has a name of its own', async () => {
    const names = ['passes', 'takes one', 'takes two', 'fails', 'hangs', "hangs'"];
    expect((await scene()).tests.map(({ id }) => id)).toEqual(names.map((name) => `scene.test.ts#outer ${name}`));
  });

  it.each([
    ['fails', /deeply equal/],
    ['hangs', /nothing after 50 ms/],
  ])('that %s says so, and what is declared after it is called', async (name, failure) => {
    const { calls, tests } = await scene();
    const test = tests.find(({ id }) => id.endsWith(name));
    if (test === undefined) throw new Error('no such test');
    expect((await new TestRun().call(test, 50)).failure).toMatch(failure);
    expect(calls.at(-1)).toBe('after');
  });
});
