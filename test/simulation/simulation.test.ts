import { describe, expect, it } from 'vitest';
import { FAULTS } from './faults.ts';
import { PROMISES } from './promises/promises.ts';
import { coverageByHandler, explain, figures, looksLine, neverCrashed, neverLooked } from './report.ts';
import { runSeed } from './run.ts';
import { STORIES } from './stories/story.ts';
import { runOnThreads } from './threads.ts';

/** `npm run simulate` goes on where this ends. */
const SEEDS = 10_000;

describe('the service on a virtual clock, with faults', () => {
  it('I1–I27: holds its promises after every step of 10,000 histories, and dies before and after every effect', async () => {
    const totals = await runOnThreads(1, SEEDS, Infinity, 8);
    console.log(
      [
        coverageByHandler(totals),
        `${figures(totals)} ${(totals.seeds / totals.seconds).toFixed(1)} seeds a second.`,
        `Looks: ${looksLine(totals)}.`,
      ].join('\n'),
    );
    const [first] = totals.failures;
    if (first !== undefined) expect.fail(await explain(first.seed));
    expect(totals.seeds).toBe(SEEDS);
    expect(totals.fewestConnections).toBeGreaterThanOrEqual(3);
    expect(totals.fewestWorkers).toBeGreaterThanOrEqual(2);
    expect(totals.fewestEffects).toBeGreaterThanOrEqual(200);
    expect(totals.fewestFaults).toBeGreaterThanOrEqual(1);
    expect(neverCrashed(totals)).toEqual([]);
    expect(neverLooked(totals)).toEqual([]);
    expect(totals.fills).toBeGreaterThan(100);
    expect(STORIES.filter((story) => (totals.stories[story] ?? 0) < 100)).toEqual([]);
    const times = (fault: string) =>
      Object.entries(totals.coverage)
        .filter(([name]) => name.endsWith(` ${fault}`))
        .reduce((sum, [, count]) => sum + count, 0);
    expect(FAULTS.filter((fault) => times(fault) < 100)).toEqual([]);
  }, 1_800_000);

  it('says of each of I1 to I27 where it is looked at', () => {
    expect(Object.keys(PROMISES)).toEqual(Array.from({ length: 27 }, (_, index) => `I${index + 1}`));
    for (const { looked } of Object.values(PROMISES)) expect(looked.length).toBeGreaterThan(0);
  });

  it('tells the same history for the same seed', async () => {
    const tell = async () => {
      const lines: string[] = [];
      const result = await runSeed(4711, { trace: (line) => lines.push(line) });
      return { lines, result };
    };
    const first = await tell();
    expect(first.lines.length).toBeGreaterThan(200);
    expect(await tell()).toEqual(first);
  });
});
