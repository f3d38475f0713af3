import { describe, expect, it } from 'vitest';
import { hasDuplicateMembers } from '../../../../functions/core/authorization/json-members.ts';

describe('hasDuplicateMembers()', () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":{},"a":2}',
    '{"a":[],"a":2}',
    '{"a":[{"b":1,"b":2}]}',
    '[{"a":1},{"b":{"c":1,"c":1}}]',
    '{"a":1,"\\u0061":2}',
    '{"\\"":1,"\\"":2}',
    '{"\\\\":1,"\\\\":2}',
    '{"a":"b","c":"d","a":"e"}',
    ' { "a" : 1 , "a" : 2 } ',
    '{"":1,"":2}',
    '{"x":{"a":1},"y":1,"x":1}',
  ])('S33: sees the second of %s', (text) => {
    expect(hasDuplicateMembers(text)).toBe(true);
  });

  it.each([
    '{}',
    '[]',
    '"a"',
    '{"a":1,"b":2}',
    '{"a":"a"}',
    '{"a":"b","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '{"a":["a","a","b","b"]}',
    '[["a","a"],"a","a"]',
    '[{"a":1},{"a":1}]',
    '{"a":[{"a":1},{"a":1}],"b":{"a":1}}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\","b":","}',
    '{"a":{"b":1},"b":2}',
    '{"a":["x",{"b":1},"x","x"],"x":1}',
  ])('S33: sees none in %s', (text) => {
    expect(hasDuplicateMembers(text)).toBe(false);
  });

  it('S33: ends with a text that breaks off', () => {
    for (const text of ['{"a', '{"a":1,"a', '{"\\', '{"a\\u00":1,"a\\u00":2}']) {
      expect(() => hasDuplicateMembers(text)).not.toThrow();
    }
    expect(hasDuplicateMembers('{"a\\u00":1,"a\\u00":2}')).toBe(true);
    expect(hasDuplicateMembers('{"a\\u00":1,"b\\u00":2}')).toBe(false);
  });
});
