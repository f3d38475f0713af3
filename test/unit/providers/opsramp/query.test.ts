import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { queryString } from '../../../../functions/providers/opsramp/query.ts';

describe('queryString', () => {
  const text = queryString([
    ['startDate', ['2015-06-10T05:39:51 0000']],
    ['states', ['Critical', 'Ok']],
    ['priority', []],
  ]);

  it('joins fields by plus and values by comma, and leaves out what has none', () => {
    expect(text).toBe('startDate:2015-06-10T05:39:51 0000+states:Critical,Ok');
  });

  it('reaches the wire with %2B between the fields and no bare plus but for spaces', () => {
    const url = new URL('https://acme.api.opsramp.com/');
    url.searchParams.append('queryString', text);
    expect(url.search).toBe('?queryString=startDate%3A2015-06-10T05%3A39%3A51+0000%2Bstates%3ACritical%2COk');
  });

  it.each(['a+b', 'a,b', '', ' ', 'a\nb'])('refuses the value %j, which would become another filter', (value) => {
    expect(() => queryString([['metrics', [value]]])).toThrow(ConfigInvalidError);
  });
});
