import { describe, expect, it } from 'vitest';
import {
  breakerKey,
  type BreakerState,
  FAILURES_TO_TRIP,
  INCIDENT_LIMIT_MS,
  tripped,
} from '../../../../functions/core/tokens/breaker.ts';
import type { RefreshResult } from '../../../../functions/core/tokens/refresh-result.ts';
import { createSweepGate } from '../../../../functions/core/tokens/sweep-gate.ts';
import { createMemoryBreakers } from '../../../support/memory-breakers.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const KEY = 'acme@acme.example';

describe('a breaker', () => {
  it('belongs to one host of one provider', () => {
    const provider = tokenProvider('acme');
    const url = provider.token.tokenEndpoint({});
    expect(breakerKey(provider, {})).toBe(`acme@${url.host}`);
  });

  it('R28, R29: stays open twice as long each time, ten minutes at most, or as long as the provider says', () => {
    let state: BreakerState | undefined;
    const seconds: number[] = [];
    for (let trip = 1; trip <= 14; trip += 1) {
      state = tripped(state, 'unavailable', NOW);
      seconds.push((state.until.getTime() - NOW.getTime()) / 1000);
      expect(state.trips).toBe(trip);
    }
    expect(seconds).toEqual([30, 60, 120, 240, 480, ...Array.from({ length: 9 }, () => 600)]);
    expect(tripped(state, 'unavailable', NOW, 7000)).toMatchObject({ until: inMs(7000), trips: 15 });
    expect(tripped(undefined, 'rate-limited', NOW, 0).until).toEqual(NOW);
  });

  it('counts anew for another reason, and remembers since when it is open for this one', () => {
    const first = tripped(undefined, 'unavailable', NOW);
    expect(first).toEqual({ reason: 'unavailable', until: inMs(30_000), trips: 1, since: NOW });
    expect(tripped(first, 'unavailable', inMs(1))).toMatchObject({ trips: 2, since: NOW });
    expect(tripped(first, 'refusing', inMs(1))).toMatchObject({ trips: 1, since: inMs(1) });
  });
});

function gateOf(before?: BreakerState) {
  const breakers = createMemoryBreakers();
  if (before !== undefined) void breakers.save(KEY, before);
  const lines: [string, string, object][] = [];
  const metered: unknown[][] = [];
  const note =
    (level: string) =>
    (event: string, fields: object = {}) =>
      void lines.push([level, event, fields]);
  const time = { now: NOW };
  const gate = createSweepGate({
    breakers,
    clock: { now: () => time.now },
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    metrics: { add: (...given) => void metered.push(given) },
  });
  let count = 0;
  const result = (change: Partial<RefreshResult>): RefreshResult => ({
    name: `c${(count += 1)}`,
    outcome: 'failed',
    provider: 'acme',
    key: KEY,
    ...change,
  });
  const unavailable = () => gate.note(result({ word: { kind: 'unavailable' } }));
  const granted = () => gate.note(result({ outcome: 'refreshed', word: { kind: 'granted' } }));
  const refused = (name?: string) =>
    gate.note(
      result({
        outcome: 'reauthorization-required',
        word: { kind: 'refused' },
        ...(name === undefined ? {} : { name }),
      }),
    );
  return {
    gate,
    breakers,
    lines,
    metered,
    time,
    result,
    unavailable,
    granted,
    refused,
    state: () => breakers.states.get(KEY),
  };
}

const open = (until: Date, change: Partial<BreakerState> = {}): BreakerState => ({
  reason: 'unavailable',
  until,
  trips: 2,
  since: inMs(-60_000),
  ...change,
});

