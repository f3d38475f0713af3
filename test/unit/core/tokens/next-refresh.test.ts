import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../../functions/core/time.ts';
import {
  backOffUntil,
  jitter,
  nextRefreshAt,
  type RefreshTiming,
} from '../../../../functions/core/tokens/next-refresh.ts';

const now = new Date('2026-03-01T12:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);
const timing = (overrides: Partial<RefreshTiming> = {}): RefreshTiming => ({
  name: 'c1',
  paused: false,
  access: { issuedAt: now, expiresAt: at(HOUR_MS) },
  refresh: { issuedAt: now, expiresAt: at(21 * DAY_MS) },
  ...overrides,
});
const minutes = (date: Date) => (date.getTime() - now.getTime()) / MINUTE_MS;

describe('nextRefreshAt', () => {
  it('is a margin before the end, spread by name, and always the same', () => {
    const all = Array.from({ length: 500 }, (_value, index) => nextRefreshAt(timing({ name: `c${index}` })));
    for (const next of all) {
      expect(minutes(next)).toBeGreaterThanOrEqual(40);
      expect(minutes(next)).toBeLessThanOrEqual(45);
    }
    expect(new Set(all.map(Number)).size).toBeGreaterThan(450);
    expect(nextRefreshAt(timing())).toEqual(nextRefreshAt(timing()));
  });

  it.each([2, 20, 60, 300, 7199, 28_800])('leaves a token of %i s a part of its life', (seconds) => {
    const next = nextRefreshAt(timing({ access: { issuedAt: now, expiresAt: at(seconds * SECOND_MS) } }));
    expect(next.getTime()).toBeGreaterThan(now.getTime() + (seconds * SECOND_MS) / 2);
    expect(next.getTime()).toBeLessThan(now.getTime() + seconds * SECOND_MS);
  });

  it('waits for the next job, and is before it', () => {
    const demand = [{ cron: '0 6 * * *', zone: 'Europe/Berlin' }];
    const next = nextRefreshAt(timing({ demand }));
    const job = new Date('2026-03-02T05:00:00Z');
    expect(next.getTime()).toBeLessThan(job.getTime() - 14 * MINUTE_MS);
    expect(next.getTime()).toBeGreaterThan(job.getTime() - 21 * MINUTE_MS);
    expect(nextRefreshAt(timing({ demand: [...demand, { everySeconds: 60 }] }))).toEqual(nextRefreshAt(timing()));
  });

  it('keeps alive what is idle or paused: seven days, or a third of a shorter life', () => {
    for (const idle of [{ demand: [] }, { paused: true }, { demand: [{ cron: '0 0 1 1 *', zone: 'UTC' }] }]) {
      const days = minutes(nextRefreshAt(timing(idle))) / 1440;
      expect(days).toBeLessThanOrEqual(7);
      expect(days).toBeGreaterThan(6.9);
    }
    const refresh = { issuedAt: now, expiresAt: at(3 * DAY_MS) };
    expect(minutes(nextRefreshAt(timing({ demand: [], refresh })))).toBeLessThanOrEqual(1440);
    const unneeded = minutes(nextRefreshAt(timing({ demand: [], sameToken: true }))) / 1440;
    expect(unneeded).toBeGreaterThan(6.9);
  });

  it('spreads what is kept alive over a tenth of its wait, an hour at most', () => {
    for (const [lifeHours, most] of [
      [9, 18],
      [21 * 24, 60],
    ] as const) {
      const refresh = { issuedAt: now, expiresAt: at(lifeHours * HOUR_MS) };
      const early = Array.from({ length: 100 }, (_value, index) => {
        const next = nextRefreshAt(timing({ name: `c${index}`, paused: true, refresh }));
        return lifeHours * 20 - minutes(next);
      });
      expect(Math.min(...early)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...early)).toBeLessThanOrEqual(most);
      expect(Math.max(...early)).toBeGreaterThan(most * 0.8);
    }
  });

  it('R32: works on with a refresh token that stays, though its assumed end comes first or is over', () => {
    for (const expiresAt of [at(30 * MINUTE_MS), at(-DAY_MS)]) {
      const refresh = { issuedAt: at(-21 * DAY_MS), expiresAt };
      expect(minutes(nextRefreshAt(timing({ refresh })))).toBeLessThanOrEqual(45);
    }
  });

  it('takes a job that runs in the very second for one that needs it, and one that never runs for none', () => {
    const life = timing().access.expiresAt.getTime() - nextRefreshAt(timing()).getTime();
    const job = new Date('2026-03-02T06:00:00.400Z');
    const access = { issuedAt: new Date(job.getTime() + life - HOUR_MS), expiresAt: new Date(job.getTime() + life) };
    const next = nextRefreshAt(timing({ access, demand: [{ cron: '0 6 * * *', zone: 'UTC' }] }));
    expect(Math.abs(next.getTime() - job.getTime())).toBeLessThan(SECOND_MS);
    const never = nextRefreshAt(timing({ demand: [{ cron: '0 0 30 2 *', zone: 'UTC' }] }));
    expect(minutes(never) / 1440).toBeGreaterThan(6.9);
  });

  it('asks for the same token again only when it is over', () => {
    expect(nextRefreshAt(timing({ sameToken: true }))).toEqual(at(HOUR_MS + SECOND_MS));
  });
});

describe('backOffUntil', () => {
  it('I7: doubles to ten minutes, spread by name', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 50].map((failures) => minutes(backOffUntil({ name: 'c1' }, failures, now)));
    for (const [index, least] of [1, 2, 4, 8, 10, 10, 10, 10].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least);
      expect(waits[index]).toBeLessThanOrEqual(least * 1.25);
    }
    const names = ['c1', 'c2', 'c3', 'c4'].map((name) => minutes(backOffUntil({ name }, 7, now)));
    expect(new Set([...names, ...waits.slice(4)]).size).toBe(7);
    const values = Array.from({ length: 1000 }, (_value, index) => jitter(`c${index}`));
    expect(Math.min(...values)).toBeLessThan(0.01);
    expect(Math.max(...values)).toBeGreaterThan(0.99);
  });
});
