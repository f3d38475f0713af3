import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import type { ConnectionChange, ConnectionStore } from '../../../../functions/core/connections/store.ts';
import { GrantRejectedError, StoreUnavailableError } from '../../../../functions/core/errors.ts';
import type { ServiceEvent } from '../../../../functions/core/events.ts';
import type { Sealer } from '../../../../functions/core/sealing/sealer.ts';
import { HOUR_MS } from '../../../../functions/core/time.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';
import { type Leased, resolvedBy, rivals } from '../../../../functions/core/tokens/leased.ts';
import { persistent, persistently } from '../../../../functions/core/tokens/persistent.ts';
import {
  afterLeases,
  giveBack,
  postpone,
  recordFailure,
  settleAmbiguous,
  settleDenied,
  settleFailure,
  settleRestored,
} from '../../../../functions/core/tokens/settle.ts';
import { LEASE_MS, STORE_CALL_MS } from '../../../../functions/core/tokens/timing.ts';
import { judgeAgain, judgeRefusal, type Verdict } from '../../../../functions/core/tokens/verdict.ts';
import { createMemoryRescue } from '../../../support/memory-rescue.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const MINUTE = 60_000;

const attempt = (id: string, change: object = {}) => ({
  id,
  kind: 'refresh',
  fingerprint: 'f1',
  startedAt: inMs(-LEASE_MS),
  ...change,
});

const connectionOf = (change: object = {}) =>
  ({
    name: 'c1',
    provider: 'acme',
    health: 'connected',
    generation: 3,
    fingerprint: 'f1',
    failures: 0,
    warnedDays: [],
    attempts: [attempt('mine', { startedAt: NOW })],
    ...change,
  }) as unknown as Connection;

const leasedOf = (change: object = {}) =>
  ({ connection: connectionOf(change), attempt: 'mine', until: inMs(LEASE_MS), spends: 'f1', generation: 4 }) as Leased;

/** What is written, told and measured. */
function scene(answer: { settled?: boolean; found?: Connection | undefined } = {}) {
  const changes: [string, object, ConnectionChange][] = [];
  const told: (Omit<ServiceEvent, 'type'> & { type: string })[] = [];
  const metered: unknown[][] = [];
  const note = () => {};
  const store = {
    find: async () => ('found' in answer ? answer.found : connectionOf()),
    change: async (...[name, condition, change, rows]: Parameters<ConnectionStore['change']>) => {
      changes.push([name, condition, change]);
      for (const { event } of rows) told.push({ ...event, type: event.type.replace('steward.connection.', '') });
      return answer.settled ?? true;
    },
  } as unknown as ConnectionStore;
  const dependencies = {
    store,
    rescue: createMemoryRescue(),
    sealer: {} as Sealer,
    clock: { now: () => NOW },
    wait: async () => {},
    events: createConnectionEvents('test'),
    log: { info: note, warn: note, error: note },
    metrics: { add: (...given: unknown[]) => void metered.push(given) },
  };
  return { dependencies, changes, told, metered };
}

const failure = { code: 'PROVIDER_UNAVAILABLE', message: 'down' };
const lastError = { ...failure, at: NOW };

