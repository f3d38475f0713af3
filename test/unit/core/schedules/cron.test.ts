import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { timeAfter, timeBefore } from '../../../../functions/core/schedules/cron.ts';

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
    expect(String(failure)).toContain('never comes');
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
