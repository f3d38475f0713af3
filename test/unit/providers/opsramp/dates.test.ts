import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant, queryInstant } from '../../../../functions/providers/opsramp/dates.ts';

describe('parseInstant', () => {
  it.each([
    ['2016-02-24T01:10:00+0000', '2016-02-24T01:10:00.000Z'],
    ['2020-10-08T07:25:24+0100', '2020-10-08T06:25:24.000Z'],
    ['2015-06-10T05:39:51 0530', '2015-06-10T00:09:51.000Z'],
    ['2015-06-10T05:39:51 0000', '2015-06-10T05:39:51.000Z'],
    ['2018-08-12T05:40:51-07:00', '2018-08-12T12:40:51.000Z'],
    ['2018-08-12T05:40:51Z', '2018-08-12T05:40:51.000Z'],
    ['2018-08-12T05:40:51.25Z', '2018-08-12T05:40:51.250Z'],
    ['2018-11-02 10:52:55', '2018-11-02T10:52:55.000Z'],
    [1_448_628_691_167, '2015-11-27T12:51:31.167Z'],
    ['1448628691167', '2015-11-27T12:51:31.167Z'],
    [1e12, '2001-09-09T01:46:40.000Z'],
    [' 2018-08-12T05:40:51Z ', '2018-08-12T05:40:51.000Z'],
    ['2018-08-12T05:40:51.123456789Z', '2018-08-12T05:40:51.123Z'],
    ['2018-08-12T05:40:51.5', '2018-08-12T05:40:51.500Z'],
    ['2018-12-31T23:59:59Z', '2018-12-31T23:59:59.000Z'],
    ['2018-08-12T05:40:51+05:30', '2018-08-12T00:10:51.000Z'],
    ['2018-08-12T05:40:51-0030', '2018-08-12T06:10:51.000Z'],
  ])('A16 reads %s', (text, expected) => {
    expect(parseInstant(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '',
    ' ',
    0,
    1,
    '0',
    null,
    undefined,
    'yesterday',
    '2016-02-30T01:10:00+0000',
    '2016-02-24T25:10:00+0000',
    {},
    '2016-02-24',
    1e12 - 1,
    Number.NaN,
    1e17,
    '99999999999999999999',
    '144862869116',
    'x1448628691167',
    '1448628691167x',
    '-1448628691167',
    '1448628691167.5',
    'x2018-08-12T05:40:51Z',
    '2018-08-12T05:40:51Zx',
    '2018-08-12T05:40:51.1234567890Z',
    '2018-08-12T24:40:51Z',
    '2018-08-12T23:60:51Z',
    '2018-08-12T23:40:60Z',
    '2018-13-12T23:40:00Z',
    '2018-00-00T23:40:00Z',
    true,
  ])('takes %j for no date', (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });

  it('reads back what it writes into a query, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }), fc.nat(999), (second, ms) => {
        expect(parseInstant(queryInstant(new Date(second * 1000 + ms)))?.getTime()).toBe(second * 1000);
      }),
    );
  });
});

describe('queryInstant', () => {
  it('writes the offset with a space for the plus, without milliseconds or Z', () => {
    expect(queryInstant(new Date('2015-06-10T05:39:51.789Z'))).toBe('2015-06-10T05:39:51 0000');
  });
});
