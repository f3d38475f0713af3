import { describe, expect, it } from 'vitest';
import { readCallbackQuery } from '../../../../functions/core/authorization/callback-query.ts';

const STATE = 'A'.repeat(43);
const escaped = (code: number) => `%${code.toString(16).padStart(2, '0')}`;
const read = (rest: string) => readCallbackQuery(`state=${STATE}&${rest}`);

/** The characters of ASCII that a parameter may hold. */
const taken = (parameter: string, more = '') =>
  Array.from({ length: 128 }, (_, code) => code).filter((code) => read(`${more}${parameter}=x${escaped(code)}x`));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('readCallbackQuery()', () => {
  it('reads a code, an error, an issuer, and nothing else', () => {
    expect(read('code=a+b%2B')).toEqual({ state: STATE, code: 'a b+' });
    expect(read('error=server_error&error_description=d&error_uri=u&other=x')).toEqual({
      state: STATE,
      error: 'server_error',
    });
    expect(read('code=x&iss=https%3A%2F%2Fid.example')).toEqual({ state: STATE, code: 'x', iss: 'https://id.example' });
    expect(readCallbackQuery(undefined)).toBeUndefined();
    expect(readCallbackQuery('')).toBeUndefined();
  });

  it('S12, S13: takes 43 letters of base64url for a state and nothing around them', () => {
    for (const state of [`${STATE}A`, STATE.slice(1), `${STATE}%0a`, `x${STATE}`, '']) {
      expect(readCallbackQuery(`state=${state}&code=x`)).toBeUndefined();
    }
  });

  it('S22, S23, S50: takes the characters that RFC 6749 gives to each', () => {
    expect(taken('code')).toEqual(range(0x20, 0x7e));
    expect(taken('error')).toEqual([0x20, 0x21, ...range(0x23, 0x5b), ...range(0x5d, 0x7e)]);
    expect(taken('error_description', 'error=x&')).toEqual(range(0x20, 0x7e));
    expect(taken('error_uri', 'error=x&')).toEqual(range(0x20, 0x7e));
    expect(taken('iss', 'code=x&')).toEqual(range(0x21, 0x7e));
    expect(read('error=x&error_description=%C3%A4')).toBeDefined();
  });

  it.each([
    ['S22', 'code=', 'c', 2048],
    ['S50', 'error=', 'e', 1024],
    ['S50', 'error=x&error_description=', 'd', 1024],
    ['S50', 'error=x&error_uri=', 'u', 1024],
    ['S43', 'code=x&iss=', 'i', 512],
  ])('%s: takes %s up to its length', (_case, prefix, letter, longest) => {
    expect(read(`${prefix}${letter.repeat(longest)}`)).toBeDefined();
    expect(read(`${prefix}${letter.repeat(longest + 1)}`)).toBeUndefined();
  });

  it('S59: takes 8192 characters and fifty parameters, and no more', () => {
    const length = `state=${STATE}&code=x&pad=`.length;
    expect(read(`code=x&pad=${'p'.repeat(8192 - length)}`)).toBeDefined();
    expect(read(`code=x&pad=${'p'.repeat(8193 - length)}`)).toBeUndefined();
    expect(read(`code=x${'&a=b'.repeat(48)}`)).toBeDefined();
    expect(read(`code=x${'&a=b'.repeat(49)}`)).toBeUndefined();
  });

  it('S19, S23, S43, S50: takes an empty value for none of them', () => {
    for (const rest of ['code=', 'code', 'error=', 'error', 'code=x&error=', 'code=x&iss=', 'code=x&iss', 'iss=x']) {
      expect(read(rest)).toBeUndefined();
    }
    expect(read('error=x&error_description=&error_uri')).toEqual({ state: STATE, error: 'x' });
  });

  it.each(['state', 'code', 'error', 'error_description', 'error_uri', 'iss'])(
    'S14, S21, S43: takes %s once, and by its bare name',
    (name) => {
      const all = `code=x&error=x&error_description=x&error_uri=x&iss=x`;
      expect(read(all)).toBeDefined();
      expect(read(`${all}&${name}=x`)).toBeUndefined();
      for (const suffix of ['[]', '[$ne]', '[0][a]', '[%0a]']) {
        expect(read(`code=x&${name}${suffix}=x`)).toBeUndefined();
      }
      expect(read(`code=x&${name}2=x&x${name}[]=y`)).toBeDefined();
    },
  );

  it('S60: takes nothing whose escapes say nothing, in a name or in a value', () => {
    for (const rest of ['code=x&%=a', 'code=x&a=%', 'code=x&%C0%AF=a', 'code=x&a=%E0%A4%A', 'code=x&=%']) {
      expect(read(rest)).toBeUndefined();
    }
  });
});
