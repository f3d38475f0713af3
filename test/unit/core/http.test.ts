import { describe, expect, it } from 'vitest';
import { bodyJson, bodyText } from '../../../functions/core/http.ts';

const answer = (body: Uint8Array) => ({ status: 200, headers: {}, body });
const textual = (text: string) => answer(new TextEncoder().encode(text));

describe('the body of an answer', () => {
  it('is text; bytes that are not UTF-8 do not make it fail', () => {
    expect(bodyText(textual('Großkanzlei'))).toBe('Großkanzlei');
    expect(bodyText(answer(Uint8Array.of(0x61, 0xff, 0x62)))).toBe('a\u{FFFD}b');
  });

  it('is JSON, or nothing', () => {
    expect(bodyJson(textual('{"a":[1]}'))).toEqual({ a: [1] });
    for (const text of ['', '<html>', '{"a":']) expect(bodyJson(textual(text))).toBeUndefined();
  });
});
