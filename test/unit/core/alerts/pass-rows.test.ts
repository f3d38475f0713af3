import { describe, expect, it } from 'vitest';
import { alertRow, countTransitions, digestRow, severityRank } from '../../../../functions/core/alerts/alert-event.ts';
import { shortHash } from '../../../../functions/core/alerts/fingerprint.ts';
import { type ClosingOptions, closingRows } from '../../../../functions/core/alerts/pass-rows.ts';
import { divideNews, maintenanceAt, maintenanceEnded, stormDigest } from '../../../../functions/core/alerts/storm.ts';
import { eventId } from '../../../../functions/core/events.ts';
import { anAlert, NOON } from '../../../support/alert-world.ts';
import { anAlertJob } from '../../../support/report-job.ts';

const MINUTE = 60_000;
const origin = { stage: 'test' };
const later = (ms: number) => new Date(NOON.getTime() + ms);
const counts = { opened: 1, changed: 2, resolved: 3 };

/** What a pass says that began so long after the one before, a minute apart, with nothing to say. */
function close(change: Partial<ClosingOptions> = {}, { seen = {}, before = {}, complete = true } = {}) {
  const options = {
    origin,
    job: anAlertJob({ everySeconds: 60 }),
    before: { revision: 1, succeededAt: NOON, ...before },
    began: later(MINUTE),
    now: later(MINUTE + 1),
    seen: { complete: true, unreadable: [], ...seen },
    recorded: { complete, counts },
    held: [],
    ...change,
  };
  return closingRows(options as unknown as ClosingOptions).map(({ event }) => event);
}

describe('what a pass says of a gap', () => {
  it.each([
    [60, 150_000, 0],
    [60, 150_001, 1],
    [10, 150_000, 0],
    [10, 150_001, 1],
    [120, 270_000, 0],
    [120, 270_001, 1],
  ])('A28: is told beyond two intervals and a late tick: every %i s, after %i ms', (everySeconds, ms, told) => {
    expect(close({ job: anAlertJob({ everySeconds }), began: later(ms) })).toHaveLength(told);
  });

  it('A28: says from when to when it saw nothing, and what it found since', () => {
    const began = later(10 * MINUTE);
    const [event] = close({ began });
    expect(event).toMatchObject({
      id: eventId('acme', 'watch', 'blind', 'gap', String(NOON.getTime())),
      type: 'steward.connection.blind',
      summary:
        'acme: watch saw nothing for 10 minutes; since then 1 opened, 2 changed and 3 resolved alerts were found',
      data: { reason: 'gap', from: NOON.toISOString(), to: began.toISOString(), found: counts },
    });
  });

  it('is none of a job’s first pass, and nothing is said of a pass that has not seen or recorded everything', () => {
    const began = later(10 * MINUTE);
    expect(close({ began }, { before: { revision: 0 } })).toEqual([]);
    expect(close({ began }, { seen: { complete: false } })).toEqual([]);
    expect(close({ began }, { complete: false })).toEqual([]);
  });
});

describe('what a pass says of a bad answer', () => {
  it('names what it was shown and what stood open', () => {
    const [event, ...others] = close({}, { seen: { suspicion: { since: NOON, held: 40, seen: 3 } } });
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      id: eventId('acme', 'watch', 'blind', 'shrunken-answer', String(NOON.getTime() + MINUTE)),
      summary: 'acme: watch was shown 3 alerts where 40 stood open; nothing is resolved until a second says so',
      data: { reason: 'shrunken-answer', from: NOON.toISOString(), found: { held: 40, seen: 3 } },
    });
  });

  it('names twenty items that it could not read and had not named before, and counts all', () => {
    const ids = Array.from({ length: 30 }, (_, index) => `x${index}`);
    const before = { unreadable: ids.slice(0, 5).map(shortHash) };
    const [event] = close({}, { seen: { unreadable: ids }, before });
    const key = `${ids.slice(5).map(shortHash).join('|')}|${NOON.getTime() + MINUTE}`;
    expect(event).toMatchObject({
      id: eventId('acme', 'watch', 'blind', 'unreadable-items', key),
      summary: 'acme: watch was given 30 items that cannot be read as alerts',
      data: { reason: 'unreadable-items', found: { count: 30, ids: ids.slice(5, 25) } },
    });
    expect(close({}, { seen: { unreadable: ids.slice(0, 5) }, before })).toEqual([]);
  });
});