describe('a failed refresh', () => {
  it('gives its lease back, counts, and waits longer each time', async () => {
    const waits: number[] = [];
    for (const failures of [0, 1, 2, 3, 9]) {
      const { dependencies, changes } = scene();
      await settleFailure(dependencies, leasedOf({ failures }), failure);
      const [[name, condition, change] = []] = changes;
      expect([name, condition]).toEqual(['c1', { attempt: 'mine' }]);
      expect(change).toMatchObject({ failures: failures + 1, lastError, releasesLease: true, resolves: ['mine'] });
      waits.push((change?.nextRefreshAt?.getTime() ?? 0) - NOW.getTime());
    }
    for (const [index, minutes] of [1, 2, 4, 8, 10].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(minutes * MINUTE);
      expect(waits[index]).toBeLessThan(minutes * 1.25 * MINUTE);
    }
  });

  it('R13: is written where nothing has happened since it was read, when there was no lease', async () => {
    const { dependencies, changes } = scene();
    await recordFailure(dependencies, connectionOf({ nextRefreshAt: inMs(-1) }), failure);
    await recordFailure(dependencies, connectionOf(), failure);
    expect(changes.map(([, condition]) => condition)).toEqual([
      { generation: 3, unleasedAt: NOW, nextRefreshAt: inMs(-1) },
      { generation: 3, unleasedAt: NOW, nextRefreshAt: null },
    ]);
  });

  it('warns of the end that it brings nearer', async () => {
    const refresh = { sealed: new Uint8Array(), issuedAt: NOW, expiresAt: inMs(MINUTE) };
    const { dependencies, changes, told } = scene();
    await settleFailure(dependencies, leasedOf({ refresh }), failure);
    expect(changes[0]?.[2]).toMatchObject({ warnedDays: [7, 3, 1] });
    expect(told).toMatchObject([{ type: 'expiring', data: { lastError: 'PROVIDER_UNAVAILABLE' } }]);
  });

  it('R09: keeps its lease and its attempt where nobody knows what became of the token, and settles those before', async () => {
    const { dependencies, changes } = scene();
    const attempts = [attempt('dead'), attempt('mine')];
    await settleAmbiguous(dependencies, leasedOf({ attempts }), failure);
    await settleAmbiguous(dependencies, leasedOf({ attempts, failures: 9 }), failure);
    const [[name, condition, first] = [], [, , second] = []] = changes;
    expect([name, condition]).toEqual(['c1', { attempt: 'mine' }]);
    expect(first).toMatchObject({ failures: 1, lastError, nextRefreshAt: inMs(LEASE_MS), resolves: ['dead'] });
    expect(first).not.toHaveProperty('releasesLease');
    expect(second?.nextRefreshAt?.getTime()).toBeGreaterThan(inMs(9 * MINUTE).getTime());
  });

  it('is given back without a word when nothing was begun', async () => {
    const { dependencies, changes, told } = scene();
    await giveBack(dependencies, leasedOf());
    expect(changes).toEqual([['c1', { attempt: 'mine' }, { releasesLease: true, resolves: ['mine'] }]]);
    expect(told).toEqual([]);
  });
});

describe('a refresh that is put off', () => {
  const putOff = async (until: number, name = 'c1') => {
    const { dependencies, changes } = scene();
    await postpone(dependencies, connectionOf({ name }), inMs(until));
    return (changes[0]?.[2].nextRefreshAt?.getTime() ?? 0) - NOW.getTime();
  };

  it('R35: comes again after the wait, spread over a quarter of it and a minute at most', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `c${index}`);
    for (const [until, spread] of [
      [1000, 250],
      [10 * MINUTE, MINUTE],
    ] as const) {
      const at = await Promise.all(names.map((name) => putOff(until, name)));
      expect(Math.min(...at)).toBeGreaterThanOrEqual(until);
      expect(Math.max(...at)).toBeLessThanOrEqual(until + spread);
      expect(Math.max(...at) - Math.min(...at)).toBeGreaterThan(spread / 2);
      expect(new Set(at).size).toBeGreaterThan(40);
    }
  });

  it('R35: whose time has come already is not spread', async () => {
    expect(await putOff(-5000)).toBe(-5000);
  });
});

describe('a connection whose fresh tokens are refused', () => {
  const denied = async (change: object) => {
    const { dependencies, ...seen } = scene();
    const settled = await settleDenied(dependencies, connectionOf(change));
    return { settled, ...seen };
  };

  it('is denied access: told once, measured each time', async () => {
    const first = await denied({ rejections: 1, rejectedGeneration: 3 });
    expect(first.settled).toBe(true);
    expect(first.changes).toEqual([
      [
        'c1',
        { generation: 3, unleasedAt: NOW, rejectedGeneration: 3 },
        {
          health: 'access-denied',
          rejections: 2,
          rejectedGeneration: null,
          nextRefreshAt: inMs(5 * MINUTE),
          lastError: {
            code: 'ACCESS_DENIED',
            message: 'The provider refuses tokens that it has just issued',
            at: NOW,
          },
        },
      ],
    ]);
    expect(first.told).toMatchObject([{ type: 'access-denied', severity: 'high', data: { generation: 3 } }]);
    expect(first.metered).toEqual([['AccessDenied', 'Count', 1, { provider: 'acme' }]]);
    for (const rejections of [undefined, 2]) {
      const other = await denied({ rejections });
      expect([other.told, other.metered.length]).toEqual([[], 1]);
      expect(other.changes[0]?.[1]).not.toHaveProperty('rejectedGeneration');
    }
  });
});

