import { describe, expect, it } from 'vitest';
import {
  ClientRejectedError,
  GrantRejectedError,
  ProviderRateLimitedError,
  ProviderResponseInvalidError,
  ProviderUnavailableError,
  UsageError,
} from '../../../../functions/core/errors.ts';
import { oauth2, oauth2Client } from '../../../../functions/providers/oauth2/provider.ts';
import { response, SETTINGS } from './harness.ts';

const settings = oauth2.parseSettings({
  ...SETTINGS,
  authorizeUrl: 'https://login.vendor.example/oauth2/authorize',
  tokenParameters: { audience: 'https://api.vendor.example' },
  assumedRefreshTokenDays: 60,
});
const credentials = { clientId: 'id with:colon', clientSecret: 'sécret+/%' };
const formOf = (body: string | undefined) => Object.fromEntries(new URLSearchParams(body));

describe('token requests', () => {
  it('authenticate by Basic, both halves form-encoded (RFC 6749 2.3.1)', () => {
    const { headers, body } = oauth2.token.request(
      { type: 'refresh-token', refreshToken: 'r1', redirectUri: 'https://steward.example/callback' },
      settings,
      credentials,
    );
    const [, encoded = ''] = (headers?.['authorization'] ?? '').split(' ');
    expect(Buffer.from(encoded, 'base64').toString()).toBe('id+with%3Acolon:s%C3%A9cret%2B%2F%25');
    expect(formOf(body)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r1',
      audience: 'https://api.vendor.example',
    });
  });

  it('authenticate in the body where the file says so', () => {
    const posted = { ...settings, clientAuthentication: 'post', scopes: ['a', 'b'] };
    const { headers, body } = oauth2Client.token.request({ type: 'client-credentials' }, posted, credentials);
    expect(headers).not.toHaveProperty('authorization');
    expect(formOf(body)).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'a b',
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
    });
  });

  it('exchange a code with its proof and its redirect URI', () => {
    const grant = {
      type: 'authorization-code',
      code: 'c',
      redirectUri: 'https://s.example/cb',
      codeVerifier: 'v',
    } as const;
    expect(formOf(oauth2.token.request(grant, settings, credentials).body)).toMatchObject({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: 'https://s.example/cb',
      code_verifier: 'v',
    });
  });

  it('a provider is for one grant', () => {
    expect(() => oauth2.token.request({ type: 'client-credentials' }, settings, credentials)).toThrow(UsageError);
    const code = { type: 'authorization-code', code: 'c', redirectUri: 'x' } as const;
    expect(() => oauth2Client.token.request(code, settings, credentials)).toThrow(UsageError);
  });
});

