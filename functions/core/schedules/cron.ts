import { Cron } from 'croner';
import { ConfigInvalidError } from '../errors.ts';
import { zoneProblem } from './zone.ts';

/** A job's timetable: a cron expression in an IANA zone. Its times are the boundaries of the job's windows. */
export interface Timetable {
  readonly cron: string;
  readonly zone: string;
}

const NEVER = 'never fires: no date fits it';

/** Five or six fields. A time that a zone skips in spring comes just after the gap, one that it repeats comes once. */
function parse({ cron, zone }: Timetable): Cron {
  try {
    return new Cron(cron, { timezone: zone, mode: '5-or-6-parts' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigInvalidError(`The schedule "${cron}" in zone ${zone} cannot be read: ${reason}`, { cause: error });
  }
}

/** Checks a timetable that somebody configured. @throws ConfigInvalidError naming what is at fault: `zone` or `schedule` */
export function checkTimetable(timetable: Timetable, now: Date): void {
  const problem = zoneProblem(timetable.zone, now);
  if (problem !== undefined) throw faulty('zone', problem, undefined);
  try {
    timeAfter(timetable, now);
  } catch (error) {
    const { cause } = error as Error;
    const reason = cause instanceof Error ? `is not a cron expression: ${cause.message}` : NEVER;
    throw faulty('schedule', `${timetable.cron} ${reason}`, error);
  }
}

function faulty(field: string, problem: string, cause: unknown): ConfigInvalidError {
  return new ConfigInvalidError(`${field} ${problem}`, { cause, fault: { path: [field], problem } });
}

/** The first time after `instant`, never `instant` itself. */
export function timeAfter(timetable: Timetable, instant: Date): Date {
  const time = parse(timetable).nextRun(instant);
  if (time === null) throw new ConfigInvalidError(`The schedule "${timetable.cron}" ${NEVER}`);
  return time;
}

/** The last time before `instant`, never `instant` itself. */
export function timeBefore(timetable: Timetable, instant: Date): Date {
  const [time] = parse(timetable).previousRuns(1, instant);
  if (time === undefined) throw new ConfigInvalidError(`The schedule "${timetable.cron}" ${NEVER}`);
  return time;
}

/** The last time that is not after `instant`. */
export function timeAtOrBefore(timetable: Timetable, instant: Date): Date {
  return timeBefore(timetable, new Date((Math.floor(instant.getTime() / 1000) + 1) * 1000));
}