describe('a connection that came out of a backup', () => {
  it('is suspect and told once, with the command that mends it', async () => {
    const { dependencies, changes, told, metered } = scene();
    expect(await settleRestored(dependencies, connectionOf(), 9)).toBe(true);
    const [[, condition, change] = []] = changes;
    const message = 'Came out of a backup, it seems: holds generation 3, and 9 was committed';
    expect(condition).toEqual({ generation: 3, unleasedAt: NOW, nextRefreshAt: null });
    expect(change).toEqual({
      health: 'suspect',
      nextRefreshAt: null,
      rejectedGeneration: null,
      lastError: { code: 'SEAL_BROKEN', message, at: NOW },
    });
    const command = 'steward connect c1';
    expect(told).toMatchObject([
      { type: 'suspect', severity: 'high', data: { cause: 'restored', generation: 3, highWater: 9, command } },
    ]);
    expect(metered).toEqual([['SealBroken', 'Count', 1, { provider: 'acme' }]]);
    const tellings = async (now: object, highWater = 9) => {
      const again = scene();
      await settleRestored(again.dependencies, connectionOf(now), highWater);
      return again.told.map(({ id }) => id);
    };
    const known = { health: 'suspect', lastError: { code: 'SEAL_BROKEN', message, at: NOW } };
    expect(await tellings(known)).toEqual([]);
    expect(await tellings({ ...known, health: 'connected' })).toHaveLength(1);
    expect(await tellings({ health: 'suspect' })).toHaveLength(1);
    expect(await tellings({ health: 'suspect', lastError: { ...known.lastError, message: 'x' } })).toHaveLength(1);
    expect(await tellings({}, 10)).not.toEqual(await tellings({}, 9));
  });

  it('is none when it has moved on', async () => {
    const { dependencies, metered } = scene({ settled: false });
    expect(await settleRestored(dependencies, connectionOf(), 9)).toBe(false);
    expect(metered).toEqual([]);
  });
});

describe('a refused refresh token', () => {
  const error = new GrantRejectedError('invalid_grant');
  const deadline = { remainingMs: () => HOUR_MS };
  const decided = (verdict: Verdict) => 'decide' in verdict && verdict.decide(false);

  it('R15: is no matter where another stands by now', async () => {
    for (const found of [undefined, connectionOf({ fingerprint: 'f2' })]) {
      const { dependencies, changes } = scene({ found });
      expect(await judgeRefusal(dependencies, leasedOf(), error, deadline)).toEqual({ outcome: 'superseded' });
      expect(changes).toEqual([['c1', { attempt: 'mine' }, { releasesLease: true, resolves: ['mine'] }]]);
    }
  });

  it('R13: is suspect while another attempt is younger than a lease', async () => {
    const young = [attempt('one', { startedAt: inMs(1 - LEASE_MS) }), attempt('two', { startedAt: inMs(-5) })];
    const { dependencies, changes, told } = scene({ found: connectionOf({ attempts: young }) });
    expect(await judgeRefusal(dependencies, leasedOf(), error, deadline)).toEqual({ outcome: 'suspect' });
    const lookAt = inMs(LEASE_MS - 5);
    expect(afterLeases(young.map(({ startedAt }) => startedAt))).toEqual(lookAt);
    expect(changes).toEqual([
      [
        'c1',
        { attempt: 'mine', fingerprint: 'f1' },
        {
          health: 'suspect',
          rejectedGeneration: null,
          refusedFingerprint: 'f1',
          nextRefreshAt: lookAt,
          releasesLease: true,
          resolves: ['mine'],
          lastError: {
            code: 'GRANT_REJECTED',
            message: 'The refresh token was refused; another request with it was open',
            at: NOW,
          },
        },
      ],
    ]);
    const summary = `c1: its refresh token was refused, and another request with it was open; looking again at ${lookAt.toISOString()}`;
    expect(told).toMatchObject([
      { type: 'suspect', severity: 'medium', summary, data: { cause: 'refused', lookAt: lookAt.toISOString() } },
    ]);
  });

  it('R34: waits for the word on everybody, and is a failure or final then', async () => {
    const found = connectionOf({ attempts: [attempt('old'), attempt('mine', { startedAt: NOW })] });
    for (const [incident, outcome, health] of [
      [true, 'incident', undefined],
      [false, 'reauthorization-required', 'reauthorization-required'],
    ] as const) {
      const { dependencies, changes } = scene({ found });
      const verdict = await judgeRefusal(dependencies, leasedOf(), error, deadline);
      expect([verdict.outcome, changes]).toEqual(['reauthorization-required', []]);
      expect('decide' in verdict && (await verdict.decide(incident))).toBe(outcome);
      expect(changes[0]?.[2].health).toBe(health);
    }
  });

  it('R34: that was refused before waits for the word on everybody again', async () => {
    const { dependencies, changes } = scene();
    const verdict = judgeAgain(dependencies, leasedOf({ refusedFingerprint: 'f1' }), deadline);
    expect('decide' in verdict && (await verdict.decide(true))).toBe('incident');
    expect(changes).toMatchObject([
      ['c1', { attempt: 'mine' }, { failures: 1, lastError: { code: 'GRANT_REJECTED' } }],
    ]);
  });

  it.each([
    [2 * STORE_CALL_MS, 'reauthorization-required'],
    [2 * STORE_CALL_MS - 1, 'suspect'],
  ])(
    'I5: %d ms before the end is %s: time enough to ask the bucket and write it down, or not',
    async (left, outcome) => {
      const { dependencies } = scene();
      expect(await decided(judgeAgain(dependencies, leasedOf(), { remainingMs: () => left }))).toBe(outcome);
    },
  );

  it('is final: told once with the command that mends it', async () => {
    const { dependencies, changes, told, metered } = scene();
    const leased = leasedOf({ attempts: [attempt('old', { fingerprint: 'f0' })] });
    expect(await decided(judgeAgain(dependencies, leased, deadline))).toBe('reauthorization-required');
    expect(changes).toMatchObject([
      [
        'c1',
        { attempt: 'mine', fingerprint: 'f1' },
        {
          health: 'reauthorization-required',
          nextRefreshAt: null,
          rejectedGeneration: null,
          refusedFingerprint: null,
          releasesLease: true,
          resolves: ['mine', 'old'],
          lastError: { code: 'REAUTHORIZATION_REQUIRED', at: NOW },
        },
      ],
    ]);
    const data = { cause: 'refused', command: 'steward connect c1', generation: 3 };
    expect(told).toMatchObject([{ type: 'reauthorization-required', severity: 'critical', data }]);
    expect(changes[0]?.[2].lastError?.message).toBe(told[0]?.summary);
    expect(metered).toEqual([['ReauthorizationRequired', 'Count', 1, { provider: 'acme' }]]);
    const late = scene({ settled: false });
    expect(await decided(judgeAgain(late.dependencies, leasedOf(), deadline))).toBe('superseded');
    expect(late.metered).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['another attempt with it is open', { attempts: [attempt('old')] }, 'ambiguous'],
    ['it was refused before', { refusedFingerprint: 'f1' }, 'refused'],
    ['the provider was silent', { failures: 1, lastError }, 'ambiguous'],
    ['the provider was silent long ago', { failures: 0, lastError }, 'refused'],
    ['it failed otherwise', { failures: 1, lastError: { ...lastError, code: 'CLIENT_REJECTED' } }, 'refused'],
    ['it failed somehow', { failures: 1 }, 'refused'],
    ['an authorization is open', { attempts: [attempt('old', { kind: 'authorization' })] }, 'refused'],
  ])('R09: is told as it may be when %s', async (_, change, cause) => {
    const { dependencies, told } = scene();
    await decided(judgeAgain(dependencies, leasedOf(change), deadline));
    expect(told[0]?.data).toMatchObject({ cause });
  });
});

