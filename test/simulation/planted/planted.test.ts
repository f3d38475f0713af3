import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PLANTED } from './faults.ts';
import { readTable } from './table.ts';

const ROOT = new URL('../../../', import.meta.url);

describe('planted faults', () => {
  it('are thirty at least, each with a name of its own, and PLANTED.md says of each what caught it', () => {
    expect(PLANTED.length).toBeGreaterThanOrEqual(30);
    expect([...readTable().keys()]).toEqual([...new Set(PLANTED.map(({ name }) => name))]);
  });

  it.each(PLANTED)('can still be planted: $name', ({ file, search, replace, tests = [] }) => {
    expect(readFileSync(new URL(file, ROOT), 'utf8').split(search)).toHaveLength(2);
    expect(replace).not.toBe(search);
    expect(tests.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });
});