describe('what a pass says after a maintenance', () => {
  const window = { from: NOON, to: later(MINUTE), reason: 'moving house' };
  const head = (id: string, openedAt?: Date) => ({ id, title: id, severity: 'low', openedAt });
  const held = [
    head('at-its-start', NOON),
    head('at-its-end', later(MINUTE)),
    head('before-it', later(-1)),
    head('within-it', later(MINUTE - 1)),
    head('nobody-knows'),
  ] as never;

  it('names what was opened in it and is open still', () => {
    const job = anAlertJob({ maintenance: [window] });
    const [event] = close({ job, held }, { before: { silenced: 4 } });
    expect(event).toMatchObject({
      type: 'steward.alert.digest',
      summary: 'watch: 4 changes in maintenance (moving house), 2 of its alerts are still open',
      data: { reason: 'maintenance', versions: 4, counts: { open: 2 }, from: NOON.toISOString() },
    });
    expect(event?.data['sample']).toEqual(
      ['at-its-start', 'within-it'].map((id) => ({ id, title: id, severity: 'low' })),
    );
    expect(close({ job, held })).toHaveLength(1);
    expect(close({ job }, { before: { silenced: 4 } })).toHaveLength(1);
    expect(close({ job })).toEqual([]);
  });
});

describe('a maintenance', () => {
  const window = (from: number, to: number, reason = 'r') => ({ from: later(from), to: later(to), reason });
  const job = anAlertJob({ maintenance: [window(0, 10), window(5, 20, 's'), window(30, 40)] });

  it('begins with its first instant and ends before its last', () => {
    const reasons = [-1, 0, 9, 10, 19, 20, 30, 39, 40].map((ms) => maintenanceAt(job, later(ms))?.reason);
    expect(reasons).toEqual([undefined, 'r', 'r', 's', 's', undefined, 'r', 'r', undefined]);
  });

  it('is one stretch where several ended since the last pass', () => {
    const ended = maintenanceEnded(job, { succeededAt: later(1), silenced: 2 }, later(20));
    expect(ended).toEqual({ from: NOON, to: later(20), reason: 'r, s', versions: 2 });
    expect(maintenanceEnded(job, { succeededAt: later(10) }, later(25))).toMatchObject({ reason: 's', versions: 0 });
    const same = anAlertJob({ maintenance: [window(0, 10), window(5, 20)] });
    expect(maintenanceEnded(same, { succeededAt: later(1) }, later(20))?.reason).toBe('r');
    expect(maintenanceEnded(job, { succeededAt: later(20) }, later(25))).toBeUndefined();
  });

  it('that is no longer configured is told of, once it is not in another', () => {
    const silenced = { succeededAt: later(20), silenced: 3 };
    const told = { from: later(20), to: later(25), reason: 'no longer configured', versions: 3 };
    expect(maintenanceEnded(job, silenced, later(25))).toEqual(told);
    expect(maintenanceEnded(job, silenced, later(35))).toBeUndefined();
  });
});

const transition = (id: string, kind: 'opened' | 'changed' | 'resolved', change = {}, more = {}) =>
  ({ alert: anAlert(id, change), head: { version: 3 }, kind, ...more }) as never;

