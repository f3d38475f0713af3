import { describe, expect, it } from 'vitest';
import { runAlertPass } from '../../../../functions/core/alerts/pass.ts';
import { publishShard } from '../../../../functions/core/publishing/publish-shard.ts';
import { alertWorld, AMPLE, fakeApi, type FakeSource, recordingMetrics } from '../../../support/alert-world.ts';
import { createMemoryLatencies } from '../../../support/memory-latencies.ts';
import { createMemoryPublisher } from '../../../support/memory-publisher.ts';

class Crash extends Error {}

/** Ends the process at one effect, before it happens or just after. */
function crasher(at: number, when: 'before' | 'after') {
  let count = 0;
  const wrap = <T extends object>(port: T, effects: readonly (keyof T)[]): T => {
    const wrapped = { ...port };
    for (const name of effects) {
      const call = port[name] as (...args: unknown[]) => Promise<unknown>;
      wrapped[name] = (async (...args: unknown[]) => {
        count += 1;
        const mine = count === at;
        if (mine && when === 'before') throw new Crash();
        const result = await call.apply(port, args);
        if (mine) throw new Crash();
        return result;
      }) as T[keyof T];
    }
    return wrapped;
  };
  return { wrap, effects: () => count };
}

/** What happens at the provider, minute by minute. */
const STORY: readonly ((source: FakeSource, now: Date) => void)[] = [
  (source, changedAt) => ['a', 'b', 'c'].forEach((id) => source.set(id, { changedAt })),
  (source, changedAt) => source.set('a', { severity: 'critical', changedAt }),
  (source) => source.set('b', { state: 'acknowledged' }),
  (source, changedAt) => source.set('a', { severity: 'high', changedAt }),
  (source, changedAt) => source.set('c', { state: 'resolved', changedAt }),
  (source, changedAt) => source.set('c', { state: 'open', changedAt }),
  (source) => void source.alerts.delete('b'),
  () => undefined,
];

const ALL = [
  'watch/a 1 open high',
  'watch/a 2 open critical',
  'watch/a 3 open high',
  'watch/b 1 open high',
  'watch/b 2 acknowledged high',
  'watch/b 3 resolved high',
  'watch/c 1 open high',
  'watch/c 2 resolved high',
  'watch/c 3 open high',
];

async function tell(at: number, when: 'before' | 'after') {
  const world = alertWorld({ mode: 'feed' });
  const publisher = createMemoryPublisher();
  const { wrap, effects } = crasher(at, when);
  const store = wrap(world.store, ['commit', 'saveCheckpoint', 'announce']);
  const outbox = wrap(world.outbox, ['acquire', 'release', 'markPublished', 'setAside']);
  const publishing = {
    ...world.dependencies,
    outbox,
    latencies: wrap(createMemoryLatencies(), ['add']),
    publisher: wrap(publisher, ['publish']),
    metrics: recordingMetrics(),
    pause: async () => undefined,
    nudge: async () => undefined,
  };
  let crashes = 0;
  const survive = async (what: () => Promise<unknown>) => {
    try {
      await what();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      crashes += 1;
    }
  };
  const minute = async () => {
    await survive(() => runAlertPass({ ...world.dependencies, store }, world.job, fakeApi(world.source), AMPLE));
    await survive(() => publishShard(publishing, '0', `owner-${+world.clock.now()}`, AMPLE));
    world.clock.advance(61_000);
  };
  for (const happen of STORY) {
    happen(world.fake, world.clock.now());
    // A state that stands for two polls has to be published, whatever becomes of one of them.
    await minute();
    await minute();
  }
  const sent = publisher.taken.map(({ message }) => JSON.parse(JSON.parse(message.body).default));
  const versions = sent
    .filter(({ type }) => type !== 'steward.connection.blind')
    .map(({ subject, data }) => `${subject} ${data.version} ${data.alert.state} ${data.alert.severity}`);
  return { versions, ids: sent.map(({ id }) => id as string), effects: effects(), crashes };
}

function isSorted(lines: readonly string[]): boolean {
  return lines.every((line, index) => index === 0 || (lines[index - 1] ?? '') <= line);
}

describe('a crash at every effect', () => {
  it('is absent: every version is published once, in order', async () => {
    const { versions, crashes } = await tell(0, 'before');
    expect(crashes).toBe(0);
    expect(versions.toSorted()).toEqual(ALL);
  });

  it.each(['before', 'after'] as const)('A01, A02, I12, I13, I14: %s each of them', async (when) => {
    const { effects } = await tell(0, when);
    expect(effects).toBeGreaterThan(50);
    for (let at = 1; at <= effects; at += 1) {
      const { versions, ids, crashes } = await tell(at, when);
      // What was in the air is sent again: the one batch between publish and mark, never more.
      const again = ids.filter((id, index) => ids.indexOf(id) !== index);
      expect({
        at,
        crashes,
        versions: [...new Set(versions)].toSorted(),
        threeTimes: again.length - new Set(again).size,
        moreThanABatch: again.length > 3,
        outOfOrder: ['a', 'b', 'c'].filter(
          (id) => !isSorted(versions.filter((line) => line.startsWith(`watch/${id} `))),
        ),
      }).toEqual({ at, crashes: 1, versions: ALL, threeTimes: 0, moreThanABatch: false, outOfOrder: [] });
    }
  });
});