describe('the gate of a sweep', () => {
  it('R29: lets everybody through where nothing is known, and nobody while a breaker is open', async () => {
    const fresh = gateOf();
    expect(await fresh.gate.admit(KEY)).toEqual({ open: true });
    expect(await fresh.gate.admit(KEY)).toEqual({ open: true });
    const shut = gateOf(open(inMs(1)));
    expect(await shut.gate.admit(KEY)).toEqual({ open: false, until: inMs(1) });
  });

  it('R29: sends one call to find out, and the others after it has', async () => {
    const { gate, breakers, lines, granted } = gateOf(open(NOW));
    expect(await gate.admit(KEY)).toEqual({ open: true });
    expect(await gate.admit(KEY)).toEqual({ open: false });
    await granted();
    expect(breakers.states.has(KEY)).toBe(false);
    expect(lines).toEqual([['info', 'breaker.closed', { endpoint: KEY, provider: 'acme' }]]);
    expect([await gate.admit(KEY), await gate.admit(KEY)]).toEqual([{ open: true }, { open: true }]);
    await granted();
    expect(lines).toHaveLength(1);
  });

  it('R29: sends another when the first could not, or did not find out', async () => {
    const { gate, result } = gateOf(open(NOW));
    for (const free of [
      async () => gate.release(KEY),
      () => gate.note(result({ outcome: 'leased' })),
      () => gate.note(result({ outcome: 'postponed', queued: {} as never })),
    ]) {
      expect(await gate.admit(KEY)).toEqual({ open: true });
      expect(await gate.admit(KEY)).toEqual({ open: false });
      await free();
    }
    expect(await gate.admit(KEY)).toEqual({ open: true });
    await gate.note(result({ outcome: 'postponed' }));
    expect(await gate.admit(KEY)).toEqual({ open: false });
  });

  it('R29: opens after three failures in a row, or after one that was to find out', async () => {
    const { unavailable, granted, state, lines } = gateOf();
    await unavailable();
    await unavailable();
    await granted();
    for (let count = 1; count < FAILURES_TO_TRIP; count += 1) await unavailable();
    expect(state()).toBeUndefined();
    await unavailable();
    expect(state()).toEqual({ reason: 'unavailable', until: inMs(30_000), trips: 1, since: NOW });
    expect(lines.at(-1)).toEqual([
      'warn',
      'breaker.opened',
      { endpoint: KEY, reason: 'unavailable', trips: 1, until: inMs(30_000).toISOString() },
    ]);
    const probe = gateOf(open(NOW));
    await probe.unavailable();
    expect(probe.state()).toMatchObject({ trips: 3, since: inMs(-60_000) });
    const later = gateOf(open(NOW));
    await later.granted();
    await later.unavailable();
    expect(later.state()).toBeUndefined();
  });

  it('R29: shuts again what opened in this sweep, and tries it once more after its time', async () => {
    const { gate, granted, unavailable, state, time } = gateOf(open(NOW));
    await gate.admit(KEY);
    await granted();
    for (let count = 0; count < FAILURES_TO_TRIP; count += 1) await unavailable();
    const until = state()?.until ?? NOW;
    expect(await gate.admit(KEY)).toEqual({ open: false, until });
    time.now = until;
    expect([await gate.admit(KEY), await gate.admit(KEY)]).toEqual([{ open: true }, { open: false }]);
  });

  it('R29: is not opened by an answer that was under way when it shut', async () => {
    const { unavailable, granted, state } = gateOf(open(NOW));
    await unavailable();
    await granted();
    expect(state()).toMatchObject({ reason: 'unavailable', trips: 3 });
  });

  it('R29: is opened by a refusal too, which is an answer', async () => {
    const { gate, refused, state } = gateOf(open(NOW));
    await gate.admit(KEY);
    await refused();
    expect(state()).toBeUndefined();
    expect([await gate.admit(KEY), await gate.admit(KEY)]).toEqual([{ open: true }, { open: true }]);
  });

  it('R28: opens at once for as long as a provider asks', async () => {
    const { gate, result, state } = gateOf();
    await gate.note(result({ word: { kind: 'rate-limited', retryAfterMs: 9000 } }));
    expect(state()).toMatchObject({ reason: 'rate-limited', until: inMs(9000), trips: 1 });
    expect(await gate.admit(KEY)).toEqual({ open: false, until: inMs(9000) });
  });

  it('takes nothing in of a connection that asked nobody', async () => {
    const { gate, breakers } = gateOf();
    const { key: _, ...nobody } = { name: 'x', outcome: 'failed', word: { kind: 'rate-limited' }, key: KEY } as const;
    await gate.note(nobody as never);
    expect(breakers.states.size).toBe(0);
  });
});

