import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../../functions/core/connections/connection.ts';
import { createConnectionEvents } from '../../../../functions/core/tokens/connection-events.ts';
import { expiryWarning } from '../../../../functions/core/tokens/expiry-warning.ts';
import type { RefreshOutcome } from '../../../../functions/core/tokens/refresh-result.ts';
import { replyEvents, refusedText } from '../../../../functions/core/tokens/reply-events.ts';
import { createSoonestExpiry, expiryOf } from '../../../../functions/core/tokens/soonest-expiry.ts';
import { tokenProvider } from '../../../support/token-provider.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const DAY = 86_400_000;
const HOUR = 3_600_000;
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const events = createConnectionEvents('test');

const connectionOf = (left: number | undefined, change: object = {}) =>
  ({
    name: 'c1',
    provider: 'acme',
    warnedDays: [],
    fingerprint: 'f1',
    ...(left === undefined ? {} : { refresh: { sealed: new Uint8Array(), issuedAt: NOW, expiresAt: inMs(left) } }),
    ...change,
  }) as unknown as Connection;

describe('expiryWarning()', () => {
  const warned = (left: number | undefined, change: object = {}) => {
    const { change: noted, rows } = expiryWarning(connectionOf(left, change), events, NOW);
    return [noted.warnedDays, ...rows.map(({ event }) => [event.data.daysLeft, event.severity])];
  };

  it('is given at seven, three and one days, each to the millisecond', () => {
    expect(warned(7 * DAY + 1)).toEqual([undefined]);
    expect(warned(7 * DAY)).toEqual([[7], [7, 'medium']]);
    expect(warned(3 * DAY + 1, { warnedDays: [7] })).toEqual([undefined]);
    expect(warned(3 * DAY, { warnedDays: [7] })).toEqual([
      [7, 3],
      [3, 'medium'],
    ]);
    expect(warned(DAY, { warnedDays: [7, 3] })).toEqual([
      [7, 3, 1],
      [1, 'high'],
    ]);
    expect(warned(1, { warnedDays: [7, 3, 1] })).toEqual([undefined]);
  });

  it('is given once for several that passed, and not after the end or without a token that ends', () => {
    expect(warned(DAY)).toEqual([
      [7, 3, 1],
      [1, 'high'],
    ]);
    expect(warned(1)).toEqual([
      [7, 3, 1],
      [1, 'high'],
    ]);
    expect(warned(0)).toEqual([undefined]);
    expect(warned(undefined)).toEqual([undefined]);
  });

  it('says until when, what went wrong last, and is another one for each token', () => {
    const told = (change: object = {}) => expiryWarning(connectionOf(DAY, change), events, NOW).rows[0]?.event;
    expect(told()).toMatchObject({
      type: 'steward.connection.expiring',
      summary: 'c1 will have to be authorized again in a day unless a refresh succeeds',
      data: { daysLeft: 1, expiresAt: inMs(DAY).toISOString(), assumed: true },
    });
    expect(told()?.data).not.toHaveProperty('lastError');
    expect(told({ lastError: { code: 'CLIENT_REJECTED' } })?.data).toMatchObject({ lastError: 'CLIENT_REJECTED' });
    const [seven] = expiryWarning(connectionOf(7 * DAY), events, NOW).rows;
    expect(seven?.event.summary).toContain('in 7 days');
    const ids = [told(), told({ fingerprint: 'f2' }), told({ fingerprint: undefined }), seven?.event];
    expect(new Set(ids.map((event) => event?.id)).size).toBe(4);
    expect(told()?.id).toBe(told()?.id);
  });
});

