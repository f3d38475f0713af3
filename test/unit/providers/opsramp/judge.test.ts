import { describe, expect, it } from 'vitest';
import type { ServiceErrorCode } from '../../../../functions/core/errors.ts';
import { judge } from '../../../../functions/providers/opsramp/judge.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { NOW, response } from '../../../support/opsramp.ts';

const code = (status: number, body: unknown = ''): ServiceErrorCode | undefined =>
  judge(response(status, body), NOW)?.code;

const refusal = (message: string) => judge(response(500, { message }), NOW);
const throttled = (headers: Record<string, string>) => judge(response(429, '', headers), NOW);
const inSeconds = (seconds: number) => String(NOW.getTime() / 1000 + seconds);

describe('judge', () => {
  it('lets through what can be used, an empty 200 included', () => {
    expect(code(200, { results: [] })).toBeUndefined();
    expect(code(200)).toBeUndefined();
    expect(code(201)).toBeUndefined();
  });

  it.each([
    [407, { error: 'invalid_token', error_description: 'Invalid access token' }, 'ACCESS_TOKEN_REJECTED'],
    [401, { error: 'invalid_token', error_description: 'Invalid access token' }, 'ACCESS_TOKEN_REJECTED'],
    [401, { error: 'unauthorized', error_description: 'Target organization is missing' }, 'PROVIDER_REFUSED'],
    [403, '', 'ACCESS_DENIED'],
    [410, { message: 'No active organization found with id client_9' }, 'ACCESS_DENIED'],
    [429, { error: 'throttled', error_description: 'Too Many Requests' }, 'PROVIDER_RATE_LIMITED'],
    [400, { message: 'Invalid entity received: X' }, 'PROVIDER_REFUSED'],
    [404, '', 'PROVIDER_REFUSED'],
    [405, '', 'PROVIDER_REFUSED'],
    [408, '', 'PROVIDER_UNAVAILABLE'],
    [302, '', 'PROVIDER_RESPONSE_INVALID'],
    [502, '<html><h1>502</h1></html>', 'PROVIDER_UNAVAILABLE'],
    [502, { message: 'Invalid answer of the gateway' }, 'PROVIDER_UNAVAILABLE'],
    [503, '', 'PROVIDER_UNAVAILABLE'],
    [504, '', 'PROVIDER_UNAVAILABLE'],
  ] as const)('judges %i %j as %s', (status, body, expected) => {
    expect(code(status, body)).toBe(expected);
  });

  it.each([
    'Page size should not be greater than 500',
    'Invalid page number',
    'Invalid sortName recieved',
    'No alert found with alert id',
    'No Resource found with id',
    'Resource id should be greater than 0',
    "Failed to convert value of type 'java.lang.String' to required type 'long'",
    'Client id should not be null or empty',
    'Device id required',
    'Entity cannot be null',
    'No Compliance found',
  ])('A22 takes 500 with "%s" for a refusal: sent again it fails again', (message) => {
    expect(code(500, { code: '0003', message })).toBe('PROVIDER_REFUSED');
    expect(code(500, [{ code: '0002', fieldName: 'item', message }])).toBe('PROVIDER_REFUSED');
  });

  it.each(['', '<html><title>Invalid gateway</title></html>', { message: 'Internal server error' }, '{"half":'])(
    'A22 takes 500 with %j for a failure that passes',
    (body) => {
      expect(code(500, body)).toBe('PROVIDER_UNAVAILABLE');
    },
  );

  it('tells a missing object, a page that is too large and an unknown order from other refusals', () => {
    expect(refusal('No alert found with alert id')).toMatchObject({ about: 'object-missing' });
    expect(refusal('Page size should not be greater than 100')).toMatchObject({ about: 'page-size' });
    expect(refusal('Invalid sortName recieved')).toMatchObject({ about: 'sort-name' });
    expect(refusal('Invalid page number')).toMatchObject({ about: 'other' });
  });

  it('E21 reads the reset of the minute, quoted or not, and bounds what a wrong clock would make of it', () => {
    expect(throttled({ 'x-ratelimit-reset': inSeconds(31) })).toMatchObject({ retryAfterMs: 31_000 });
    expect(throttled({ 'x-ratelimit-reset': `"${inSeconds(31)}"` })).toMatchObject({ retryAfterMs: 31_000 });
    expect(throttled({ 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 });
    expect(throttled({ 'x-ratelimit-reset': inSeconds(86_400) })).toMatchObject({ retryAfterMs: 120_000 });
    expect(throttled({ 'x-ratelimit-reset': inSeconds(-5) })).toMatchObject({ retryAfterMs: 1000 });
    expect(throttled({})).toMatchObject({ retryAfterMs: undefined });
    expect(throttled({ 'x-ratelimit-reset': 'soon' })).toMatchObject({ retryAfterMs: undefined });
  });

  it('never repeats a token that an error body repeats', () => {
    const token = '6b4a5f03-7d49-4915-9792-2d964806cbd1';
    for (const status of [400, 401, 403, 407, 410, 500]) {
      const error = judge(response(status, { error_description: `Invalid access token: ${token}` }), NOW);
      expect(error?.message).not.toContain('6b4a5f03');
    }
  });

  it.each([
    [{ message: 'a' }, ': a'],
    [{ message: '', error_description: 'b' }, ': b'],
    [{ description: 'c' }, ': c'],
    [{ detail: 'd' }, ': d'],
    [{ errorMessage: 'e' }, ': e'],
    [{ error: 'f' }, ': f'],
    [['g'], ': g'],
    [[{ message: 'h' }, { message: 'i' }], ': h'],
    [{ message: ' two\r\n\tlines\u0007 ' }, ': two lines'],
    [{ message: 'x'.repeat(160) }, `: ${'x'.repeat(160)}`],
    [{ message: 'x'.repeat(161) }, `: ${'x'.repeat(160)}…`],
    [{ message: 'token 6B4A5F03-7d49-4915-9792-2d964806cbd1 is old' }, ': token … is old'],
    [{ message: 7 }, ''],
    ['null', ''],
    ['[null]', ''],
    ['7', ''],
    ['', ''],
  ])('repeats of %j its reason, in one short line', (body, reason) => {
    expect(judge(response(400, body), NOW)?.message).toBe(`OpsRamp refuses the request (400)${reason}`);
  });

  it.each([
    [299, undefined],
    [300, 'PROVIDER_RESPONSE_INVALID'],
    [199, 'PROVIDER_RESPONSE_INVALID'],
    [399, 'PROVIDER_RESPONSE_INVALID'],
    [425, 'PROVIDER_UNAVAILABLE'],
    [499, 'PROVIDER_REFUSED'],
    [501, 'PROVIDER_UNAVAILABLE'],
  ])('judges %i as %s', (status, expected) => {
    expect(code(status)).toBe(expected);
    if (expected === 'PROVIDER_UNAVAILABLE') expect(judge(response(status, ''), NOW)).toMatchObject({ sent: true });
  });

  it.each([
    'Sort order is not supported',
    'The filter does not exist',
    'No   matching alert found',
    'Id should not be zero',
  ])('A22 takes 500 with "%s" for a refusal, too', (message) => {
    expect(code(500, { message })).toBe('PROVIDER_REFUSED');
  });

  it('says of a refusal whether a permission or the tenant is missing', () => {
    expect(judge(response(403, ''), NOW)?.message).toContain('permission');
    expect(judge(response(410, ''), NOW)?.message).toContain('tenant');
  });

  it('tells of a missing object by its status or its words, and of nothing else', () => {
    expect(judge(response(404, ''), NOW)).toMatchObject({ about: 'object-missing' });
    expect(judge(response(400, { message: 'Piano founded' }), NOW)).toMatchObject({ about: 'other' });
    expect(judge(response(400, { message: 'no alert was foundling' }), NOW)).toMatchObject({ about: 'other' });
    expect(judge(response(400, { message: 'PAGE SIZE' }), NOW)).toMatchObject({ about: 'page-size' });
    expect(judge(response(400, { message: 'bad sort name' }), NOW)).toMatchObject({ about: 'sort-name' });
    const late = judge(response(401, `${' '.repeat(4096)}target organisation is missing`), NOW);
    expect(late?.code).toBe('ACCESS_TOKEN_REJECTED');
    expect(code(401, 'Target organisation is missing')).toBe('PROVIDER_REFUSED');
  });

  it('E21 reads the wait by the clock of the answer, in seconds or milliseconds, and waits one second at least', () => {
    const date = new Date(NOW.getTime() - 20_000).toUTCString();
    expect(throttled({ date, 'x-ratelimit-reset': inSeconds(31) })).toMatchObject({ retryAfterMs: 51_000 });
    expect(throttled({ date: 'today', 'x-ratelimit-reset': inSeconds(31) })).toMatchObject({ retryAfterMs: 31_000 });
    const badDate = 'Xxx, 99 Xxx 2026 99:00:00 GMT';
    expect(throttled({ date: badDate, 'x-ratelimit-reset': inSeconds(31) })).toMatchObject({ retryAfterMs: 31_000 });
    for (const text of [`x${date}`, `${date}x`, `${date}+0100`]) {
      expect(throttled({ date: text, 'x-ratelimit-reset': inSeconds(31) })).toMatchObject({ retryAfterMs: 31_000 });
    }
    expect(throttled({ 'x-ratelimit-reset': `${inSeconds(31)}000` })).toMatchObject({ retryAfterMs: 31_000 });
    // The year 33658 in seconds, 2001 in milliseconds.
    expect(throttled({ 'x-ratelimit-reset': '1000000000000' })).toMatchObject({ retryAfterMs: 120_000 });
    expect(throttled({ 'retry-after': '0.2' })).toMatchObject({ retryAfterMs: 1000 });
    expect(throttled({ 'retry-after': '1.2345' })).toMatchObject({ retryAfterMs: 1235 });
    expect(throttled({ 'retry-after': '7, 9' })).toMatchObject({ retryAfterMs: 7000 });
    for (const text of ['x7', '7x', ''])
      expect(throttled({ 'retry-after': text })).toMatchObject({ retryAfterMs: undefined });
    expect(throttled({ 'retry-after': '600' })).toMatchObject({ retryAfterMs: 120_000 });
  });
});

describe('pausedUntil', () => {
  const paused = (headers: Record<string, string>) => opsramp.pausedUntil?.(response(200, '', headers), NOW)?.getTime();

  it('ends with the minute of which an answer was the last one', () => {
    const reset = inSeconds(31);
    expect(paused({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })).toBe(NOW.getTime() + 31_000);
    expect(paused({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': reset })).toBeUndefined();
    expect(paused({ 'x-ratelimit-reset': reset })).toBeUndefined();
    expect(paused({ 'x-ratelimit-remaining': '0' })).toBeUndefined();
  });
});
