import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { deniedUntil, refreshReason, rejectionsAfter } from '../../../../functions/core/tokens/refresh-reason.ts';
import { FRESH_TOKEN_MS } from '../../../../functions/core/tokens/timing.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const HOUR = 3_600_000;

const access = { sealed: new Uint8Array(), issuedAt: inMs(-HOUR), expiresAt: inMs(HOUR) };

const connectionOf = (change: object = {}) =>
  ({
    name: 'c1',
    health: 'connected',
    fingerprint: 'f1',
    generation: 3,
    attempts: [],
    failures: 0,
    access,
    nextRefreshAt: inMs(HOUR),
    ...change,
  }) as unknown as Connection;

const reason = (change: object = {}) => refreshReason(connectionOf(change), NOW);
const rejected = { rejectedGeneration: 3 };
const authorization = { id: 'a', kind: 'authorization', fingerprint: 'x', startedAt: NOW };

describe('refreshReason()', () => {
  it('is a schedule that has come, from the item alone', () => {
    expect(reason({ nextRefreshAt: NOW })).toBe('due');
    expect(reason({ nextRefreshAt: inMs(1) })).toBe('not-due');
    expect(reason({ nextRefreshAt: undefined })).toBe('not-due');
  });

  it('R13: is none while somebody holds the lease', () => {
    const lease = (until: Date) => ({ nextRefreshAt: NOW, lease: { owner: 'x', until } });
    expect(reason(lease(inMs(1)))).toBe('leased');
    expect(reason(lease(NOW))).toBe('due');
  });

  it.each(['connected', 'suspect', 'access-denied', 'pending'])('may be due when it is %s', (health) => {
    expect(reason({ health, nextRefreshAt: NOW })).toBe('due');
  });

  it.each(['reauthorization-required', 'disconnected'])('is never due when it is %s', (health) => {
    expect(reason({ health, nextRefreshAt: NOW })).toBe('not-due');
  });

  it('R21: looks for what a dead authorization left, once that is due', () => {
    const left = { fingerprint: undefined, health: 'pending', attempts: [authorization], nextRefreshAt: NOW };
    expect(reason(left)).toBe('recover');
    expect(reason({ ...left, health: 'reauthorization-required', fingerprint: 'f1' })).toBe('recover');
    expect(reason({ ...left, nextRefreshAt: inMs(1) })).toBe('not-due');
    expect(reason({ ...left, attempts: [] })).toBe('not-due');
    expect(reason({ ...left, attempts: [{ ...authorization, kind: 'refresh' }] })).toBe('not-due');
    expect(reason({ ...left, attempts: [{ ...authorization, kind: 'refresh' }, authorization] })).toBe('recover');
    expect(reason({ ...left, health: 'disconnected' })).toBe('not-due');
  });

  it('is a rejection of this generation, but for one that waits or is denied already', () => {
    expect(reason(rejected)).toBe('rejected');
    expect(reason({ rejectedGeneration: 2 })).toBe('not-due');
    expect(reason({ ...rejected, health: 'access-denied' })).toBe('not-due');
    expect(reason({ ...rejected, failures: 1 })).toBe('not-due');
    expect(reason({ ...rejected, refusedFingerprint: 'f1' })).toBe('not-due');
    expect(reason({ ...rejected, refusedFingerprint: 'f0' })).toBe('rejected');
  });

  it('is denial when a fresh token is refused that a rejection had asked for', () => {
    const issued = (ago: number) => ({ ...rejected, rejections: 1, access: { ...access, issuedAt: inMs(-ago) } });
    expect(reason(issued(FRESH_TOKEN_MS - 1))).toBe('denied');
    expect(reason(issued(FRESH_TOKEN_MS))).toBe('rejected');
    expect(reason({ ...issued(1), rejections: 0 })).toBe('rejected');
    expect(reason({ ...issued(1), rejections: undefined })).toBe('rejected');
    expect(reason({ ...issued(1), access: undefined })).toBe('rejected');
    expect(reason({ ...issued(1), access: { ...access, issuedAt: inMs(-1), expiresAt: NOW } })).toBe('rejected');
    expect(reason({ ...issued(1), access: { ...access, issuedAt: inMs(-1), expiresAt: inMs(1) } })).toBe('denied');
  });
});

describe('rejectionsAfter()', () => {
  const after = (change: object, why: Parameters<typeof rejectionsAfter>[1] = 'due') =>
    rejectionsAfter(connectionOf(change), why, NOW);

  it('is one when a rejection of a living token asked for it, and no more however often one does', () => {
    expect(after(rejected)).toBe(1);
    expect(after({}, 'rejected')).toBe(1);
    expect(after({ rejections: 1 }, 'rejected')).toBe(1);
    expect(after({ ...rejected, rejections: 1 })).toBe(1);
    expect(after({ ...rejected, rejections: 2 })).toBe(2);
  });

  it('begins anew where nothing was rejected, or the token had run out', () => {
    expect(after({ rejections: 2 })).toBe(0);
    expect(after({ rejections: 2, access: { ...access, expiresAt: NOW } }, 'rejected')).toBe(0);
    expect(after({ rejections: 2, access: undefined }, 'rejected')).toBe(0);
  });

  it('keeps its count while access is denied', () => {
    expect(after({ rejections: 4, health: 'access-denied' })).toBe(4);
  });
});

describe('deniedUntil()', () => {
  const minutes = (rejections?: number) =>
    (deniedUntil(connectionOf({ rejections }), NOW).getTime() - NOW.getTime()) / 60_000;

  it('waits twice as long each time, six hours at most', () => {
    expect([undefined, 0, 1, 2, 3, 4].map(minutes)).toEqual([5, 5, 5, 10, 20, 40]);
    expect([8, 100].map(minutes)).toEqual([360, 360]);
  });
});
