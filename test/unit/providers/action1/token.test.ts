import { describe, expect, it } from 'vitest';
import {
  ClientRejectedError,
  ConfigInvalidError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
} from '../../../../functions/core/errors.ts';
import { action1 } from '../../../../functions/providers/action1/provider.ts';
import { response } from './world.ts';

const { token } = action1;
const settings = action1.parseSettings({ region: 'Europe' });
const credentials = { clientId: 'client', clientSecret: 'canary-secret' };
const good = { access_token: 'a.b-c_d', expires_in: 3600, token_type: 'bearer', refresh_token: 'r' };

describe('Action1 token calls', () => {
  it('posts client credentials as JSON below the API', () => {
    const request = token.request({ type: 'client-credentials' }, settings, credentials);
    expect(request.url.href).toBe('https://app.eu.action1.com/api/3.0/oauth2/token');
    expect(request.method).toBe('POST');
    expect(token.tokenEndpoint(settings)).toEqual(request.url);
    expect(request.headers).toEqual({ accept: 'application/json', 'content-type': 'application/json' });
    expect(JSON.parse(request.body ?? '')).toEqual({ client_id: 'client', client_secret: 'canary-secret' });
  });

  it('knows no other grant', () => {
    const grant = { type: 'refresh-token', refreshToken: 'r', redirectUri: 'https://example.com' } as const;
    expect(() => token.request(grant, settings, credentials)).toThrow(ConfigInvalidError);
  });

  it('leaves the refresh token alone', () => {
    expect(token.reply(response(200, good), settings)).toEqual({ accessToken: 'a.b-c_d', expiresInSeconds: 3600 });
  });

  it('takes a lifetime that is a numeric string, and a token type in any case', () => {
    const reply = token.reply(response(200, { ...good, expires_in: '1800', token_type: 'Bearer' }), settings);
    expect(reply.expiresInSeconds).toBe(1800);
  });

  it.each([
    ['nothing', ''],
    ['no token', { ...good, access_token: '' }],
    ['a token with a line break', { ...good, access_token: 'a\r\nb' }],
    ['another type', { ...good, token_type: 'mac' }],
    ['no lifetime', { ...good, expires_in: undefined }],
    ['a lifetime of nothing', { ...good, expires_in: 0 }],
    ['a lifetime of more than digits', { ...good, expires_in: '1e3' }],
    ['a lifetime without end', { ...good, expires_in: 1e12 }],
  ])('refuses an answer with %s', (_what, body) => {
    expect(() => token.reply(response(200, body), settings)).toThrow(ProviderResponseInvalidError);
  });

  it.each([201, 302, 404])('takes no token from %i', (status) => {
    expect(() => token.reply(response(status, good), settings)).toThrow(ProviderResponseInvalidError);
  });

  it.each([400, 401, 403])('takes %i, with and without a body, for our own credentials', (status) => {
    for (const body of ['', { user_message: '' }, { user_message: 'Wrong.' }]) {
      expect(() => token.reply(response(status, body), settings)).toThrow(ClientRejectedError);
      expect(() => token.reply(response(status, body), settings)).toThrow('region');
    }
  });

  it('passes on what is the provider’s own', () => {
    expect(() => token.reply(response(429, { details: { retry_after: 7 } }), settings)).toThrow(
      ProviderRateLimitedError,
    );
    const date = 'Mon, 01 Jun 2026 00:00:00 GMT';
    const until = { date, 'retry-after': 'Mon, 01 Jun 2026 00:00:10 GMT' };
    expect(() => token.reply(response(429, '', until), settings)).toThrow(
      expect.objectContaining({ retryAfterMs: 10_000 }) as Error,
    );
    for (const status of [408, 500, 503]) {
      expect(() => token.reply(response(status), settings)).toThrow(
        expect.objectContaining({ name: 'ProviderUnavailableError', sent: true }) as Error,
      );
    }
    expect(() => token.reply(response(200, '<p>', { 'content-type': 'text/html' }), settings)).toThrow(
      ProviderUnavailableError,
    );
  });

  it('counts token calls in the one budget of the enterprise', () => {
    expect(action1.grant).toBe('client-credentials');
    expect(action1.tokenBudget).toBe('default');
    expect(action1.budgets.default.perMinute).toBeLessThan(30);
  });
});
