import { describe, expect, it } from 'vitest';
import { parseInstant, parseLastSeen, toIso, toWireInstant } from '../../../../functions/providers/action1/dates.ts';

describe('Action1 dates', () => {
  it.each([
    ['2023-12-09_01-44-11', '2023-12-09T01:44:11.000Z'],
    ['2024-06-27T10:20:40.000Z', '2024-06-27T10:20:40.000Z'],
    ['2024-06-27T10:20:40+02:00', '2024-06-27T08:20:40.000Z'],
    ['2024-06-27T10:20:40+0200', '2024-06-27T08:20:40.000Z'],
    ['2024-05-14', '2024-05-14T00:00:00.000Z'],
    [' 2024-05-14\n', '2024-05-14T00:00:00.000Z'],
  ])('reads %s as UTC', (text, iso) => {
    expect(toIso(text)).toBe(iso);
  });

  it.each([
    '',
    'None',
    'Now',
    '2024-13-45_99-99-99',
    '20240430',
    'yesterday',
    undefined,
    'x2023-12-09_01-44-11',
    '2023-12-09_01-44-11x',
    // JavaScript reads these, some of them in the machine's own zone.
    '+002024-05-14',
    '+002024-06-27T10:20:40Z',
    '2024-06-27T10:20:40Z\u0000x',
    '2024-05-14 10:00',
    '2024-06-27T10:20:40',
    'May 14, 2024',
    '5',
  ])('finds no instant in %s', (text) => {
    expect(parseInstant(text)).toBeUndefined();
    expect(toIso(text)).toBeNull();
  });

  it('takes Now for the present, and nothing else for it', () => {
    const now = new Date('2026-06-01T12:00:00Z');
    expect(parseLastSeen('Now', now)).toBe(now);
    expect(parseLastSeen('2026-05-01_00-00-00', now)?.toISOString()).toBe('2026-05-01T00:00:00.000Z');
    expect(parseLastSeen('', now)).toBeUndefined();
  });

  it('writes what it reads', () => {
    expect(toWireInstant(new Date('2026-06-01T12:00:59.999Z'))).toBe('2026-06-01_12-00-59');
  });
});
