import { describe, expect, it } from 'vitest';
import { explain } from './report.ts';
import { runSeed } from './run.ts';
import type { World } from './worlds.ts';

/** A port that does something else than the protocol says. */
type Deviation = (world: World) => void;

const DEVIATIONS: readonly (readonly [name: string, refusal: RegExp, deviate: Deviation])[] = [
  [
    'a lease that is taken although another one is live',
    /a lease while another one is live/u,
    ({ cloud: { connections } }) => {
      const lease = connections.lease.bind(connections);
      connections.lease = (request) => {
        const item = connections.items.get(request.name);
        if (item !== undefined) {
          const { lease: _, ...free } = item;
          connections.items.set(request.name, free);
        }
        return lease(request);
      };
    },
  ],
  [
    'a commit that does not look at what was spent',
    /a commit of what was not bought with the stored token/u,
    ({ cloud: { connections } }) => {
      const commit = connections.commit.bind(connections);
      connections.commit = (given, events, now) => {
        const { fingerprint = given.spent, generation = 0 } = connections.items.get(given.name) ?? {};
        const next = Math.max(given.generation, generation + 1);
        return commit({ ...given, spent: fingerprint, generation: next }, events, now);
      };
    },
  ],
  [
    'a shard that two publishers hold',
    /takes a shard that .* holds/u,
    ({ cloud: { outbox, tables } }) => {
      outbox.acquire = async (shard, owner, _now, until) => {
        tables.leases.set(shard, { owner, until, again: false });
        return true;
      };
    },
  ],
  [
    'rows that are read in the wrong order',
    /publishes .* out of turn/u,
    ({ cloud: { outbox } }) => {
      const read = outbox.read.bind(outbox);
      outbox.read = async (...query) => {
        const page = await read(...query);
        return { ...page, rows: page.rows.toReversed() };
      };
    },
  ],
  [
    'a record that is said to be written and is not',
    /is sealed out of turn/u,
    ({ cloud: { archive } }) => {
      archive.create = async () => ({ created: true });
    },
  ],
];

describe('the trace check', () => {
  it.each(DEVIATIONS)('finds %s', { timeout: 300_000 }, async (_, refusal, prepare) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 400 && !found.some((text) => refusal.test(text)); seed += 1) {
      const { failure } = await runSeed(seed, { prepare });
      if (failure?.startsWith('model:') === true) found.push(failure);
    }
    expect(found.join('\n')).toMatch(refusal);
  });

  it('comes with a seed, what is left of its schedule, and one command', { timeout: 300_000 }, async () => {
    const prepare = DEVIATIONS.find(([name]) => name === 'rows that are read in the wrong order')?.[2];
    if (prepare === undefined) throw new RangeError('no such deviation');
    let seed = 1;
    while ((await runSeed(seed, { prepare })).failure === undefined) seed += 1;
    const first = await runSeed(seed, { prepare });
    const text = await explain(seed, { prepare });
    expect(text).toContain(`Seed ${seed} does not hold: ${first.failure?.split(':')[0]}`);
    expect(text).toContain(`Replay: npm run simulate -- --seed ${seed}`);
    const left = first.faults.filter(({ key }) => text.split('The last effects')[0]?.includes(key));
    expect(left.length).toBeLessThan(first.faults.length);
  });

  it('asks about each history’s steps', async () => {
    expect((await runSeed(4711)).modelSteps).toBeGreaterThan(20);
  });
});