describe('the news of one pass', () => {
  const news = ['c', 'a', 'b'].map((id) => transition(id, 'opened', { severity: id === 'c' ? 'critical' : 'low' }));
  const idsOf = (list: readonly { readonly alert: { readonly id: string } }[]) => list.map(({ alert }) => alert.id);

  it('A26: are published the worst first, then by their ids', () => {
    const { single, digested, reason } = divideNews(news, 2, undefined);
    expect([idsOf(single), idsOf(digested), reason]).toEqual([['c', 'a'], ['b'], 'storm']);
    const many = ['e', 'b', 'a', 'd', 'c'].map((id) => transition(id, 'opened'));
    expect(idsOf(divideNews(many, 5, undefined).single)).toEqual(['a', 'b', 'c', 'd', 'e']);
    const all = divideNews(news.toReversed(), 3, undefined);
    expect([idsOf(all.single), all.digested, all.reason]).toEqual([['c', 'a', 'b'], [], undefined]);
    const silent = divideNews(news, 3, { from: NOON, to: later(1), reason: 'r' });
    expect([silent.single, idsOf(silent.digested), silent.reason]).toEqual([[], ['c', 'a', 'b'], 'maintenance']);
  });

  it('A26: have one digest, known by its pass', () => {
    const digest = stormDigest(anAlertJob({ stormThreshold: 7 }), news, 5000, NOON);
    expect(digest).toMatchObject({ key: 'storm|5000', reason: 'storm', from: new Date(5000), to: NOON, versions: 3 });
    expect(digest.explanation).toBe(
      '3 more alerts than the 7 a minute that are published one by one; each is recorded and can be replayed',
    );
    expect(digest.sample.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });

  it('are counted by what happened and by severity', () => {
    expect(countTransitions([...news, transition('d', 'resolved', { severity: 'low' })])).toEqual({
      opened: 3,
      changed: 0,
      resolved: 1,
      bySeverity: { critical: 1, low: 3 },
    });
  });
});

describe('the event of one alert', () => {
  const previous = { version: 2, state: 'resolved', severity: 'low' };
  const summaryOf = (kind: 'opened' | 'changed', more = {}) =>
    alertRow(origin, anAlertJob(), transition('a', kind, {}, more), NOON).event.summary;

  it('says what happened, and that it is not the first time', () => {
    expect(summaryOf('opened')).toBe('[high] Disk a is full (host-a): opened, open');
    expect(summaryOf('opened', { previous })).toBe('[high] Disk a is full (host-a): opened again, open');
    expect(summaryOf('changed', { previous })).toBe('[high] Disk a is full (host-a): changed, open');
  });

  it('has the alert’s own times where the provider tells them, and what it was before', () => {
    const data = (change: object, more = {}) =>
      alertRow(origin, anAlertJob(), transition('a', 'changed', change, more), NOON).event.data;
    const times = { raisedAt: later(-2), changedAt: later(-1) };
    expect(data(times, { previous })).toMatchObject({
      version: 3,
      previous,
      alert: { id: 'a', raisedAt: later(-2).toISOString(), changedAt: later(-1).toISOString() },
    });
    const bare = data({ raisedAt: undefined, changedAt: undefined });
    expect(bare).not.toHaveProperty('previous');
    expect(Object.keys(bare['alert'] as object)).not.toContain('raisedAt');
    expect(Object.keys(bare['alert'] as object)).not.toContain('changedAt');
  });
});

describe('a digest', () => {
  it('is as bad as the worst that it names, and known by its key', () => {
    const digest = (...severities: readonly string[]) =>
      digestRow(
        origin,
        anAlertJob(),
        {
          key: 'k',
          reason: 'storm',
          explanation: 'e',
          from: NOON,
          to: NOON,
          versions: 1,
          counts: {},
          sample: severities.map((severity, index) => ({ id: `a${index}`, title: 't', severity })) as never,
        },
        NOON,
      ).event;
    expect(digest('low', 'critical', 'high').severity).toBe('critical');
    expect(digest('medium', 'low').severity).toBe('medium');
    expect(digest().severity).toBe('info');
    expect(digest().id).toBe(eventId('acme', 'watch', 'digest', 'k'));
    expect(digest(...Array.from({ length: 21 }, () => 'low')).data['sample']).toHaveLength(20);
  });

  it('ranks all five severities', () => {
    expect((['critical', 'high', 'medium', 'low', 'info'] as const).map(severityRank)).toEqual([0, 1, 2, 3, 4]);
  });
});
