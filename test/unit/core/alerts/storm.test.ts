import { describe, expect, it } from 'vitest';
import { followHint } from '../../../../functions/core/alerts/hints.ts';
import { BudgetExhaustedError, ConfigInvalidError, ConflictError } from '../../../../functions/core/errors.ts';
import type { AlertJob } from '../../../../functions/core/jobs.ts';
import { replayEvents } from '../../../../functions/core/publishing/replay.ts';
import { alertWorld, AMPLE, fakeApi, NOON } from '../../../support/alert-world.ts';

const MINUTE = 60_000;
const later = (minutes: number) => new Date(NOON.getTime() + minutes * MINUTE);

describe('storm control', () => {
  it('A26: publishes the worst singly, speaks for the rest in one digest, and keeps every version replayable', async () => {
    const world = alertWorld({ mode: 'feed' }, { stormThreshold: 20 });
    for (let n = 0; n < 1000; n += 1) world.set(`a${n}`, { severity: n % 200 === 0 ? 'critical' : 'low' });
    const result = await world.poll();
    expect(result).toMatchObject({ single: 20, digested: 980, complete: true, announced: true });
    const single = world.rows().filter(({ event }) => event.type === 'steward.alert.opened');
    expect(single.filter(({ event }) => event.severity === 'critical')).toHaveLength(5);
    const [digest] = world.rows().filter(({ event }) => event.type === 'steward.alert.digest');
    expect(digest?.event.data).toMatchObject({
      reason: 'storm',
      versions: 980,
      counts: { opened: 980, changed: 0, resolved: 0, bySeverity: { low: 980 } },
    });
    expect(world.state.published.get('0')?.every(({ digested }) => digested)).toBe(true);
    const again = await replayEvents(world, { from: NOON, to: later(1), shards: ['0'] });
    expect(again).toBe(980);
    expect(new Set(world.news()).size).toBe(1000);
    world.clock.advance(MINUTE);
    expect(await world.poll()).toMatchObject({ single: 0, digested: 0, announced: false });
  });

  it('counts what was published in the running minute, and begins anew with the next', async () => {
    const world = alertWorld({ mode: 'feed' }, { stormThreshold: 10, everySeconds: 10 });
    const batch = async (name: string, size: number) => {
      for (let n = 0; n < size; n += 1) world.change(`${name}${n}`, {});
      const { single, digested } = await world.poll();
      return [single, digested];
    };
    expect(await batch('a', 8)).toEqual([8, 0]);
    world.clock.advance(20_000);
    expect(await batch('b', 8)).toEqual([2, 6]);
    world.clock.advance(40_000);
    expect(await batch('c', 8)).toEqual([8, 0]);
  });

  it('lets a version after a digested one be published with the next number', async () => {
    const world = alertWorld({ mode: 'feed' }, { stormThreshold: 1 });
    world.set('a');
    world.set('b');
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('b', { severity: 'critical' });
    await world.poll();
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/b changed 2']);
  });

  it('is silent in maintenance, and sums it up when it is over', async () => {
    const maintenance = [{ from: NOON, to: later(10), reason: 'moving house' }];
    const world = alertWorld({ mode: 'feed' }, { maintenance } satisfies Partial<AlertJob>);
    world.set('a');
    await world.poll();
    world.clock.advance(5 * MINUTE);
    world.change('b', {});
    world.change('a', { state: 'resolved' });
    await world.poll();
    world.clock.advance(4 * MINUTE);
    await world.poll();
    expect(world.news()).toEqual([]);
    world.clock.advance(MINUTE);
    await world.poll();
    const [digest] = world.rows().filter(({ event }) => event.type === 'steward.alert.digest');
    expect(digest?.event.data).toMatchObject({ reason: 'maintenance', versions: 3, counts: { open: 1 } });
    world.clock.advance(MINUTE);
    world.change('b', { state: 'acknowledged' });
    await world.poll();
    expect(world.news()).toEqual(['watch/b changed 2']);
    expect(world.rows().filter(({ event }) => event.type === 'steward.alert.digest')).toHaveLength(1);
  });

  it('I12 tells after a maintenance that no pass saw whole, or that the configuration lost, what was recorded in it', async () => {
    const maintenance = [{ from: NOON, to: later(10), reason: 'moving house' }];
    for (const during of [maintenance, []]) {
      const world = alertWorld({ mode: 'feed', pageSize: 2 }, { maintenance });
      world.clock.advance(-5 * MINUTE);
      await world.poll();
      world.clock.advance(6 * MINUTE);
      for (const id of ['a', 'b', 'c']) world.change(id, { state: 'resolved' });
      const cut = (page: number) => {
        if (page > 1) throw new BudgetExhaustedError('none left', 1000);
      };
      world.fake.beforePage = cut;
      expect(await world.poll()).toMatchObject({ digested: 2 });
      world.clock.advance(11 * MINUTE);
      // The first pass after it is cut short as well.
      const after = { ...world.job, maintenance: during };
      await world.poll(undefined, after);
      world.fake.beforePage = undefined;
      world.clock.advance(MINUTE);
      await world.poll(undefined, after);
      const digests = world.rows().filter(({ event }) => event.type === 'steward.alert.digest');
      expect(digests.map(({ event }) => event.data)).toMatchObject([{ reason: 'maintenance', versions: 2 }]);
      world.clock.advance(MINUTE);
      await world.poll(undefined, after);
      expect(world.rows().filter(({ event }) => event.type === 'steward.alert.digest')).toHaveLength(1);
    }
  });

  it('counts what a hook told of in maintenance', async () => {
    const maintenance = [{ from: NOON, to: later(10), reason: 'moving house' }];
    const world = alertWorld({ mode: 'feed' }, { maintenance });
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', { state: 'resolved' });
    await followHint(world.dependencies, world.job, fakeApi(world.source), 'a', AMPLE);
    world.clock.advance(10 * MINUTE);
    await world.poll();
    const digests = world.rows().filter(({ event }) => event.type === 'steward.alert.digest');
    expect(digests.map(({ event }) => event.data)).toMatchObject([{ reason: 'maintenance', versions: 1 }]);
  });
});

