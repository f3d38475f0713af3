import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../../infra/cli/moment.ts';

describe('parseMoment()', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-01-31T02:00Z', '2026-01-31T02:00:00.000Z'],
    ['2026-01-31T02:00:00+02:00', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31 02:00:00.5z', '2026-01-31T02:00:00.500Z'],
  ])('takes %s', (text, iso) => {
    expect(parseMoment(text)?.toISOString()).toBe(iso);
  });

  it.each([
    ['a day that there is not', '2026-02-29'],
    ['a month that there is not', '2026-13-01'],
    ['an hour that there is not', '2026-01-31T25:00:00Z'],
    ['a time that is many instants', '2026-01-31T02:00:00'],
    ['a number, which Date takes for a year', '1'],
    ['a year that was mistyped', '0206-01-31'],
    ['a year before all that is asked for', '1999-12-31'],
    ['words', 'January 31, 2026'],
    ['nothing', ''],
  ])('refuses %s', (_title, text) => {
    expect(parseMoment(text)).toBeUndefined();
  });
});
