import { MINUTE_MS } from '../time.ts';

/** What EventBridge Scheduler sends to a scheduled function; a nudge is the same without a slot. */
export interface Tick {
  readonly shard: string;
  /** The scheduled time, ISO 8601 (`<aws.scheduler.scheduled-time>`). */
  readonly slot?: string;
}

/**
 * A tick that comes later than this after its slot is stale: later ones have been here.
 *
 * Scheduler serves a slot at any second of its minute and may try for another, Lambda's queue holds a tick for a third:
 * all that is as promised. A limit below it would ignore every tick of a shard whose schedule is served late.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export const STALE_TICK_MS = 4 * MINUTE_MS;

/** Whether a tick came too late, or names no time at all. One without a slot never is. */
export function isStale({ slot }: Tick, now: Date): boolean {
  if (slot === undefined) return false;
  const late = now.getTime() - Date.parse(slot);
  return !Number.isFinite(late) || late > STALE_TICK_MS;
}