describe('token replies', () => {
  const good = { access_token: 'a', token_type: 'Bearer', expires_in: 3600 };
  const reply = (body: unknown, status = 200, headers = {}) =>
    oauth2.token.reply(response(status, body, headers), settings);

  it('are read', () => {
    expect(reply({ ...good, refresh_token: 'r', scope: 'a b' })).toEqual({
      accessToken: 'a',
      expiresInSeconds: 3600,
      refreshToken: 'r',
      scopes: ['a', 'b'],
    });
    expect(reply({ ...good, expires_in: '900' }).expiresInSeconds).toBe(900);
  });

  it('RFC 6749 5.1: without a life of their own get the one that the file assumes', () => {
    expect(reply({ access_token: 'a', token_type: 'bearer' }).expiresInSeconds).toBe(1800);
  });

  it('say of no refresh token how long it lives: the file does', () => {
    expect(oauth2.token.assumedRefreshTokenLifetimeMs?.(settings)).toBe(60 * 86_400_000);
    expect(oauth2Client.token.assumedRefreshTokenLifetimeMs?.(settings)).toBeUndefined();
  });

  it.each([
    [{ error: 'invalid_grant' }, 400, GrantRejectedError],
    [{ error: 'invalid_grant' }, 200, GrantRejectedError],
    [{ error: 'invalid_client' }, 401, ClientRejectedError],
    [{ error: 'unauthorized_client' }, 400, ClientRejectedError],
    ['', 401, ClientRejectedError],
    [{ error: 'temporarily_unavailable' }, 400, ProviderUnavailableError],
    [{ error: 'invalid_grant' }, 503, ProviderUnavailableError],
    [{ error: 'invalid_grant' }, 429, ProviderRateLimitedError],
    [{ error: 'invalid_scope' }, 400, ProviderResponseInvalidError],
    ['<html>', 200, ProviderResponseInvalidError],
    ['', 302, ProviderResponseInvalidError],
    [{ ...good, token_type: 'mac' }, 200, ProviderResponseInvalidError],
    [{ ...good, expires_in: 'soon' }, 200, ProviderResponseInvalidError],
    ['{"access_token":"a","access_token":"b","token_type":"bearer"}', 200, ProviderResponseInvalidError],
  ])('%j with %i is a failure of its own kind', (body, status, kind) => {
    expect(() => reply(body, status)).toThrow(kind);
  });

  it('repeat no text of the server’s', () => {
    expect(() => reply({ error: 'canary-text' }, 400)).toThrow(/an unknown error/u);
  });

  it('obey Retry-After', () => {
    expect(() => reply('', 429, { 'retry-after': '7' })).toThrow(
      expect.objectContaining({ retryAfterMs: 7000 }) as Error,
    );
  });

  it.each([
    [{ access_token: 5, token_type: 'bearer' }, /: access_token$/u],
    ['[]', /none of RFC 6749: /u],
    ['<html>', /none of RFC 6749: body$/u],
    [{ ...good, expires_in: '1234567890' }, /: expires_in$/u],
    [{ ...good, expires_in: 'x12' }, /: expires_in$/u],
    [{ ...good, expires_in: '12x' }, /: expires_in$/u],
  ])('%j names what is wrong with it', (body, message) => {
    expect(() => reply(body)).toThrow(message);
  });

  it.each([
    [{ error: 'server_error' }, 400],
    [{ error: 'temporarily_unavailable' }, 400],
    ['', 500],
    ['', 408],
  ])('%j with %i was sent, and may be asked again', (body, status) => {
    expect(() => reply(body, status)).toThrow(ProviderUnavailableError);
    expect(() => reply(body, status)).toThrow(expect.objectContaining({ sent: true }));
  });

  it.each(['invalid_request', 'invalid_scope', 'unsupported_grant_type'])('may repeat %s', (error) => {
    expect(() => reply({ error }, 400)).toThrow(error);
  });

  it('come with 200 or 201 and nothing else', () => {
    expect(reply(good, 201).accessToken).toBe('a');
    for (const status of [202, 204, 302, 404]) expect(() => reply(good, status)).toThrow(/is tokenUrl right/u);
  });

  it('may leave out what is optional, or be empty there', () => {
    const bare = { accessToken: 'a', expiresInSeconds: 3600 };
    expect(reply({ ...good, refresh_token: '', scope: '' })).toStrictEqual(bare);
    expect(reply({ ...good, refresh_token: null, scope: null })).toStrictEqual(bare);
    expect(reply({ ...good, expires_in: null }).expiresInSeconds).toBe(1800);
    expect(reply({ ...good, scope: ' a,  b ' }).scopes).toEqual(['a', 'b']);
  });
});

describe('the form of a token request', () => {
  const asked = (changes: object, grant: Parameters<typeof oauth2.token.request>[0]) =>
    (grant.type === 'client-credentials' ? oauth2Client : oauth2).token.request(
      grant,
      { ...settings, tokenParameters: {}, ...changes },
      credentials,
    );

  it('has the scopes of a client, and no others', () => {
    const client = { type: 'client-credentials' } as const;
    expect(formOf(asked({ scopes: ['a', 'b'] }, client).body)).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
    });
    expect(formOf(asked({ scopes: [] }, client).body)).toEqual({ grant_type: 'client_credentials' });
    const refresh = { type: 'refresh-token', refreshToken: 'r', redirectUri: 'x' } as const;
    expect(formOf(asked({ scopes: ['a'] }, refresh).body)).toEqual({ grant_type: 'refresh_token', refresh_token: 'r' });
    const code = { type: 'authorization-code', code: 'c', redirectUri: 'x' } as const;
    expect(formOf(asked({ scopes: ['a'] }, code).body)).toEqual({
      grant_type: 'authorization_code',
      code: 'c',
      redirect_uri: 'x',
    });
  });

  it('is posted as a form, for JSON', () => {
    const request = asked({ clientAuthentication: 'post' }, { type: 'client-credentials' });
    expect(request).toMatchObject({ method: 'POST', url: new URL(SETTINGS.tokenUrl) });
    expect(request.headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
  });
});
