import { describe, expect, it } from 'vitest';
import { createHandler } from '../../../functions/report-poller/handler.ts';

function scene() {
  const swept: string[][] = [];
  const skipped: string[] = [];
  const handler = createHandler({
    sweep: async (shard, owner) => void swept.push([shard, owner]),
    clock: { now: () => new Date('2026-03-01T12:00:00Z') },
    log: { info() {}, warn: (event) => void skipped.push(event), error() {} },
  });
  const invocation = { deadline: { remainingMs: () => 1000 }, requestId: 'request-1' };
  return {
    swept,
    skipped,
    call: (shard: string, slot?: string) => handler({ shard, ...(slot ? { slot } : {}) }, invocation),
  };
}

describe('report-poller', () => {
  it('sweeps the shard of the tick, and of a nudge without a slot', async () => {
    const { swept, call } = scene();
    await call('3', '2026-03-01T11:59:30Z');
    await call('4');
    expect(swept).toEqual([
      ['3', 'request-1'],
      ['4', 'request-1'],
    ]);
  });

  it('P05 passes over a tick that is older than its slot', async () => {
    const { swept, skipped, call } = scene();
    await call('3', '2026-03-01T11:55:59Z');
    expect(swept).toEqual([]);
    expect(skipped).toEqual(['tick.skipped']);
  });
});
