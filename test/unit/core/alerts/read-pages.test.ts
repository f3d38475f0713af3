import { describe, expect, it } from 'vitest';
import { shortHash } from '../../../../functions/core/alerts/fingerprint.ts';
import { readPages, type ReadPagesOptions } from '../../../../functions/core/alerts/read-pages.ts';
import type { AlertPage } from '../../../../functions/core/alerts/source.ts';
import {
  BudgetExhaustedError,
  DeadlineTooNearError,
  ProviderResponseInvalidError,
} from '../../../../functions/core/errors.ts';
import { AMPLE, anAlert } from '../../../support/alert-world.ts';

const page = (ids: readonly string[], more: Partial<AlertPage> = {}): AlertPage => ({
  alerts: ids.map((id) => anAlert(id)),
  ...more,
});

/** Reads these answers in their order, whatever is asked for; `cursors` is what was. */
async function read(answers: readonly (AlertPage | Error)[], options: Partial<ReadPagesOptions> = {}) {
  const cursors: unknown[] = [];
  const left = [...answers];
  const result = await readPages({
    deadline: AMPLE,
    mayGrow: false,
    ...options,
    read: async (cursor) => {
      cursors.push(cursor);
      const answer = left.shift();
      if (answer === undefined) throw new RangeError('More was read than there is');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { ...result, ids: [...result.alerts.keys()], cursors };
}

const none = new BudgetExhaustedError('none left', 1000);
const seenOf = (...ids: readonly string[]) => ids.map(shortHash);
const resumeAt = (cursor: number, seen: readonly string[], more = {}) => ({
  resume: { cursor, round: 1, seen: [...seen], shifted: false, ...more },
});

describe('reading pages', () => {
  it('A10: looks at the first one again where there are several, and not where there is one', async () => {
    const one = await read([page(['a'])]);
    expect(one).toMatchObject({ ids: ['a'], settled: true, cursors: [undefined] });
    expect(one).not.toHaveProperty('resume');
    expect(one).not.toHaveProperty('interruption');
    const several = await read([page(['a'], { next: 2 }), page(['b']), page(['a'])]);
    expect(several).toMatchObject({ ids: ['a', 'b'], settled: true, cursors: [undefined, 2, undefined] });
    expect(several).not.toHaveProperty('resume');
  });

  it('A10, A11: reads all again where an item was on two pages, or the first page is another one', async () => {
    const settled = [page(['a', 'b'], { next: 2 }), page(['c']), page(['a', 'b'])];
    const twice = [page(['a', 'b'], { next: 2 }), page(['b', 'c']), page(['a', 'b'])];
    const another = [page(['a', 'b'], { next: 2 }), page(['c']), page(['z', 'a'])];
    for (const shifted of [twice, another]) {
      expect(await read([...shifted, ...settled])).toMatchObject({ settled: true, cursors: { length: 6 } });
      const never = await read([...shifted, ...twice, ...shifted]);
      expect(never).toMatchObject({ settled: false, cursors: { length: 9 } });
      expect(never).not.toHaveProperty('interruption');
    }
  });

  it('reads once where nobody waits for it to settle', async () => {
    const pages = [page(['a', 'b'], { next: 2 }), page(['b', 'c'])];
    expect(await read(pages, { settle: false })).toMatchObject({ settled: false, cursors: [undefined, 2] });
    expect((await read([...pages, page(['a', 'b'])], { settle: true })).cursors.length).toBeGreaterThan(3);
  });

  it.each([
    ['the same', [5, 5], false, true],
    ['smaller', [5, 4], true, false],
    ['larger', [5, 6], false, false],
    ['larger, where it may grow', [5, 6], true, true],
    ['told late', [undefined, 5], false, true],
    ['smaller after a page without one', [5, undefined, 4], true, false],
  ] as const)('A24: a total that is %s', async (_, totals, mayGrow, settled) => {
    const round = totals.map((total, index) =>
      page([`a${index}`], {
        ...(total === undefined ? {} : { total }),
        ...(index === totals.length - 1 ? {} : { next: index + 2 }),
      }),
    );
    const last = totals.at(-1);
    const check = page(['a0'], last === undefined ? {} : { total: last });
    const rounds = [...round, check, ...round, check, ...round, check];
    expect((await read(rounds, { mayGrow })).settled).toBe(settled);
  });

  it('P01: asks for no page that there is no time to record', async () => {
    const late = await read([page(['a'])], { deadline: { remainingMs: () => 19_999 } });
    expect(late).toMatchObject({ cursors: [], settled: false });
    expect(late.interruption).toBeInstanceOf(DeadlineTooNearError);
    expect(await read([page(['a'])], { deadline: { remainingMs: () => 20_000 } })).toMatchObject({ ids: ['a'] });
  });

  it('takes an id of 512 bytes, and none that is longer or empty', async () => {
    const [longest, longer] = ['x'.repeat(512), `${'é'.repeat(256)}x`];
    const { ids, unreadable } = await read([page([longest, longer, ''], { unreadable: ['z', 'b'] })]);
    expect(ids).toEqual([longest]);
    expect(unreadable).toEqual(['', 'b', 'z', 'é'.repeat(64)]);
  });

  it('is led in no circle', async () => {
    const { interruption } = await read([page(['a'], { next: 2 }), page(['b'], { next: 2 })]);
    expect(interruption).toBeInstanceOf(ProviderResponseInvalidError);
  });
});

describe('reading pages in two parts', () => {
  it('A12: says where to go on, once there is a place for it', async () => {
    const cut = await read([page(['a'], { next: 2, total: 9 }), none]);
    expect(cut).toMatchObject({ ids: ['a'], settled: false, interruption: none });
    expect(cut.resume).toEqual({ cursor: 2, round: 1, seen: seenOf('a'), shifted: false, total: 9 });
    expect((await read([page(['a'], { next: 2 }), none])).resume).not.toHaveProperty('total');
    expect(await read([none])).not.toHaveProperty('resume');
  });

  it('remembers 25,000 ids, and begins anew with more', async () => {
    const ids = Array.from({ length: 25_000 }, (_, index) => `a${index}`);
    expect((await read([page(ids, { next: 2 }), none])).resume?.seen).toHaveLength(25_000);
    expect(await read([page([...ids, 'b'], { next: 2 }), none])).not.toHaveProperty('resume');
  });

  it('A12: goes on there, and looks at the first page in the end', async () => {
    const whole = await read([page(['b'], { total: 2 }), page(['a'])], resumeAt(2, seenOf('a'), { total: 2 }));
    expect(whole).toMatchObject({ ids: ['b', 'a'], settled: true, cursors: [2, undefined] });
    expect([...whole.seen]).toEqual(seenOf('a', 'b'));
  });

  it('A11: is told nothing by its own last page, read twice, and by every other one what it is told in one part', async () => {
    const again = await read([page(['a', 'b']), page(['a'])], resumeAt(2, seenOf('a')));
    expect(again).toMatchObject({ settled: true, cursors: { length: 2 } });
    const round = [page(['a'], { next: 2 }), page(['b']), page(['a'])];
    const later = [page(['b'], { next: 3 }), page(['a']), page(['a']), ...round];
    expect(await read(later, resumeAt(2, seenOf('a')))).toMatchObject({ settled: true, cursors: { length: 6 } });
    const shrunken = [page(['b'], { total: 1 }), page(['a']), ...round];
    expect((await read(shrunken, resumeAt(2, seenOf('a'), { total: 2 }))).cursors).toHaveLength(5);
  });

  it('A11: knows that the first part has shifted, and how many rounds there were', async () => {
    const round = [page(['a'], { next: 2 }), page(['b']), page(['a'])];
    const shifted = { shifted: true };
    const again = await read([page(['b']), page(['a']), ...round], resumeAt(2, seenOf('a'), shifted));
    expect(again).toMatchObject({ settled: true, cursors: { length: 5 } });
    const over = await read([page(['b']), page(['a'])], resumeAt(2, seenOf('a'), { ...shifted, round: 3 }));
    expect(over).toMatchObject({ settled: false, cursors: { length: 2 } });
  });
});
