import { describe, expect, it } from 'vitest';
import {
  ClientRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  UsageError,
} from '../../../../functions/core/errors.ts';
import { opsramp } from '../../../../functions/providers/opsramp/provider.ts';
import { response } from '../../../support/opsramp.ts';

const settings = opsramp.parseSettings({ host: 'acme.api.opsramp.com', tenantId: 'client_14' });
const credentials = { clientId: 'key&1', clientSecret: 's+cret=' };
const good = {
  access_token: '6b4a5f03-7d49-4915-9792-2d964806cbd1',
  token_type: 'bearer',
  expires_in: 7199,
  scope: 'global:manage',
};
const reply = (status: number, body: unknown, headers?: Record<string, string>) =>
  opsramp.token.reply(response(status, body, headers), settings);

describe('token request', () => {
  it('sends the credentials in the encoded body, never in a header or the URL', () => {
    const request = opsramp.token.request({ type: 'client-credentials' }, settings, credentials);

    expect(request.method).toBe('POST');
    expect(request.url.href).toBe('https://acme.api.opsramp.com/tenancy/auth/oauth/token');
    expect(request.body).toBe('grant_type=client_credentials&client_id=key%261&client_secret=s%2Bcret%3D');
    expect(request.headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
  });

  it('knows no other grant', () => {
    expect(opsramp.grant).toBe('client-credentials');
    const grant = { type: 'refresh-token', refreshToken: 'r', redirectUri: 'https://x.example/' } as const;
    expect(() => opsramp.token.request(grant, settings, credentials)).toThrow(UsageError);
  });
});

describe('token reply', () => {
  it.each([
    ['a number', 7199, 7199],
    ['a string', ' 7199 ', 7199],
    ['a fraction', '7199.25', 7199.25],
  ])('takes expires_in as %s', (_what, expires_in, expiresInSeconds) => {
    expect(reply(200, { ...good, expires_in })).toEqual({
      accessToken: good.access_token,
      expiresInSeconds,
      scopes: ['global:manage'],
    });
  });

  it('tells scopes apart by commas and spaces', () => {
    expect(reply(200, { ...good, scope: ' a, b  c,' }).scopes).toEqual(['a', 'b', 'c']);
    expect(reply(200, { ...good, scope: undefined })).not.toHaveProperty('scopes');
  });

  it('believes a token that has three seconds left, and asks again for one that has none', () => {
    expect(reply(200, { ...good, expires_in: 3 }).expiresInSeconds).toBe(3);
    expect(() => reply(200, { ...good, expires_in: 0 })).toThrow(ProviderUnavailableError);
    expect(() => reply(200, { ...good, expires_in: 0 })).toThrow(expect.objectContaining({ sent: true }));
    expect(() => reply(200, { ...good, expires_in: '-4' })).toThrow(ProviderUnavailableError);
  });

  it.each([
    ['HTML', '<html>', 'body'],
    ['no token', { expires_in: 7199 }, 'access_token'],
    ['no life', { access_token: good.access_token }, 'expires_in'],
    ['another token type', { ...good, token_type: 'mac' }, 'token_type'],
    ['a token with a line break', { ...good, access_token: 'abcdefgh\r\nx: y' }, 'access_token'],
    ['a token after a line break', { ...good, access_token: 'x\nabcdefgh' }, 'access_token'],
    ['a life that is no number', { ...good, expires_in: 'soon' }, 'expires_in'],
    ['a life that is no count of seconds', { ...good, expires_in: '1e5' }, 'expires_in'],
  ])('R11 refuses a reply with %s', (_what, body, field) => {
    expect(() => reply(200, body)).toThrow(ProviderResponseInvalidError);
    expect(() => reply(200, body)).toThrow(new RegExp(`: ${field}$`, 'u'));
  });

  it.each([
    [401, { error: 'unauthorized', error_description: 'Bad API credentials' }],
    [400, { error: 'unsupported_grant_type', error_description: 'Unsupported grant type: user_password' }],
    [400, { error: 'invalid_client' }],
    [400, { error: 'invalid_scope' }],
    [400, { error: 'Unauthorized' }],
    [400, { error: 'unauthorized_client' }],
    [403, ''],
    [410, ''],
  ])('R33 takes %i %j for our own credentials being refused', (status, body) => {
    expect(() => reply(status, body)).toThrow(ClientRejectedError);
  });

  it.each([
    [400, ''],
    [407, 'Invalid Credentials'],
    [408, ''],
    [500, '<html>'],
    [500, { error: 'invalid_client' }],
    [502, '<html>'],
    [503, ''],
  ])('I6 takes %i %j for something that passes', (status, body) => {
    const failing = () => reply(status, body);
    expect(failing).toThrow(ProviderUnavailableError);
    expect(failing).toThrow(expect.objectContaining({ sent: true, retryable: true }));
  });

  it('waits as long as the reset says, by the clock of the answer', () => {
    const headers = {
      date: 'Tue, 10 Mar 2026 12:00:20 GMT',
      'x-ratelimit-reset': `"${Date.UTC(2026, 2, 10, 12, 1) / 1000}"`,
    };
    const failing = () => reply(429, { error: 'throttled' }, headers);
    expect(failing).toThrow(ProviderRateLimitedError);
    expect(failing).toThrow(expect.objectContaining({ retryAfterMs: 40_000 }));
    const undated = () => reply(429, '', { 'x-ratelimit-reset': headers['x-ratelimit-reset'] });
    expect(undated).toThrow(ProviderRateLimitedError);
    expect(undated).toThrow(expect.objectContaining({ retryAfterMs: undefined }));
  });

  it.each([301, 404, 405])('takes %i for a wrong host or path', (status) => {
    expect(() => reply(status, '')).toThrow(/tokenPath/u);
  });

  it('repeats nothing of a reply in an error', () => {
    const bodies = [
      { ...good, expires_in: 'x' },
      { error: 'unauthorized', error_description: good.access_token },
    ];
    for (const [status, body] of [[200, bodies[0]] as const, [401, bodies[1]] as const, [500, bodies[1]] as const]) {
      expect(() => reply(status, body)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('6b4a5f03') }),
      );
    }
  });
});
