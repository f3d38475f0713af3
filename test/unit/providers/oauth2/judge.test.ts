import { describe, expect, it } from 'vitest';
import { judge } from '../../../../functions/providers/oauth2/judge.ts';
import { NOW, open, readList, response } from './harness.ts';

const codeOf = (status: number, headers = {}) => judge(response(status, '', headers), NOW)?.code;

describe('judge', () => {
  it.each([
    [200, undefined],
    [204, undefined],
    [301, 'PROVIDER_RESPONSE_INVALID'],
    [400, 'PROVIDER_REFUSED'],
    [401, 'ACCESS_TOKEN_REJECTED'],
    [403, 'ACCESS_DENIED'],
    [404, 'PROVIDER_REFUSED'],
    [408, 'PROVIDER_UNAVAILABLE'],
    [429, 'PROVIDER_RATE_LIMITED'],
    [500, 'PROVIDER_UNAVAILABLE'],
    [503, 'PROVIDER_UNAVAILABLE'],
  ])('%i is %s', (status, code) => {
    expect(codeOf(status)).toBe(code);
  });

  it('a 403 that says when to come again is a limit', () => {
    expect(codeOf(403, { 'retry-after': '30' })).toBe('PROVIDER_RATE_LIMITED');
  });

  it('401 asks for a refresh of that very token, and 429 blocks the budget for as long as it said', async () => {
    const harness = await open({ collections: { things: [] }, limited: 1, retryAfterSeconds: 9 });
    const recipe = { path: 'none/things', rows: 'data' };
    await expect(readList(harness, recipe)).rejects.toThrow(/429/u);
    expect(harness.blocked).toEqual([new Date(NOW.getTime() + 9000)]);
    harness.control.expireAccessTokens();
    await expect(readList(harness, recipe)).rejects.toThrow(/401/u);
    expect(harness.rejected).toEqual([1]);
  });
});
