import { describe, expect, it } from 'vitest';
import { isStale, STALE_TICK_MS } from '../../../../functions/core/schedules/tick.ts';

const SLOT = '2026-03-10T12:00:00Z';
const late = (ms: number) => new Date(Date.parse(SLOT) + ms);

describe('a tick', () => {
  it('P04: is stale four minutes after its slot, and not before', () => {
    expect(STALE_TICK_MS).toBe(240_000);
    expect(isStale({ shard: '0', slot: SLOT }, late(0))).toBe(false);
    expect(isStale({ shard: '0', slot: SLOT }, late(240_000))).toBe(false);
    expect(isStale({ shard: '0', slot: SLOT }, late(240_001))).toBe(true);
    expect(isStale({ shard: '0', slot: SLOT }, late(-60_000))).toBe(false);
  });

  it('is stale whose slot is no time, and never without one', () => {
    expect(isStale({ shard: '0', slot: '<aws.scheduler.scheduled-time>' }, late(0))).toBe(true);
    expect(isStale({ shard: '0' }, late(1e12))).toBe(false);
  });
});
