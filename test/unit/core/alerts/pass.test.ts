import { describe, expect, it } from 'vitest';
import { shortHash } from '../../../../functions/core/alerts/fingerprint.ts';
import { alertSourceOf, nextCheckpoint, runAlertPass } from '../../../../functions/core/alerts/pass.ts';
import { ConfigInvalidError } from '../../../../functions/core/errors.ts';
import { alertWorld, AMPLE, anAlert, fakeApi, fakeSource, NOON } from '../../../support/alert-world.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const later = (ms: number) => new Date(NOON.getTime() + ms);

describe('the source of a job', () => {
  it('is one that the provider has, and none that every object has', () => {
    const { source } = fakeSource({ mode: 'feed' });
    const api = fakeApi(source);
    expect(alertSourceOf(anAlertJob({ source: 'alerts' }), api)).toBe(source);
    for (const name of ['gone', 'toString']) {
      expect(() => alertSourceOf(anAlertJob({ source: name }), api)).toThrow(ConfigInvalidError);
    }
  });

  it('adds details where it has any to add', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    world.set('b');
    const enrich: NonNullable<typeof world.source.enrich> = async (_call, _context, alert) =>
      alert.id === 'a' ? { ...alert, details: { more: true } } : alert;
    await runAlertPass(world.dependencies, world.job, fakeApi({ ...world.source, enrich }), AMPLE);
    expect(world.rows().map(({ event }) => event.data['alert'])).toMatchObject([
      { id: 'a', details: { more: true } },
      { id: 'b', details: {} },
    ]);
  });
});

describe('what a pass saw', () => {
  it('is not gone where another answer shows it', async () => {
    const world = alertWorld({ mode: 'feed' });
    world.set('a');
    world.set('b');
    await world.poll();
    world.clock.advance(30 * MINUTE);
    await world.poll();
    world.clock.advance(MINUTE);
    // Nothing has the id `a` at first; then `b` has been merged into it.
    const readOne: NonNullable<typeof world.source.readOne> = async (_call, _context, id) =>
      id === 'a' ? undefined : anAlert('a');
    await runAlertPass(world.dependencies, world.job, fakeApi({ ...world.source, readOne }), AMPLE);
    expect(world.news()).toEqual(['watch/a opened 1', 'watch/b opened 1']);
  });
});

describe('the checkpoint after a pass', () => {
  const { source } = fakeSource({ mode: 'feed', lagMs: 2000 });
  const began = later(10 * MINUTE);
  const resume = { startedAt: NOON, from: NOON, to: NOON, pages: {} };
  const suspicion = { since: NOON, held: 9, seen: 1 };
  const before = {
    revision: 4,
    bornAt: NOON,
    position: NOON,
    succeededAt: NOON,
    resume,
    suspicion,
    minute: { at: began.getTime() / MINUTE, versions: 3 },
    silenced: 2,
    listedAt: NOON,
  };
  const after = (change: object, { seen = {}, recorded = {}, job = {} } = {}) =>
    nextCheckpoint({
      job: anAlertJob(job),
      source,
      before: { ...before, ...change },
      began,
      seen: { startedAt: later(9 * MINUTE), complete: true, settled: true, listed: true, unreadable: [], ...seen },
      recorded: { complete: true, single: 5, digested: 7, ...recorded },
    } as never);

  it('I15: stays where it was when not everything was recorded, with all that it knew', () => {
    const kept = after({}, { recorded: { complete: false }, seen: { resume: { ...resume, to: began } } });
    expect(kept).toEqual({ ...before, revision: 5, minute: { ...before.minute, versions: 8 }, silenced: 2 });
    const bare = after({ resume: undefined, suspicion: undefined }, { recorded: { complete: false } });
    expect(bare).not.toHaveProperty('resume');
    expect(bare).not.toHaveProperty('suspicion');
  });

  it('A12: stays where it was when not everything was seen, and goes on there', () => {
    const next = { ...resume, to: began };
    const cut = after({}, { seen: { complete: false, resume: next } });
    expect(cut).toMatchObject({ revision: 5, position: NOON, succeededAt: NOON, resume: next, suspicion });
    const lost = after({ suspicion: undefined }, { seen: { complete: false } });
    expect(lost).not.toHaveProperty('resume');
    expect(lost).not.toHaveProperty('suspicion');
  });

  it('I15: moves to the beginning of a pass that saw and recorded everything, less the lag', () => {
    const moved = after({});
    expect(moved).toMatchObject({
      revision: 5,
      position: later(9 * MINUTE - 2000),
      succeededAt: began,
      listedAt: began,
    });
    expect(moved).not.toHaveProperty('resume');
    expect(moved).not.toHaveProperty('suspicion');
    expect(after({}, { seen: { suspicion: { ...suspicion, held: 3 } } }).suspicion).toMatchObject({ held: 3 });
    expect(after({}, { seen: { listed: false } }).listedAt).toEqual(NOON);
    expect(after({ listedAt: undefined }, { seen: { listed: false } }).listedAt).toBeUndefined();
  });

  it('reads a span that will not settle again, for a day', () => {
    const unsettled = { seen: { settled: false } };
    expect(after({}, unsettled).position).toEqual(NOON);
    const behind = after({ position: later(-2 * DAY) }, unsettled);
    expect(behind.position).toEqual(later(9 * MINUTE - 2000 - DAY));
  });

  it('counts what was published in its minute, and begins anew with the next', () => {
    expect(after({}).minute).toEqual({ at: before.minute.at, versions: 8 });
    const other = { ...before.minute, at: before.minute.at - 1 };
    expect(after({ minute: other }).minute).toEqual({ at: before.minute.at, versions: 5 });
    expect(after({ minute: undefined }).minute).toEqual({ at: before.minute.at, versions: 5 });
  });

  it('I12: counts what it was silent about until a digest has told it', () => {
    const maintenance = [{ from: NOON, to: later(20 * MINUTE), reason: 'r' }];
    expect(after({}, { job: { maintenance } }).silenced).toBe(9);
    expect(after({ silenced: undefined }, { job: { maintenance } }).silenced).toBe(7);
    expect(after({}).silenced).toBe(0);
    expect(after({}, { seen: { complete: false } }).silenced).toBe(2);
  });

  it('remembers 500 items that it could not read', () => {
    const unreadable = Array.from({ length: 501 }, (_, index) => `x${index}`);
    expect(after({}, { seen: { unreadable } }).unreadable).toEqual(unreadable.slice(0, 500).map(shortHash));
  });
});
