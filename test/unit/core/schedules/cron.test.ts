import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { checkTimetable, timeAfter, timeBefore } from '../../../../functions/core/schedules/cron.ts';

const NOW = new Date('2026-03-10T12:00:00Z');

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a timetable', () => {
  it.each([
    ['next', timeAfter],
    ['last', timeBefore],
  ])('without a %s time says so', (_title, time) => {
    const failure = failureOf(() => time({ cron: '0 0 30 2 *', zone: 'UTC' }, NOW));
    expect(failure).toBeInstanceOf(ConfigInvalidError);
    expect(String(failure)).toContain('never fires');
  });

  it('that cannot be read says why, and keeps what the parser said', () => {
    const failure = failureOf(() => timeAfter({ cron: '61 * * * *', zone: 'UTC' }, NOW));
    expect(failure).toBeInstanceOf(ConfigInvalidError);
    expect((failure as Error).cause).toBeInstanceOf(Error);
  });

  it('with six fields has seconds', () => {
    const timetable = { cron: '30 0 2 * * *', zone: 'UTC' };
    expect(timeAfter(timetable, NOW)).toEqual(new Date('2026-03-11T02:00:30Z'));
    expect(timeBefore(timetable, NOW)).toEqual(new Date('2026-03-10T02:00:30Z'));
  });
});

describe('checkTimetable()', () => {
  it.each([
    [
      'a field that is out of range',
      { cron: '61 * * * *', zone: 'UTC' },
      'schedule',
      '61 * * * * is not a cron expression',
    ],
    ['a date that there is not', { cron: '0 0 30 2 *', zone: 'UTC' }, 'schedule', 'never fires'],
    [
      'a field too many, which no export would take',
      { cron: '0 0 2 * * * 2030', zone: 'UTC' },
      'schedule',
      'not a cron',
    ],
    ['a zone that is none', { cron: '0 2 * * *', zone: 'Mars/Olympus' }, 'zone', 'unknown time zone Mars/Olympus'],
    ['a city alone', { cron: '0 2 * * *', zone: 'Berlin' }, 'zone', 'Did you mean Europe/Berlin?'],
    ['an offset', { cron: '0 2 * * *', zone: '+02:00' }, 'zone', 'At +02:00 now: Africa/Blantyre'],
    ['an offset, for one that stays', { cron: '0 2 * * *', zone: '-05' }, 'zone', 'always: Etc/GMT+5'],
    ['half an hour, which no fixed zone has', { cron: '0 2 * * *', zone: '+05:30' }, 'zone', 'At +05:30 now: Asia/'],
  ])('refuses %s', (_title, timetable, field, message) => {
    const failure = failureOf(() => checkTimetable(timetable, NOW));
    expect(failure).toBeInstanceOf(ConfigInvalidError);
    expect((failure as ConfigInvalidError).fault?.path).toEqual([field]);
    expect((failure as ConfigInvalidError).fault?.problem).toContain(message);
  });

  it('takes every name that the zone database has, old ones too', () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Calcutta', 'US/Eastern', 'Etc/GMT-2', 'CET']) {
      expect(() => checkTimetable({ cron: '0 2 * * *', zone }, NOW)).not.toThrow();
    }
  });
});
