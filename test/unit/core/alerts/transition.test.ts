import { describe, expect, it } from 'vitest';
import { fingerprintOf, shortHash } from '../../../../functions/core/alerts/fingerprint.ts';
import type { AlertHead } from '../../../../functions/core/alerts/head.ts';
import type { Alert, Severity } from '../../../../functions/core/alerts/source.ts';
import { transitionOf, vanished } from '../../../../functions/core/alerts/transition.ts';
import { anAlert, NOON } from '../../../support/alert-world.ts';

const at = (pass: number) => ({ pass: NOON.getTime() + pass, bornAt: NOON });
const later = (ms: number) => new Date(NOON.getTime() + ms);

/** The head after the alert was seen in these states, a pass each. */
function headAfter(...seen: readonly Alert[]): AlertHead {
  let head: AlertHead | undefined;
  for (const [index, alert] of seen.entries()) head = transitionOf(head, alert, at(index + 1))?.head ?? head;
  if (head === undefined) throw new Error('nothing was seen');
  return head;
}

/** Without the members that are named. */
function without<T extends object>(value: T, ...names: readonly (keyof T)[]): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name as keyof T))) as T;
}

describe('a transition', () => {
  it('counts versions from one, and tells opening, change, end and opening again apart', () => {
    const states: readonly Partial<Alert>[] = [
      {},
      { state: 'acknowledged' },
      { state: 'resolved' },
      { state: 'resolved', significant: { closed: true } },
      { state: 'open', severity: 'low' },
    ];
    let head: AlertHead | undefined;
    const kinds = states.map((state, index) => {
      const transition = transitionOf(head, anAlert('a', state), at(index + 1));
      head = transition?.head;
      return `${transition?.kind} ${head?.version}`;
    });
    expect(kinds).toEqual(['opened 1', 'changed 2', 'resolved 3', 'changed 4', 'opened 5']);
  });

  it('A20: is none for the same state, nor for a pass that began when the head’s did or before', () => {
    const head = headAfter(anAlert('a'), anAlert('a', { severity: 'low' }));
    expect(transitionOf(head, anAlert('a', { severity: 'low' }), at(9))).toBeUndefined();
    expect(transitionOf(head, anAlert('a'), at(1))).toBeUndefined();
    expect(transitionOf(head, anAlert('a'), at(2))).toBeUndefined();
    expect(transitionOf(head, anAlert('a'), at(3))?.head.version).toBe(3);
  });

  it('is none for what was over before the job began to look, or nobody says when', () => {
    const over = (change: Partial<Alert>) =>
      transitionOf(undefined, anAlert('a', { state: 'resolved', ...change }), at(5));
    expect(over({ changedAt: later(-1) })).toBeUndefined();
    expect(over({ changedAt: NOON })?.kind).toBe('resolved');
    const { changedAt: _changedAt, ...unstamped } = anAlert('a', { state: 'resolved' });
    expect(transitionOf(undefined, unstamped, at(5))?.kind).toBe('resolved');
    expect(transitionOf(undefined, without(unstamped, 'raisedAt'), at(5))).toBeUndefined();
    expect(transitionOf(undefined, { ...unstamped, state: 'open' }, at(5))?.kind).toBe('opened');
  });

  it('is over for whom it was critical, although a list of healed alerts no longer says so', () => {
    const severity = (raised: Severity, healed: Severity) => {
      const head = headAfter(anAlert('a', { severity: raised }));
      const over = transitionOf(head, anAlert('a', { state: 'resolved', severity: healed }), at(9));
      return [over?.kind, over?.alert.severity, over?.head.severity];
    };
    expect(severity('critical', 'info')).toEqual(['resolved', 'critical', 'critical']);
    expect(severity('low', 'high')).toEqual(['resolved', 'high', 'high']);
  });

  it.each<readonly [Severity, Severity]>([
    ['critical', 'info'],
    ['info', 'critical'],
  ])('is none where a healed alert is told of as %s and later as %s, whatever version stored it', (first, second) => {
    const healed = (severity: Severity) => anAlert('a', { state: 'resolved', severity });
    const over = headAfter(healed(first));
    // What stands in tables since before: the severity of the head is the one that its fingerprint has.
    const stored = { ...over, severity: first, fingerprint: fingerprintOf(healed(first)) };
    for (const head of [over, stored]) expect(transitionOf(head, healed(second), at(9))).toBeUndefined();
    expect(transitionOf(stored, anAlert('a', { severity: second }), at(9))?.kind).toBe('opened');
  });

  it('keeps when an alert was opened for as long as it stays open', () => {
    const opened = headAfter(anAlert('a'));
    expect(opened.openedAt).toEqual(later(1));
    const changed = transitionOf(opened, anAlert('a', { severity: 'low' }), at(7))?.head;
    expect(changed?.openedAt).toEqual(later(1));
    const closed = transitionOf(changed, anAlert('a', { state: 'resolved' }), at(8))?.head;
    expect(closed).not.toHaveProperty('openedAt');
    expect(transitionOf(closed, anAlert('a'), at(9))?.head.openedAt).toEqual(later(9));
  });

  it('has in its head what the provider says of times, and no member for what it does not say', () => {
    const stamps = { raisedAt: later(-5000), changedAt: later(3) };
    expect(headAfter(anAlert('a', stamps))).toMatchObject(stamps);
    const bare = headAfter(without(anAlert('a'), 'raisedAt', 'changedAt'));
    expect(Object.keys(bare)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(raised|changed)At$/)]));
  });

  it('says when a change happened only by a stamp that moved with it since the job began to look', () => {
    const head = headAfter(anAlert('a', { changedAt: later(10) }));
    const changedAt = (stamp: Date | undefined, from: AlertHead | 'none' = head) => {
      const { changedAt: _none, ...rest } = anAlert('a', { severity: 'low' });
      return transitionOf(
        from === 'none' ? undefined : from,
        stamp === undefined ? rest : { ...rest, changedAt: stamp },
        at(99),
      )?.changedAt;
    };
    expect(changedAt(later(11))).toEqual(later(11));
    expect(changedAt(later(10))).toBeUndefined();
    expect(changedAt(undefined)).toBeUndefined();
    expect(changedAt(later(0), 'none')).toEqual(NOON);
    expect(changedAt(later(-1), 'none')).toBeUndefined();
    expect(transitionOf(undefined, without(anAlert('a'), 'changedAt'), at(99))).not.toHaveProperty('changedAt');
    expect(changedAt(later(11), without(head, 'changedAt'))).toBeUndefined();
  });

  it('cuts what is too long for a head', () => {
    const head = headAfter(anAlert('a', { title: 'é'.repeat(600), resource: 'x'.repeat(600) }));
    expect([Buffer.byteLength(head.title) <= 512, Buffer.byteLength(head.resource) <= 512]).toEqual([true, true]);
    // {"x":"…"} is eight bytes around the text.
    const fits = { x: 'a'.repeat(4096 - 8) };
    expect(headAfter(anAlert('a', { significant: fits })).significant).toEqual(fits);
    expect(headAfter(anAlert('a', { significant: { x: `${fits.x}a` } })).significant).toEqual({});
  });
});

describe('an alert that is no longer shown', () => {
  it('is resolved as what it was, and says why', () => {
    const head = headAfter(anAlert('a', { raisedAt: later(-1) }));
    expect(vanished(head)).toEqual({
      id: 'a',
      severity: 'high',
      state: 'resolved',
      title: head.title,
      resource: head.resource,
      significant: head.significant,
      details: { reason: 'no longer reported by the provider' },
      raisedAt: later(-1),
    });
    expect(vanished(without(head, 'raisedAt'))).not.toHaveProperty('raisedAt');
  });
});

describe('a short hash', () => {
  it('is eight characters that stand for one id', () => {
    expect(shortHash('alert-1')).toMatch(/^[\w-]{8}$/);
    expect(shortHash('alert-1')).toBe(shortHash('alert-1'));
    expect(shortHash('alert-2')).not.toBe(shortHash('alert-1'));
  });
});
