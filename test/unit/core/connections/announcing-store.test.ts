import { describe, expect, it } from 'vitest';
import { createAnnouncingStore } from '../../../../functions/core/connections/announcing-store.ts';
import type { ConnectionStore } from '../../../../functions/core/connections/store.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ROWS = [{}] as never;

function setUp(changed = true) {
  const nudged: string[] = [];
  const calls: unknown[][] = [];
  const inner = {
    commit: async (...given: unknown[]) => (calls.push(given), { kind: 'committed' }),
    change: async (...given: unknown[]) => (calls.push(given), changed),
    find: async () => undefined,
  } as unknown as ConnectionStore;
  return { inner, nudged, calls, ...createAnnouncingStore(inner, async (shard) => void nudged.push(shard)) };
}

describe('a store that announces', () => {
  it('wakes the publisher once for whatever was written, and not again', async () => {
    const { store, announce, nudged, calls } = setUp();
    await announce('3');
    expect(nudged).toEqual([]);
    expect(await store.commit({} as never, ROWS, NOW)).toEqual({ kind: 'committed' });
    expect(await store.change('c1', {}, {}, ROWS, NOW)).toBe(true);
    await announce('3');
    await announce('3');
    expect(nudged).toEqual(['3']);
    expect(calls).toEqual([
      [{}, ROWS, NOW],
      ['c1', {}, {}, ROWS, NOW],
    ]);
  });

  it.each([
    ['a commit without events', async ({ store }: ReturnType<typeof setUp>) => store.commit({} as never, [], NOW), 0],
    ['a commit with one', async ({ store }: ReturnType<typeof setUp>) => store.commit({} as never, ROWS, NOW), 1],
    ['a change without events', async ({ store }: ReturnType<typeof setUp>) => store.change('c', {}, {}, [], NOW), 0],
    ['a change with one', async ({ store }: ReturnType<typeof setUp>) => store.change('c', {}, {}, ROWS, NOW), 1],
  ])('wakes it for what has something to publish: %s', async (_, write, times) => {
    const world = setUp();
    await write(world);
    await world.announce('0');
    expect(world.nudged).toHaveLength(times);
  });

  it('wakes it again for what is written while it is woken', async () => {
    const nudged: string[] = [];
    const { store, announce } = createAnnouncingStore(setUp().inner, async (shard) => {
      nudged.push(shard);
      if (nudged.length === 1) await store.change('c1', {}, {}, ROWS, NOW);
    });
    await store.change('c1', {}, {}, ROWS, NOW);
    await announce('3');
    await announce('3');
    expect(nudged).toEqual(['3', '3']);
  });

  it('wakes nobody for a change that did not happen, and leaves the rest of the store as it is', async () => {
    const { store, announce, nudged, inner } = setUp(false);
    expect(await store.change('c1', {}, {}, ROWS, NOW)).toBe(false);
    await announce('0');
    expect(nudged).toEqual([]);
    expect(store.find).toBe(inner.find);
  });
});