describe('an endpoint that refuses', () => {
  it('R34: everybody is an incident, told once and waited for', async () => {
    const { gate, refused, state, lines, metered } = gateOf();
    for (let count = 0; count < FAILURES_TO_TRIP; count += 1) await refused();
    expect(gate.hasGranted(KEY)).toBe(false);
    expect(await gate.isIncident(KEY)).toBe(true);
    expect(state()).toMatchObject({ reason: 'refusing', trips: 1, since: NOW });
    expect(lines[0]).toEqual(['error', 'provider.refusing', { endpoint: KEY, refusals: 3 }]);
    expect(metered).toEqual([['ProviderIncident', 'Count', 1]]);
  });

  it('R34: two, or one again and again, or nobody, is none', async () => {
    const { gate, refused } = gateOf();
    expect(await gate.isIncident(KEY)).toBe(false);
    await refused('a');
    await refused('a');
    await refused('b');
    expect(await gate.isIncident(KEY)).toBe(false);
    const others = gateOf();
    await others.breakers.addRefusals(KEY, ['a', 'b', 'c'], NOW);
    expect(await others.gate.isIncident(KEY)).toBe(false);
    expect(others.state()).toBeUndefined();
  });

  it('R34: is judged by a quarter of an hour, however many sweeps that are', async () => {
    const { breakers } = gateOf();
    const counts: number[] = [];
    for (const [name, minute] of [
      ['a', 0],
      ['b', 7],
      ['c', 14.9],
      ['d', 15],
    ] as const) {
      counts.push(await breakers.addRefusals(KEY, [name], inMs(minute * 60_000)));
    }
    expect(counts).toEqual([1, 2, 3, 1]);
  });

  it('R34: some and grants others is none', async () => {
    const { gate, refused, granted } = gateOf();
    for (let count = 0; count < FAILURES_TO_TRIP; count += 1) await refused();
    await granted();
    expect(gate.hasGranted(KEY)).toBe(true);
    expect(await gate.isIncident(KEY)).toBe(false);
    for (const outcome of ['failed', 'merged', 'suspect', 'superseded'] as const) {
      const other = gateOf();
      await other.gate.note(other.result({ outcome, word: { kind: 'answered' } }));
      expect(other.gate.hasGranted(KEY)).toBe(false);
      await other.refused();
      await other.refused();
      // Two were refused, and that is all that is known.
      expect(await other.gate.isIncident(KEY)).toBe(false);
    }
  });

  it('R34: goes on refusing with one that is asked, untold, and for a day at most', async () => {
    const since = (ms: number) => open(NOW, { reason: 'refusing', since: inMs(-ms) });
    const still = gateOf(since(INCIDENT_LIMIT_MS - 1));
    expect(await still.gate.admit(KEY)).toEqual({ open: true });
    await still.refused();
    expect(still.state()).toMatchObject({ reason: 'refusing', trips: 2 });
    expect([await still.gate.admit(KEY), await still.gate.admit(KEY)]).toEqual([{ open: true }, { open: false }]);
    expect(await still.gate.isIncident(KEY)).toBe(true);
    expect(still.state()).toMatchObject({ reason: 'refusing', trips: 3, since: inMs(1 - INCIDENT_LIMIT_MS) });
    expect([still.metered, still.lines.filter(([level]) => level === 'error')]).toEqual([[], []]);
    expect(await still.gate.admit(KEY)).toMatchObject({ open: false });
    await still.gate.note(still.result({ outcome: 'suspect', word: { kind: 'answered' } }));
    expect(still.state()).toMatchObject({ reason: 'refusing' });
    await still.granted();
    expect(still.state()?.reason).toBe('refusing');
    const well = gateOf(since(1));
    await well.granted();
    expect(well.state()).toBeUndefined();
    const meant = gateOf(since(INCIDENT_LIMIT_MS));
    await meant.refused();
    expect(await meant.gate.isIncident(KEY)).toBe(false);
  });
});
