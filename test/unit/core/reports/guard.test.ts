import { describe, expect, it } from 'vitest';
import {
  AccessTokenRejectedError,
  BudgetExhaustedError,
  DeadlineTooNearError,
  ProviderRateLimitedError,
  ProviderRefusedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  StoreUnavailableError,
} from '../../../../functions/core/errors.ts';
import { guarded, isStopped, needTime, patiently, waitLong } from '../../../../functions/core/reports/guard.ts';
import type { Durable, Stopped } from '../../../../functions/core/reports/run-types.ts';

/** A durable run that notes what it was asked for, and waits no time at all. */
function recordingDurable(remainingMs = 900_000) {
  const steps: string[] = [];
  const waits: (readonly [name: string, ms: number])[] = [];
  const durable: Durable = {
    step: async (name, work) => {
      steps.push(name);
      return work();
    },
    wait: async (name, ms) => {
      waits.push([name, ms]);
    },
    deadline: { remainingMs: () => remainingMs },
  };
  return { durable, steps, waits };
}

const failing = (error: Error) => async (): Promise<{ readonly done: true }> => {
  throw error;
};

describe('patiently()', () => {
  const rejected = new AccessTokenRejectedError('expired');
  const unavailable = new ProviderUnavailableError('502', { sent: true });
  it.each([
    ['a token that is refused', rejected, 20, [5, 10, 20, 40, 80, 160, 320, 320]],
    ['a budget that is used up', new BudgetExhaustedError('none', 7000), 2000, [7, 7, 7]],
    ['an invocation that ends', new DeadlineTooNearError('late'), 2000, [1, 1, 1]],
    ['a limit without a wait', new ProviderRateLimitedError('slow'), 60, [60, 60, 60]],
    ['a limit with a wait', new ProviderRateLimitedError('slow', 2001), 60, [3, 3, 3]],
    ['an answer that is none', new ProviderResponseInvalidError('HTML'), 4, [30, 60, 120, 240]],
    ['a provider that is down', unavailable, 8, [30, 60, 120, 240, 480, 960, 1800, 1800]],
    ['a store that is down', new StoreUnavailableError('down'), 10, [20, 40, 80, 160, 320, 640, 1280, 1280]],
    ['a refusal', new ProviderRefusedError('no'), 0, []],
  ] as const)('tries again after %s as often as that is worth, and waits', async (_, error, times, seconds) => {
    const { durable, steps, waits } = recordingDurable();
    const result = await patiently(durable, 'work', failing(error));
    expect(result).toMatchObject({ status: 'stopped', code: error.code, retryable: error.retryable });
    expect(steps).toHaveLength(times + 1);
    expect(waits).toHaveLength(times);
    expect(waits.slice(0, seconds.length).map(([, ms]) => ms / 1000)).toEqual(seconds);
  });

  it('waits with the length that a step says itself, or else with that of its reason', async () => {
    for (const [said, expected] of [
      [undefined, 10_000],
      [1, 1000],
      [3_600_000, 1_800_000],
    ] as const) {
      const stops: Stopped[] = [
        { status: 'stopped', code: 'BUDGET_EXHAUSTED', message: '', retryable: true, ...(said && { waitMs: said }) },
      ];
      const { durable, waits } = recordingDurable();
      await patiently(durable, 'work', async () => stops.pop() ?? { done: true });
      expect(waits).toEqual([['work-wait', expected]]);
    }
  });

  it('makes each try a step of its own, tells it how the others ended, and counts each reason in a row', async () => {
    const { durable, steps, waits } = recordingDurable();
    const errors = [unavailable, unavailable, rejected, unavailable];
    const told: (readonly string[])[] = [];
    const result = await patiently(durable, 'part-1', async (stops) => {
      told.push(stops.map(({ code }) => code));
      const error = errors.shift();
      if (error) throw error;
      return { done: true };
    });
    expect(result).toEqual({ done: true });
    expect(steps).toEqual(['part-1', 'part-1-again-1', 'part-1-again-2', 'part-1-again-3', 'part-1-again-4']);
    expect(waits).toEqual([
      ['part-1-wait', 30_000],
      ['part-1-again-1-wait', 60_000],
      ['part-1-again-2-wait', 5000],
      ['part-1-again-3-wait', 30_000],
    ]);
    expect(told.at(-1)).toEqual([unavailable, unavailable, rejected, unavailable].map(({ code }) => code));
    expect(told.map(({ length }) => length)).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps a result of 250,000 bytes, and of a larger one only that it was', async () => {
    const { durable } = recordingDurable();
    const sized = (bytes: number) => ({ text: 'x'.repeat(bytes - JSON.stringify({ text: '' }).length) });
    expect(await patiently(durable, 'work', async () => sized(250_000))).toEqual(sized(250_000));
    expect(await patiently(durable, 'work', async () => sized(250_001))).toEqual({
      status: 'stopped',
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('remember 250001 bytes') as string,
      retryable: false,
    });
  });
});

describe('guarded()', () => {
  it('gives a deliberate failure as data, with a wait where one was said, and throws a bug on', async () => {
    const data = { status: 'stopped', code: 'PROVIDER_RATE_LIMITED', message: 'slow', retryable: true };
    expect(await guarded(failing(new ProviderRateLimitedError('slow', 5)))).toStrictEqual({ ...data, waitMs: 5 });
    expect(await guarded(failing(new ProviderRateLimitedError('slow')))).toStrictEqual(data);
    await expect(guarded(failing(new TypeError('bug')))).rejects.toThrow('bug');
  });
});

describe('needTime()', () => {
  it('takes exactly what is needed', () => {
    const { deadline } = recordingDurable(1000).durable;
    expect(() => needTime({ deadline }, 1000)).not.toThrow();
    expect(() => needTime({ deadline }, 1001)).toThrow(DeadlineTooNearError);
  });
});

describe('waitLong()', () => {
  it.each([
    [0, [], []],
    [1, [1], []],
    [1_800_000, [1800], []],
    [1_800_001, [1800, 1], ['export-beat-1']],
    [4_000_000, [1800, 1800, 400], ['export-beat-1', 'export-beat-2']],
  ])('waits %i ms in pieces of half an hour, with a step between them', async (ms, pieces, beats) => {
    const { durable, steps, waits } = recordingDurable();
    await waitLong(durable, 'export', ms, failing(new StoreUnavailableError('a sign of life that was lost')));
    expect(waits).toEqual(pieces.map((seconds, index) => [`export-wait-${index + 1}`, seconds * 1000]));
    expect(steps).toEqual(beats);
  });
});

describe('isStopped()', () => {
  it.each([
    [{ status: 'stopped' }, true],
    [{ status: 'done' }, false],
    [{}, false],
  ])('knows %j', (result, expected) => {
    expect(isStopped(result)).toBe(expected);
  });
});
