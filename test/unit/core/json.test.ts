import { describe, expect, it } from 'vitest';
import { canonicalJson, idText } from '../../../functions/core/json.ts';

describe('JSON values', () => {
  it('have ids that are texts or whole numbers', () => {
    const values = ['a', '', 0, 5, 1.5, 2 ** 53, true, null, ['a'], undefined];
    expect(values.map(idText)).toEqual(['a', undefined, '0', '5', ...Array.from({ length: 6 })]);
  });

  it('have one text each, whatever the order of their members', () => {
    const text = '{"A":null,"a":[2,1,{"x":"\\u001f","y":true}],"é":0}';
    expect(canonicalJson({ é: 0, a: [2, 1, { y: true, x: '\u001F' }], A: null })).toBe(text);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
  });
});
