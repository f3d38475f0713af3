import { format } from 'node:util';

// Stands in for `vitest` while mutants are judged (test-runner.ts): the tests are loaded once and called by hand.
export { expect, vi } from 'vitest';

type Body = (...values: never[]) => unknown;
type Action = () => unknown;
export type Hook = 'beforeAll' | 'beforeEach' | 'afterEach' | 'afterAll';

export interface Suite extends Record<Hook, Action[]> {
  readonly name: string;
  readonly parent: Suite | undefined;
}

export interface Test {
  readonly id: string;
  readonly file: string;
  readonly name: string;
  readonly suite: Suite;
  readonly body: Action;
}

const newSuite = (name: string, parent?: Suite): Suite => ({
  name,
  parent,
  beforeAll: [],
  beforeEach: [],
  afterEach: [],
  afterAll: [],
});

let file = '';
let suite = newSuite('');
let collected = new Map<string, Test>();

/** The tests that `load` declares, which imports the file. */
export async function collect(name: string, load: () => Promise<unknown>): Promise<readonly Test[]> {
  file = name;
  suite = newSuite('');
  collected = new Map();
  await load();
  return [...collected.values()];
}

/** The suites around a test, outermost first. */
export function suitesOf({ suite: innermost }: Test): readonly Suite[] {
  const around: Suite[] = [];
  for (let one: Suite | undefined = innermost; one !== undefined; one = one.parent) around.unshift(one);
  return around;
}

const hook = (kind: Hook) => (body: Action) => void suite[kind].push(body);
export const beforeAll = hook('beforeAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');
export const afterAll = hook('afterAll');

function declareTest(title: string, body: Body, values: readonly unknown[] = []): void {
  let name = title;
  for (let one: Suite | undefined = suite; one !== undefined; one = one.parent) name = `${one.name} ${name}`;
  let id = `${file}#${name.trim()}`;
  while (collected.has(id)) id += "'";
  const call = () => body(...(values as never[]));
  collected.set(id, { id, file, name: id.slice(file.length + 1), suite, body: call });
}

function declareSuite(title: string, body: Body, values: readonly unknown[] = []): void {
  const outer = suite;
  suite = newSuite(title, outer);
  body(...(values as never[]));
  suite = outer;
}

type Declare = (title: string, body: Body, values?: readonly unknown[]) => void;

/** `it(title, body)` and `it(title, options, body)`, with `.each` and `.skipIf`. */
function declarer(declare: Declare) {
  const one = (title: string, first: unknown, second?: unknown) => {
    declare(title, (typeof first === 'function' ? first : second) as Body);
  };
  const each = (rows: readonly unknown[]) => (title: string, first: unknown, second?: unknown) => {
    // As Vitest has it: rows are lists of values where all of them are lists.
    const areLists = rows.every(Array.isArray);
    for (const row of rows) {
      const values = areLists ? (row as unknown[]) : [row];
      const places = title.match(/%[a-z]/g)?.length ?? 0;
      const body = (typeof first === 'function' ? first : second) as Body;
      declare(format(title, ...values.slice(0, places)), body, values);
    }
  };
  const skipIf = (condition: boolean) => (condition ? () => undefined : one);
  return Object.assign(one, { each, skipIf });
}

export const it = declarer(declareTest);
export const describe = declarer(declareSuite);