describe('the soonest end', () => {
  const result = (left: number, provider = 'acme') => ({
    name: 'c1',
    outcome: 'refreshed' as const,
    provider,
    refreshExpiresAt: inMs(left),
  });
  const measured = (notes: readonly [number, RefreshOutcome, string?][]) => {
    const soonest = createSoonestExpiry();
    for (const [left, outcome, provider] of notes) soonest.note(result(left, provider), outcome);
    const metered: unknown[][] = [];
    soonest.measure({ add: (...given) => void metered.push(given) }, NOW);
    return metered;
  };

  it('is told in whole hours for each provider that was seen', () => {
    expect(
      measured([
        [50 * HOUR - 1, 'failed'],
        [60 * HOUR, 'refreshed'],
        [2 * HOUR, 'refreshed', 'other'],
        [-HOUR, 'failed', 'late'],
      ]),
    ).toEqual([
      ['SoonestRefreshTokenExpiryHours', 'Count', 49, { provider: 'acme' }],
      ['SoonestRefreshTokenExpiryHours', 'Count', 2, { provider: 'other' }],
      ['SoonestRefreshTokenExpiryHours', 'Count', 0, { provider: 'late' }],
    ]);
  });

  it.each(['merged', 'superseded', 'reauthorization-required', 'gone'] as const)(
    'is none of a token that is gone: %s',
    (outcome) => expect(measured([[HOUR, outcome]])).toEqual([]),
  );

  it('is none where there is no token, or nobody’s', () => {
    expect(expiryOf(undefined)).toEqual({});
    expect(expiryOf({ sealed: new Uint8Array(), issuedAt: NOW, expiresAt: NOW })).toEqual({ refreshExpiresAt: NOW });
    const soonest = createSoonestExpiry();
    soonest.note({ name: 'c1', outcome: 'failed', provider: 'acme' }, 'failed');
    soonest.note({ name: 'c1', outcome: 'failed', refreshExpiresAt: NOW }, 'failed');
    const metered: unknown[] = [];
    soonest.measure({ add: (name) => void metered.push(name) }, NOW);
    expect(metered).toEqual([]);
  });
});

describe('replyEvents()', () => {
  const provider = tokenProvider('acme');
  const told = (connection: object, reply: object) => {
    const lines: unknown[] = [];
    const note = (event: string, fields: object = {}) => void lines.push([event, fields]);
    const leased = { connection: connectionOf(DAY, connection), provider, generation: 4 };
    const rows = replyEvents(
      { events, log: { info: note, warn: note, error: note } },
      leased as never,
      { accessToken: 'a', expiresInSeconds: 60, ...reply },
      NOW,
    );
    return { lines, events: rows.map(({ event }) => event) };
  };

  it('S75: tells what was refused, once while it lasts, and logs it each time', () => {
    const refused = { refused: ['api-endpoint', 'form'] as const };
    const first = told({}, refused);
    expect(first.events).toMatchObject([
      {
        type: 'steward.connection.reply-refused',
        severity: 'high',
        summary: `c1 was refreshed, but ${refusedText(provider, { ...refused } as never)}; what was stored before stays`,
        data: { members: ['api-endpoint', 'form'] },
      },
    ]);
    expect(first.events[0]?.data).not.toHaveProperty('kept');
    expect(first.lines).toHaveLength(1);
    const kept = told({ apiEndpoint: 'https://acme.example/' }, refused);
    expect(kept.events[0]?.data).toMatchObject({ kept: 'https://acme.example/' });
    const again = told({ lastError: { code: 'REPLY_REFUSED' } }, refused);
    expect([again.events.length, again.lines.length]).toEqual([0, 1]);
    expect(told({ lastError: { code: 'OTHER' } }, refused).events).toHaveLength(1);
  });

  it('S75: puts each member into words', () => {
    const words = (...refused: readonly string[]) => refusedText(provider, { refused } as never);
    expect(words('api-endpoint')).toBe(`${provider.title} named an API address that is not one of its own`);
    expect(words('account', 'form')).toBe(
      `${provider.title} named another account than the settings name and something in its token reply that cannot be used`,
    );
    expect(refusedText(provider, {} as never)).toBe(`${provider.title} named `);
  });

  it('S75: tells that the API moved, and nothing where it stayed or was not known', () => {
    const from = 'https://acme.example/';
    const to = 'https://eu.acme.example/';
    expect(told({ apiEndpoint: from }, { apiEndpoint: to }).events).toMatchObject([
      {
        type: 'steward.connection.endpoint-changed',
        severity: 'medium',
        summary: `The API of c1 moved from ${from} to ${to}`,
        data: { from, to },
      },
    ]);
    expect(told({ apiEndpoint: from }, { apiEndpoint: from })).toEqual({ lines: [], events: [] });
    expect(told({}, { apiEndpoint: to })).toEqual({ lines: [], events: [] });
    expect(told({ apiEndpoint: from }, {})).toEqual({ lines: [], events: [] });
  });
});
