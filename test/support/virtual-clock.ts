import type { Clock } from '../../functions/core/time.ts';

/** A clock that goes when a test says so. */
export interface VirtualClock extends Clock {
  advance(ms: number): void;
  set(at: Date): void;
}

export function createVirtualClock(start = new Date('2026-03-01T12:00:00Z')): VirtualClock {
  let at = start.getTime();
  return {
    now: () => new Date(at),
    advance: (ms) => void (at += ms),
    set: (date) => void (at = date.getTime()),
  };
}