describe('attempts of dead holders', () => {
  const leased = leasedOf({
    attempts: [
      attempt('a'),
      attempt('mine'),
      attempt('b', { fingerprint: 'f0' }),
      attempt('c', { kind: 'authorization' }),
    ],
  });

  it('R09: are rivals when they spent the very token', () => {
    expect(rivals(leased).map(({ id }) => id)).toEqual(['a']);
  });

  it('R09: are settled by a commit, but for those on a token that stays', () => {
    expect(resolvedBy(leased)).toEqual(['mine', 'a', 'b', 'c']);
    expect(resolvedBy(leased, 'f1')).toEqual(['mine', 'b']);
  });
});

describe('a store that does not give up', () => {
  const failing = (times: number, error: Error = new StoreUnavailableError('busy')) => {
    const waits: number[] = [];
    let calls = 0;
    const ask = async () => {
      calls += 1;
      if (calls <= times) throw error;
      return calls;
    };
    return { ask, waits, wait: async (ms: number) => void waits.push(ms) };
  };

  it('R19: asks four times, with longer waits', async () => {
    const { ask, wait, waits } = failing(3);
    expect(await persistently(ask, wait)).toBe(4);
    expect(waits).toEqual([100, 300, 900]);
    const down = failing(4);
    await expect(persistently(down.ask, down.wait)).rejects.toThrow(StoreUnavailableError);
    const broken = failing(1, new TypeError('a bug'));
    await expect(persistently(broken.ask, broken.wait)).rejects.toThrow(TypeError);
    expect(broken.waits).toEqual([]);
  });

  it('R19: does so for what a lease came to, and for nothing else', async () => {
    const write = (condition: object) => {
      const { ask, wait } = failing(1);
      return persistent({ change: ask } as unknown as ConnectionStore, wait).change('c1', condition, {}, [], NOW);
    };
    expect(await write({ attempt: 'mine' })).toBe(2);
    await expect(write({ generation: 3 })).rejects.toThrow(StoreUnavailableError);
  });
});
