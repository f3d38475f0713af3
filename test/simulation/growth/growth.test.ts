import { describe, expect, it } from 'vitest';
import { refreshesPerTick } from '../../../infra/limits.ts';
import { typicalUsage } from '../../../infra/usage.ts';
import { agrees, compare, findings } from './report.ts';
import { type GrowthOptions, runGrowth } from './run.ts';
import { VirtualTime } from './virtual-time.ts';

/** As `npm run growth` for a small team, with an hour in which one token endpoint is down. */
const SMALL: GrowthOptions = {
  connections: 2_000,
  shards: typicalUsage(2_000).shards,
  minutes: 6 * 60,
  outage: { from: 120, to: 180 },
};

describe('growth', () => {
  const small = runGrowth(SMALL);

  it('keeps every connection fresh, of every provider, while a fifth of one provider is down', async () => {
    const result = await small;
    expect(findings(result)).toEqual([]);
    expect(result.refreshes).toBeGreaterThan(5_000);
    expect(result.leastLeftMs).toBeGreaterThan(10 * 60_000);
    expect(result.providerCalls).toBe(result.refreshes);
  });

  it('R34: catches up with what was down within ten minutes, at the pace that its budget allows', async () => {
    const { caughtUpAfterMinutes, busiestMinute } = await small;
    expect(caughtUpAfterMinutes).toBeLessThanOrEqual(10);
    expect(busiestMinute).toBeGreaterThan(10);
    expect(busiestMinute).toBeLessThanOrEqual(25);
  });

  it('I26: reads what is due and nothing else', async () => {
    const { namesRead, refreshes, pagesRead, sweeps } = await small;
    expect(namesRead).toBeLessThan(1.2 * refreshes);
    expect(pagesRead).toBeLessThan(1.2 * sweeps);
  });

  it('counts what infra/limits.ts computes', async () => {
    const rows = compare(await small);
    expect(rows.filter((row) => !agrees(row))).toEqual([]);
    expect(rows).toHaveLength(3);
    expect(rows.every(({ computed, counted }) => computed > 0 && counted > 0)).toBe(true);
  });

  it('says that shards are too few, and more of them are enough', async () => {
    // 130 refreshes a minute, of which a shard has time for 62 when each takes 9.9 seconds.
    const slow = { connections: 14_000, minutes: 75, providerMs: 9_900 };
    const few = await runGrowth({ ...slow, shards: 1 });
    expect(findings(few)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/after its end: more shards/),
        expect.stringMatching(/late: more shards/),
      ]),
    );
    expect(few.busiestSweep / refreshesPerTick(few.refreshSeconds)).toBeCloseTo(1, 0);
    const enough = await runGrowth({ ...slow, shards: 4 });
    expect(findings(enough)).toEqual([]);
  });
});

describe('findings', () => {
  const small = runGrowth({ connections: 50, shards: 1, minutes: 120 });

  it.each([
    [{ starving: 1 }, 'no live token'],
    [{ leastLeftMs: -1 }, 'after its end'],
    [{ late: { p50Ms: 0, p99Ms: 0, mostMs: 120_000 } }, 'late'],
    [{ overruns: 1 }, 'still at work'],
    [{ refused: 1 }, 'had been spent'],
    [{ busiestMinute: 26 }, '26 times in a minute, of 25'],
  ])('tells of %j', async (change, text) => {
    const result = await small;
    expect(findings(result)).toEqual([]);
    expect(findings({ ...result, ...change })).toEqual([expect.stringContaining(text)]);
  });
});

describe('virtual time', () => {
  it('wakes sleepers in order, all of an instant together, and stops short of its end', async () => {
    const time = new VirtualTime(new Date(0));
    const woken: string[] = [];
    const sleep = async (name: string, ms: number) => {
      await time.sleep(ms);
      woken.push(`${name} ${time.now().getTime()}`);
    };
    for (const [name, ms] of Object.entries({ c: 30, a: 10, d: 100, b: 20, e: 10 })) void sleep(name, ms);
    await time.runUntil(100);
    expect(woken).toEqual(['a 10', 'e 10', 'b 20', 'c 30']);
    expect(time.now()).toEqual(new Date(100));
    await time.runUntil(101);
    expect(woken.at(-1)).toBe('d 100');
  });
});