describe('following a hint', () => {
  const maintenance = [{ from: NOON, to: later(10), reason: 'moving house' }];
  const follow = (world: ReturnType<typeof alertWorld>, change: object = {}) =>
    followHint({ ...world.dependencies, ...change }, world.job, fakeApi(world.source), 'a', AMPLE);
  const silenced = (world: ReturnType<typeof alertWorld>) => world.state.checkpoints.get('watch')?.silenced;

  /** Its checkpoint stands, and a hook tells of `a`. */
  async function hinted(job: Partial<AlertJob>) {
    const world = alertWorld({ mode: 'feed' }, job);
    await world.poll();
    world.clock.advance(MINUTE);
    world.change('a', {});
    return world;
  }

  it('asks for its record with what the job says, and not where a source has no single ones', async () => {
    const world = alertWorld({ mode: 'feed' }, { options: { region: 'eu' } });
    const contexts: unknown[] = [];
    const readOne = async (_call: unknown, context: unknown) => void contexts.push(context);
    const api = fakeApi({ ...world.source, readOne });
    await followHint(world.dependencies, world.job, api, 'a', AMPLE);
    expect(contexts).toEqual([{ connection: 'acme', settings: {}, options: { region: 'eu' }, now: NOON }]);
    const snapshot = alertWorld({ mode: 'snapshot' });
    await expect(follow(snapshot)).rejects.toThrow(ConfigInvalidError);
  });

  it('tells of what is over by the time it is read, since the job began to look', async () => {
    const world = await hinted({});
    world.change('a', { state: 'resolved' });
    world.clock.advance(MINUTE);
    await follow(world);
    expect(world.news()).toEqual(['watch/a resolved 1']);
  });

  it('I12: counts what it was silent about in maintenance, and nothing else', async () => {
    const silent = await hinted({ maintenance });
    await follow(silent);
    const { revision } = silent.state.checkpoints.get('watch') ?? {};
    expect([silenced(silent), revision]).toEqual([1, 2]);
    await follow(silent);
    expect(silent.state.checkpoints.get('watch')).toMatchObject({ silenced: 1, revision: 2 });
    const flooded = await hinted({ stormThreshold: 0 });
    expect(await follow(flooded)).toMatchObject({ digested: 1 });
    expect(silenced(flooded)).toBe(0);
    const early = alertWorld({ mode: 'feed' }, { maintenance });
    early.set('a');
    expect(await follow(early)).toMatchObject({ digested: 1 });
    expect(silenced(early)).toBeUndefined();
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 0],
  ])('I12: counts again, three times at most, where a pass moved the checkpoint %i times', async (times, counted) => {
    const world = await hinted({ maintenance });
    let [left, tries] = [times, 0];
    const saveCheckpoint: typeof world.store.saveCheckpoint = async (...given) => {
      tries += 1;
      if ((left -= 1) >= 0) throw new ConflictError('moved');
      return world.store.saveCheckpoint(...given);
    };
    await follow(world, { store: { ...world.store, saveCheckpoint } });
    expect([silenced(world), tries]).toEqual([counted, Math.min(3, times + 1)]);
  });

  it('stops for what nobody knows', async () => {
    const world = await hinted({ maintenance });
    const saveCheckpoint = async () => Promise.reject(new TypeError('a bug'));
    await expect(follow(world, { store: { ...world.store, saveCheckpoint } })).rejects.toThrow(TypeError);
  });
});
