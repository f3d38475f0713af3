import { expect, it } from 'vitest';
import { publishShard } from '../../functions/core/publishing/publish-shard.ts';
import { replayEvents } from '../../functions/core/publishing/replay.ts';
import { alertWorld, AMPLE, NOON, recordingMetrics } from '../support/alert-world.ts';
import { createMemoryLatencies } from '../support/memory-latencies.ts';
import { createMemoryPublisher } from '../support/memory-publisher.ts';

const ALERTS = 10_000;
const MINUTE = 60_000;

it('A26: ten thousand alerts at once: the worst one by one, a digest for the rest, every version when it is asked for', async () => {
  const world = alertWorld({ mode: 'feed' }, { stormThreshold: 20 });
  const publisher = createMemoryPublisher();
  const publish = () =>
    publishShard(
      {
        ...world.dependencies,
        outbox: world.outbox,
        latencies: createMemoryLatencies(),
        publisher,
        metrics: recordingMetrics(),
        pause: async () => undefined,
        nudge: async () => undefined,
      },
      '0',
      'storm',
      AMPLE,
    );
  const types = () =>
    publisher.taken.map(({ message }) => `${message.attributes['type']} ${message.attributes['severity']}`);
  for (let n = 0; n < ALERTS; n += 1) world.set(`a${n}`, { severity: n % 1000 === 0 ? 'critical' : 'low' });
  expect(await world.poll()).toMatchObject({ single: 20, digested: ALERTS - 20, complete: true });
  expect(await publish()).toMatchObject({ published: 21, failed: 0, refused: 0 });
  expect(types().toSorted()).toEqual([
    ...Array<string>(1).fill('steward.alert.digest low'),
    ...Array<string>(10).fill('steward.alert.opened critical'),
    ...Array<string>(10).fill('steward.alert.opened low'),
  ]);

  world.clock.advance(MINUTE);
  const span = { from: NOON, to: new Date(NOON.getTime() + MINUTE), shards: ['0'] };
  expect(await replayEvents(world, span)).toBe(ALERTS + 1);
  expect(await publish()).toMatchObject({ published: ALERTS + 1, failed: 0, refused: 0 });
  expect(new Set(publisher.taken.map(({ message }) => message.id)).size).toBe(ALERTS + 1);
  expect(await world.poll()).toMatchObject({ single: 0, digested: 0, announced: false });
});
