import { expect, it } from 'vitest';
import { type BreakerStore, FAILURES_TO_TRIP, REFUSAL_WINDOW_MS } from '../../functions/core/tokens/breaker.ts';

const START = new Date(REFUSAL_WINDOW_MS * 2_000_000);
const later = (ms: number) => new Date(START.getTime() + ms);

let keys = 0;
const newKey = () => `acme@host-${process.pid}-${Date.now()}-${(keys += 1)}.example`;

/** What every `BreakerStore` promises. Run against each implementation; each test takes an endpoint of its own. */
export function itKeepsBreakers(create: () => BreakerStore): void {
  it('finds what was saved last, and nothing after it was closed', async () => {
    const [breakers, key] = [create(), newKey()];
    expect(await breakers.find(key)).toBeUndefined();
    const state = { reason: 'unavailable', until: later(1000), trips: 2, since: START } as const;
    await breakers.save(key, { ...state, trips: 1 });
    await breakers.save(key, state);
    expect(await breakers.find(key)).toEqual(state);
    await breakers.close(key);
    expect(await breakers.find(key)).toBeUndefined();
  });

  it('R34: counts a connection that is refused again and again once', async () => {
    const [breakers, key] = [create(), newKey()];
    expect(await breakers.addRefusals(key, ['a'], START)).toBe(1);
    expect(await breakers.addRefusals(key, ['a'], later(90_000))).toBe(1);
    expect(await breakers.addRefusals(key, ['a', 'b'], later(180_000))).toBe(2);
    expect(await breakers.addRefusals(key, ['c'], later(REFUSAL_WINDOW_MS - 1))).toBe(3);
  });

  it('R34: begins anew in the next quarter of an hour, and counts each endpoint for itself', async () => {
    const [breakers, key] = [create(), newKey()];
    await breakers.addRefusals(key, ['a', 'b'], later(REFUSAL_WINDOW_MS - 1));
    expect(await breakers.addRefusals(key, ['c'], later(REFUSAL_WINDOW_MS))).toBe(1);
    expect(await breakers.addRefusals(newKey(), ['c'], START)).toBe(1);
  });

  it('R34: says of thousands, and of those who come after them, that they are enough', async () => {
    const [breakers, key] = [create(), newKey()];
    const names = Array.from({ length: 3000 }, (_, index) => `connection-${index}`);
    expect(await breakers.addRefusals(key, names, START)).toBeGreaterThanOrEqual(FAILURES_TO_TRIP);
    expect(await breakers.addRefusals(key, ['one-more'], START)).toBeGreaterThanOrEqual(FAILURES_TO_TRIP);
  });
}
