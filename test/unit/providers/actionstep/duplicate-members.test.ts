import { describe, expect, it } from 'vitest';
import { hasDuplicateMembers } from '../../../../functions/providers/actionstep/duplicate-members.ts';

describe('a text that names a member twice', () => {
  it.each([
    ['{"a":1,"a":2}', true],
    ['{"a" \n\t: 1, "b": 2, "a"  :3}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['{"a":{"x":1},"a":2}', true],
    ['{"a":[1],"a":2}', true],
    ['{"a":{"x":[{}]},"b":[[]],"a":2}', true],
    ['{"a\\"b":1,"a\\"b":2}', true],
    ['{"a":"b","b":"a"}', false],
    ['{"a":"a","b":"a"}', false],
    ['{"a":{"a":1},"b":{"a":1}}', false],
    ['{"a":[{"b":1},{"b":2}],"b":3}', false],
    ['{"a":["b","b"],"b":3}', false],
    ['{"a":"{\\"a\\":1","b":"}"}', false],
    ['{"a":"\\\\","b":"\\\\"}', false],
    ['["a","a"]', false],
    ['{}', false],
  ])('%s: %s', (text, isSo) => {
    expect(hasDuplicateMembers(text)).toBe(isSo);
  });
});
