import { expect, it } from 'vitest';
import type { BudgetDraw, Budgets } from '../../functions/core/budgets/budget.ts';
import type { Clock } from '../../functions/core/time.ts';

const MINUTE_MS = 60_000;

let accounts = 0;

/** A clock that only tests move. */
function testClock(): Clock & { advance(ms: number): void } {
  let now = Date.UTC(2026, 0, 5, 12);
  return { now: () => new Date(now), advance: (ms) => void (now += ms) };
}

function drawOn(overrides: Partial<BudgetDraw> = {}): BudgetDraw {
  accounts += 1;
  const account = `account-${process.pid}-${Date.now()}-${accounts}`;
  return { provider: 'acme', account, category: 'default', perMinute: 25, lane: 'alerts', ...overrides };
}

async function drawUntilRefused(budgets: Budgets, draw: BudgetDraw) {
  for (let count = 0; ; count += 1) {
    const answer = await budgets.draw(draw);
    if (!answer.granted) return { count, retryAfterMs: answer.retryAfterMs };
    if (count > draw.perMinute) throw new Error('never refused');
  }
}

/** What every `Budgets` promises. Run against each implementation; each test takes an account of its own. */
export function itKeepsBudgets(create: (clock: Clock) => Budgets): void {
  it('grants the first draw and, asked again and again, refuses with a wait that then suffices', async () => {
    const clock = testClock();
    const budgets = create(clock);
    const draw = drawOn();

    const { count, retryAfterMs } = await drawUntilRefused(budgets, draw);
    expect(count).toBeGreaterThan(0);
    clock.advance(retryAfterMs - 1);
    expect(await budgets.draw(draw)).toEqual({ granted: false, retryAfterMs: 1 });
    clock.advance(1);
    expect(await budgets.draw(draw)).toEqual({ granted: true });
  });

  it.each([1, 5, 25, 50])('grants at most %i in any 60 s, however hard it is asked, and most of them', async (most) => {
    const clock = testClock();
    const budgets = create(clock);
    const draw = drawOn({ perMinute: most, lane: 'token' });
    const granted: number[] = [];

    for (let step = 0; step < 300; step += 1) {
      if ((await budgets.draw(draw)).granted) granted.push(clock.now().getTime());
      else clock.advance(600);
    }

    const inMinuteFrom = (from: number) => granted.filter((at) => at >= from && at <= from + MINUTE_MS).length;
    expect(Math.max(...granted.map(inMinuteFrom))).toBeLessThanOrEqual(most);
    const minutes = (clock.now().getTime() - (granted[0] ?? 0)) / MINUTE_MS;
    expect(granted.length / minutes).toBeGreaterThanOrEqual(most * 0.75);
  });

  it('leaves room at once for alerts when exports have taken theirs, and for a token call when alerts have', async () => {
    const budgets = create(testClock());
    const draw = drawOn();

    await drawUntilRefused(budgets, { ...draw, lane: 'exports' });
    expect(await budgets.draw({ ...draw, lane: 'alerts' })).toEqual({ granted: true });
    await drawUntilRefused(budgets, { ...draw, lane: 'alerts' });
    expect((await budgets.draw({ ...draw, lane: 'exports' })).granted).toBe(false);
    expect(await budgets.draw({ ...draw, lane: 'token' })).toEqual({ granted: true });
  });

  it('holds exports to 60 % of the minute even when nobody else asks', async () => {
    const clock = testClock();
    const budgets = create(clock);
    const draw = drawOn({ lane: 'exports' });
    const granted: number[] = [];

    for (let step = 0; step < 300; step += 1) {
      if ((await budgets.draw(draw)).granted) granted.push(clock.now().getTime());
      else clock.advance(500);
    }

    const inMinuteFrom = (from: number) => granted.filter((at) => at >= from && at <= from + MINUTE_MS).length;
    expect(Math.max(...granted.map(inMinuteFrom))).toBeLessThanOrEqual(15);
  });

  it('counts each account and each category for itself', async () => {
    const budgets = create(testClock());
    const draw = drawOn();

    await drawUntilRefused(budgets, draw);
    expect((await budgets.draw({ ...draw, category: 'paged' })).granted).toBe(true);
    expect((await budgets.draw({ ...draw, account: `${draw.account}-other` })).granted).toBe(true);
    expect((await budgets.draw({ ...draw, provider: 'other' })).granted).toBe(true);
  });

  it('grants nothing in any lane until the instant that the provider named', async () => {
    const clock = testClock();
    const budgets = create(clock);
    const draw = drawOn({ lane: 'token' });

    await budgets.block(draw, new Date(clock.now().getTime() + 42_000));
    expect(await budgets.draw(draw)).toEqual({ granted: false, retryAfterMs: 42_000 });
    clock.advance(42_000);
    expect(await budgets.draw(draw)).toEqual({ granted: true });
  });

  it('keeps the later of two words of the provider', async () => {
    const clock = testClock();
    const budgets = create(clock);
    const draw = drawOn();

    await budgets.block(draw, new Date(clock.now().getTime() + 42_000));
    await budgets.block(draw, new Date(clock.now().getTime() + 7_000));
    expect(await budgets.draw(draw)).toEqual({ granted: false, retryAfterMs: 42_000 });
  });

  it('shares one budget between stores that draw at the same time, and loses none of it', async () => {
    const clock = testClock();
    const draw = drawOn({ perMinute: 50, lane: 'token' });
    const stores = [create(clock), create(clock), create(clock)];

    const alone = (await drawUntilRefused(create(clock), { ...draw, account: `${draw.account}-alone` })).count;
    const answers = await Promise.all(stores.flatMap((store) => Array.from({ length: 10 }, () => store.draw(draw))));
    const atOnce = answers.filter((answer) => answer.granted).length;
    expect(atOnce).toBeGreaterThan(0);
    const after = (await drawUntilRefused(create(clock), draw)).count;
    expect(atOnce + after).toBe(alone);
  });
}
