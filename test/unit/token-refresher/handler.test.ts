import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConfigInvalidError } from '../../../functions/core/errors.ts';
import type { RefreshSweep } from '../../../functions/core/tokens/sweep.ts';
import { createHandler } from '../../../functions/token-refresher/handler.ts';

const AMPLE = { deadline: { remainingMs: () => 55_000 } };
const SWEPT = { stale: false, counts: { refreshed: 1 } } as const;

function setUp(sweep: RefreshSweep) {
  const told: string[] = [];
  const announce = async (shard: string) => {
    await setImmediate();
    told.push(shard);
  };
  return { told, handle: createHandler({ sweep, announce }) };
}

describe('token-refresher', () => {
  it('sweeps its shard, and returns when the publisher was woken', async () => {
    const { told, handle } = setUp(async () => SWEPT);
    expect(await handle({ shard: '3' }, AMPLE)).toEqual(SWEPT);
    expect(told).toEqual(['3']);
  });

  it('wakes the publisher for what was written before a sweep failed', async () => {
    const { told, handle } = setUp(async () => Promise.reject(new TypeError('a bug')));
    await expect(handle({ shard: '3' }, AMPLE)).rejects.toThrow('a bug');
    expect(told).toEqual(['3']);
  });

  it('sweeps nothing for a tick that names no shard', async () => {
    const { told, handle } = setUp(async () => SWEPT);
    await expect(handle({} as { shard: string }, AMPLE)).rejects.toThrow(ConfigInvalidError);
    expect(told).toEqual([]);
  });
});
