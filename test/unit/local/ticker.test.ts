import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTicker } from '../../../infra/local/ticker.ts';

const FUNCTIONS = [{ name: 'token-refresher', everySeconds: 60 }, { name: 'oauth-callback' }];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-03-01T12:00:30Z') });
});

afterEach(() => {
  vi.useRealTimers();
});

function setUp(options: { shardCount?: number; everySeconds?: number; invoke?: () => Promise<never> } = {}) {
  const { shardCount = 1, everySeconds, invoke = () => new Promise<never>(() => {}) } = options;
  const invoked = vi.fn<(name: string, payload: string) => Promise<never>>(invoke);
  const ticker = startTicker({
    functions: FUNCTIONS,
    shardCount,
    host: { invoke: invoked },
    ...(everySeconds === undefined ? {} : { everySeconds }),
  });
  return { ticker, invoked };
}

describe('the ticker', () => {
  it('ticks every scheduled function at its slots, once per shard, with the scheduled time', async () => {
    const { ticker, invoked } = setUp({ shardCount: 2 });
    await vi.advanceTimersByTimeAsync(60_000);

    expect(invoked.mock.calls).toEqual([
      ['token-refresher', '{"shard":"0","slot":"2026-03-01T12:01:00.000Z"}'],
      ['token-refresher', '{"shard":"1","slot":"2026-03-01T12:01:00.000Z"}'],
    ]);
    ticker.stop();
  });

  it('does not wait for the tick before', async () => {
    const { ticker, invoked } = setUp({ everySeconds: 2 });
    await vi.advanceTimersByTimeAsync(6000);

    expect(invoked).toHaveBeenCalledTimes(3);
    ticker.stop();
  });

  it('does not repeat a tick that failed', async () => {
    const { ticker, invoked } = setUp({ invoke: async () => Promise.reject(new Error('no host')) });
    await vi.advanceTimersByTimeAsync(60_000);

    expect(invoked).toHaveBeenCalledTimes(1);
    ticker.stop();
  });

  it('ticks everything now when it is asked to, and nothing any more when it is stopped', async () => {
    const { ticker, invoked } = setUp({ invoke: async () => Promise.reject(new Error('fails')) });
    await ticker.tickAll();
    ticker.stop();
    await vi.advanceTimersByTimeAsync(600_000);

    expect(invoked.mock.calls).toEqual([['token-refresher', '{"shard":"0","slot":"2026-03-01T12:00:30.000Z"}']]);
  });
});
